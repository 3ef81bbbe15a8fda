import type { Clock } from '@breakwater/kernel';

/** A short message that comes and goes. `announce` alone is only spoken. */
export interface Notice {
  readonly id: number;
  readonly kind: 'info' | 'ok' | 'error';
  readonly text: string;
}

export interface NoticeBoard {
  readonly notices: () => readonly Notice[];
  /** What the polite live region says now. */
  readonly spoken: () => string;
  readonly show: (notice: Omit<Notice, 'id'>) => void;
  readonly dismiss: (id: number) => void;
  /** For screen readers only. Merged: at most one announcement per 5 s. */
  readonly announce: (text: string) => void;
  readonly subscribe: (listener: () => void) => () => void;
}

const SHOWN_MS = 8_000;
const ERROR_SHOWN_MS = 20_000;
const ANNOUNCE_EVERY_MS = 5_000;
const SHOWN_MAX = 4;

export function createNoticeBoard(clock: Clock): NoticeBoard {
  const listeners = new Set<() => void>();
  let notices: readonly Notice[] = [];
  let spoken = '';
  let waiting: string[] = [];
  let isQuiet = true;
  let nextId = 1;

  const publish = (): void => {
    for (const listener of listeners) listener();
  };
  const dismiss = (id: number): void => {
    notices = notices.filter((notice) => notice.id !== id);
    publish();
  };
  const speak = (): void => {
    if (waiting.length === 0) {
      isQuiet = true;
      return;
    }
    spoken = waiting.join(' ');
    waiting = [];
    isQuiet = false;
    publish();
    clock.after(ANNOUNCE_EVERY_MS, speak);
  };

  return {
    notices: () => notices,
    spoken: () => spoken,
    show(notice) {
      const id = nextId++;
      notices = [...notices, { ...notice, id }].slice(-SHOWN_MAX);
      publish();
      clock.after(notice.kind === 'error' ? ERROR_SHOWN_MS : SHOWN_MS, () => dismiss(id));
    },
    dismiss,
    announce(text) {
      waiting.push(text);
      if (isQuiet) speak();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
