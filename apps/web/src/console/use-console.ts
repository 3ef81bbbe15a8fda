import { systemRandom } from '@breakwater/kernel';
import { type RefObject, useCallback, useEffect, useEffectEvent, useRef, useState } from 'react';
import { toSocketUrl } from '../api/base-path.ts';
import { type MachineId, openConsole } from '../api/portal.ts';
import { useServices } from '../app/services.ts';
import { type ConsoleSession, type ConsoleState, createConsoleSession } from './console-session.ts';
import { openScreenLink, type ScreenLink } from './screen-link.ts';

export interface ConsoleHandle {
  readonly state: ConsoleState;
  /** The screen while it is connected. */
  readonly screen: ScreenLink | null;
  readonly restart: () => void;
  readonly end: (reason: 'closed' | 'off') => void;
}

/** One console for as long as the page is open. Changing `viewOnly` opens another session: the server enforces it. */
export function useConsole(options: {
  readonly machine: MachineId;
  readonly viewOnly: 'yes' | 'no';
  readonly scale: 'fit' | 'full';
  readonly label: string;
  readonly describedBy: string;
  readonly target: RefObject<HTMLElement | null>;
  readonly still: RefObject<HTMLCanvasElement | null>;
  readonly isReady: boolean;
}): ConsoleHandle {
  const { clock } = useServices();
  const { viewOnly, target, still, isReady } = options;
  const { server_id, moid } = options.machine;
  const [state, setState] = useState<ConsoleState>({ kind: 'opening' });
  const [screen, setScreen] = useState<ScreenLink | null>(null);
  const session = useRef<ConsoleSession | null>(null);
  const readLatest = useEffectEvent(() => ({ label: options.label, describedBy: options.describedBy, scale: options.scale }));

  useEffect(() => {
    if (!isReady) return;
    let isWanted = true;
    const own = createConsoleSession({
      clock,
      random: systemRandom,
      openTicket: ({ signal }) => openConsole({ server_id, moid }, { viewOnly: viewOnly === 'yes', signal }),
      connect(ticket, events) {
        if (target.current === null || still.current === null) throw new Error('the console has no place on the page');
        const { label, describedBy, scale } = readLatest();
        const link = openScreenLink({
          ...events,
          target: target.current,
          still: still.current,
          url: toSocketUrl(ticket.ws_path),
          label,
          describedBy,
          scale,
          viewOnly: ticket.view_only ? 'yes' : 'no',
          onConnect() {
            events.onConnect();
            if (!isWanted) return;
            setScreen(link);
            link.focus();
          },
        });
        return link;
      },
      onState(next) {
        if (!isWanted) return;
        setState(next);
        if (next.kind !== 'connected') setScreen(null);
      },
    });
    session.current = own;
    own.start();
    return () => {
      isWanted = false;
      own.end('closed');
      session.current = null;
      setScreen(null);
    };
  }, [clock, server_id, moid, viewOnly, target, still, isReady]);

  useEffect(() => screen?.setScale(options.scale), [screen, options.scale]);

  const restart = useCallback(() => session.current?.start(), []);
  const end = useCallback((reason: 'closed' | 'off') => session.current?.end(reason), []);
  return { state, screen, restart, end };
}
