import RFB from '@novnc/novnc';
import type { ConsoleLink } from './console-session.ts';
import { KEYSYMS, type Keystroke } from './key-layouts.ts';

/** The console's screen inside an element of ours. */
export interface ScreenLink extends ConsoleLink {
  readonly setScale: (scale: 'fit' | 'full') => void;
  readonly focus: () => void;
  readonly pressKeys: (keys: readonly (readonly [keysym: number, code: string])[]) => void;
  readonly holdKey: (key: readonly [keysym: number, code: string], direction: 'down' | 'up') => void;
  readonly type: (stroke: Keystroke) => void;
  readonly tap: (keysym: number) => void;
  /** For leaving by a key chord: the machine would think that its keys are still held. */
  readonly releaseModifiers: () => void;
  readonly takePicture: () => Promise<Blob | null>;
}

export interface ScreenLinkOptions {
  readonly target: HTMLElement;
  /** Gets the last frame when the connection is lost, because noVNC removes its own. */
  readonly still: HTMLCanvasElement;
  readonly url: string;
  readonly label: string;
  readonly describedBy: string;
  readonly viewOnly: 'yes' | 'no';
  readonly scale: 'fit' | 'full';
  readonly onConnect: () => void;
  readonly onDisconnect: () => void;
  readonly onRefused: (reason: string) => void;
}

export function openScreenLink(options: ScreenLinkOptions): ScreenLink {
  const { target, still } = options;
  const socket = new WebSocket(options.url, ['binary']);
  // Registered before noVNC's own handlers: after them the last frame is gone.
  socket.addEventListener('close', () => keepLastFrame(target, still));
  const rfb = new RFB(target, socket, { shared: true });
  rfb.viewOnly = options.viewOnly === 'yes';
  rfb.resizeSession = false;
  rfb.focusOnClick = true;
  rfb.background = 'transparent';
  let isClosed = false;

  const setScale = (scale: 'fit' | 'full'): void => {
    rfb.scaleViewport = scale === 'fit';
    rfb.clipViewport = false;
  };
  setScale(options.scale);

  rfb.addEventListener('connect', () => {
    const canvas = target.querySelector('canvas');
    if (canvas !== null) {
      canvas.tabIndex = 0;
      canvas.setAttribute('role', 'application');
      canvas.setAttribute('aria-label', options.label);
      canvas.setAttribute('aria-describedby', options.describedBy);
    }
    options.onConnect();
  });
  // `detail.clean` is true also for a lost network, so that it says nothing; whether we wanted it, we know ourselves.
  rfb.addEventListener('disconnect', () => {
    if (isClosed) return;
    isClosed = true;
    options.onDisconnect();
  });
  rfb.addEventListener('securityfailure', (event) => {
    isClosed = true;
    options.onRefused(event.detail.reason ?? 'security failure');
  });
  rfb.addEventListener('credentialsrequired', () => {
    isClosed = true;
    rfb.disconnect();
    options.onRefused('credentials required');
  });

  return {
    close() {
      if (isClosed) return;
      isClosed = true;
      rfb.disconnect();
    },
    setScale,
    focus: () => rfb.focus({ preventScroll: true }),
    pressKeys(keys) {
      for (const [keysym, code] of keys) rfb.sendKey(keysym, code, true);
      for (const [keysym, code] of keys.toReversed()) rfb.sendKey(keysym, code, false);
    },
    holdKey([keysym, code], direction) {
      rfb.sendKey(keysym, code, direction === 'down');
    },
    type({ keysym, code, modifier }) {
      const held: readonly [number, string] | null =
        modifier === 'shift' ? [KEYSYMS.ShiftLeft, 'ShiftLeft'] : modifier === 'alt-gr' ? [KEYSYMS.AltGr, 'AltRight'] : null;
      if (held !== null) rfb.sendKey(held[0], held[1], true);
      rfb.sendKey(keysym, code);
      if (held !== null) rfb.sendKey(held[0], held[1], false);
    },
    tap: (keysym) => rfb.sendKey(keysym, null),
    releaseModifiers() {
      rfb.sendKey(KEYSYMS.ControlLeft, 'ControlLeft', false);
      rfb.sendKey(KEYSYMS.AltLeft, 'AltLeft', false);
      rfb.sendKey(KEYSYMS.ShiftLeft, 'ShiftLeft', false);
    },
    takePicture: () => new Promise((resolve) => rfb.toBlob(resolve, 'image/png')),
  };
}

function keepLastFrame(target: HTMLElement, still: HTMLCanvasElement): void {
  const canvas = target.querySelector('canvas');
  if (canvas === null || canvas.width === 0 || canvas.height === 0) return;
  still.width = canvas.width;
  still.height = canvas.height;
  still.getContext('2d')?.drawImage(canvas, 0, 0);
}
