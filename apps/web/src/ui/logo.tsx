import type { ReactNode } from 'react';

/** A wave that breaks at a calm line of water. */
export function Logo(): ReactNode {
  return (
    <svg className="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" className="logo-ground" />
      <path className="logo-wave" d="M6 16.5C8.5 8.6 16 6 21 9.4c3.2 2.2 2.8 6.6-.4 7.1c-2.4.4-3.6-2-2.2-3.5" />
      <path className="logo-sea" d="M5 22c2.2 0 2.2-1.8 4.4-1.8s2.2 1.8 4.4 1.8s2.2-1.8 4.4-1.8s2.2 1.8 4.4 1.8s2.2-1.8 4.4-1.8" />
    </svg>
  );
}
