import type { Clock, TimerHandle } from '@breakwater/kernel';

/** Says the newest of what is told, and not more often than is bearable. */
export interface CalmVoice {
  readonly tell: (text: string) => void;
  readonly stop: () => void;
}

export function createCalmVoice(options: {
  readonly clock: Clock;
  readonly everyMs: number;
  readonly say: (text: string) => void;
}): CalmVoice {
  const { clock, everyMs, say } = options;
  let said = '';
  let waiting: string | null = null;
  let timer: TimerHandle | null = null;
  const speak = (text: string): void => {
    said = text;
    waiting = null;
    say(text);
    timer = clock.after(everyMs, () => {
      timer = null;
      if (waiting !== null && waiting !== said) speak(waiting);
    });
  };
  return {
    tell(text) {
      if (timer !== null) waiting = text;
      else if (text !== said) speak(text);
    },
    stop() {
      timer?.cancel();
      timer = null;
      waiting = null;
    },
  };
}
