import type { Clock, TimerHandle } from '@breakwater/kernel';
import type { Keystroke } from './key-layouts.ts';

export interface TypingRun {
  readonly state: 'typing' | 'done' | 'stopped';
  readonly stop: () => void;
}

/** A machine's virtual keyboard loses keys that come faster. */
const KEY_EVERY_MS = 30;

/** Types one key after the other until the end or `stop`. */
export function startTyping(
  strokes: readonly Keystroke[],
  options: {
    readonly clock: Clock;
    readonly type: (stroke: Keystroke) => void;
    readonly onProgress: (progress: { readonly done: number; readonly total: number; readonly state: TypingRun['state'] }) => void;
  },
): TypingRun {
  const total = strokes.length;
  let done = 0;
  let state: TypingRun['state'] = 'typing';
  let timer: TimerHandle | null = null;

  const next = (): void => {
    const stroke = strokes[done];
    if (stroke === undefined) state = 'done';
    else {
      options.type(stroke);
      done += 1;
      if (done === total) state = 'done';
    }
    options.onProgress({ done, total, state });
    if (state === 'typing') timer = options.clock.after(KEY_EVERY_MS, next);
  };
  next();

  return {
    get state() {
      return state;
    },
    stop() {
      if (state !== 'typing') return;
      timer?.cancel();
      state = 'stopped';
      options.onProgress({ done, total, state });
    },
  };
}
