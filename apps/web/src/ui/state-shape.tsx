import type { PowerState, ServerState } from '@breakwater/contract';
import type { ReactNode } from 'react';

/** One shape per state, so that nobody has to tell colours apart. 16 x 16; filled unless listed as outline. */
const SERVER_SHAPES: Readonly<Record<ServerState, ReactNode>> = {
  live: <circle cx="8" cy="8" r="5.5" />,
  slow: (
    <>
      <circle cx="8" cy="8" r="5" className="outline" />
      <path d="M8 3a5 5 0 0 0 0 10z" />
    </>
  ),
  stale: (
    <>
      <circle cx="8" cy="8" r="5" className="outline" />
      <path d="M3 8a5 5 0 0 0 10 0z" />
    </>
  ),
  connecting: <path className="outline" d="M13 8a5 5 0 1 1-5-5" />,
  unreachable: <path className="outline bold" d="M4 4l8 8M12 4l-8 8" />,
  paused: <path d="M4 3h3v10H4zM9 3h3v10H9z" />,
  disabled: <rect x="3.5" y="3.5" width="9" height="9" rx="1.5" className="outline" />,
  sign_in_failed: <path className="outline" d="M7.8 6.2a3 3 0 1 0-4.2 4.2a3 3 0 0 0 4.2-4.2M8.5 6.5L13.5 2.5M11 4.5l2 2" />,
  certificate_untrusted: <path className="outline" d="M8 2L3 4v4c0 3 2 5 5 6c3-1 5-3 5-6V4zM8 5.5V9M8 11v.01" />,
  certificate_changed: <path className="outline" d="M8 2.5L1.5 13.5h13zM8 6.5v3.5M8 11.8v.01" />,
};

const POWER_SHAPES: Readonly<Record<PowerState, ReactNode>> = {
  poweredOn: <path d="M4.5 3v10l8.5-5z" />,
  poweredOff: <rect x="4" y="4" width="8" height="8" rx="1" className="outline" />,
  suspended: <path d="M4.5 3.5h2.5v9H4.5zM9 3.5h2.5v9H9z" />,
  unknown: <path className="outline" d="M6 6a2 2 0 1 1 2.8 1.9C8.3 8.2 8 8.6 8 9.2V10M8 12.3v.01" />,
};

export function ServerShape({ state }: { readonly state: ServerState }): ReactNode {
  return (
    <svg className={`shape server-${state}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {SERVER_SHAPES[state]}
    </svg>
  );
}

export function PowerShape({ state }: { readonly state: PowerState }): ReactNode {
  return (
    <svg className={`shape power-${state}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {POWER_SHAPES[state]}
    </svg>
  );
}
