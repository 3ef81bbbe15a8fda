import type { HostEvent } from '@breakwater/host-config';
import type { Clock, TimerHandle } from '@breakwater/kernel';
import { type Console, toDurationText, toPrintable } from './console.ts';
import { LOG_LEVELS, type LogLevel, toEventLine } from './event-text.ts';

/** Shows what goes on while it goes on. */
export interface ProgressView {
  show(event: HostEvent): void;
  close(): void;
}

export interface ProgressViewOptions {
  readonly console: Console;
  readonly clock: Clock;
  readonly level: LogLevel;
  /** A terminal that can be drawn upon; null: lines only. */
  readonly screen: Screen | null;
}

export interface Screen {
  readonly columns: number;
  write(text: string): void;
}

const REDRAW_MS = 200;
const SPINNER = ['|', '/', '-', '\\'];

export function createProgressView(options: ProgressViewOptions): ProgressView {
  const { clock, console, level, screen } = options;
  const footer = screen === null ? null : new Footer(screen, { clock, console });
  const isWanted = (each: LogLevel): boolean => LOG_LEVELS.indexOf(each) <= LOG_LEVELS.indexOf(level);
  return {
    show(event) {
      console.record(event);
      if (console.isJson) return;
      footer?.learn(event);
      const line = toEventLine(event, console);
      if (line !== null && isWanted(line.level)) {
        footer?.clear();
        console.print(line.text);
      }
      footer?.draw();
    },
    close: () => footer?.close(),
  };
}

interface RunningStep {
  readonly title: string;
  readonly startedAt: number;
  readonly text: string;
  /** When the next attempt begins. */
  readonly retryAt: number | null;
}

/** The last lines of the screen: what runs now, for how long, and when the next attempt is due. */
class Footer {
  readonly #screen: Screen;
  readonly #clock: Clock;
  readonly #console: Console;
  readonly #startedAt: number;
  readonly #running = new Map<string, RunningStep>();
  #drawn = 0;
  #steps = 0;
  #ended = 0;
  #timer: TimerHandle | null = null;

  constructor(screen: Screen, { clock, console }: { readonly clock: Clock; readonly console: Console }) {
    this.#screen = screen;
    this.#clock = clock;
    this.#console = console;
    this.#startedAt = clock.now();
    this.#tick();
  }

  learn(event: HostEvent): void {
    const now = this.#clock.now();
    if (event.kind === 'run.started') this.#steps = event.steps;
    if (event.kind === 'step.started') this.#running.set(event.stepId, { title: event.title, startedAt: now, text: '', retryAt: null });
    if (event.kind === 'step.progressed') this.#change(event.stepId, { text: event.text });
    if (event.kind === 'network.attempted') this.#change(event.stepId, { retryAt: null });
    if (event.kind === 'network.retry-scheduled') this.#change(event.stepId, { retryAt: now + event.delayMs });
    if (event.kind !== 'step.ended') return;
    this.#running.delete(event.report.stepId);
    this.#ended++;
  }

  clear(): void {
    if (this.#drawn > 0) this.#screen.write(`\u001b[${this.#drawn}A\u001b[J`);
    this.#drawn = 0;
  }

  draw(): void {
    this.clear();
    const lines = this.#toLines();
    this.#drawn = lines.length;
    if (lines.length > 0) this.#screen.write(`${lines.join('\n')}\n`);
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.clear();
  }

  #tick(): void {
    this.#timer = this.#clock.after(REDRAW_MS, () => {
      this.draw();
      this.#tick();
    });
  }

  #change(stepId: string, changes: Partial<RunningStep>): void {
    const step = this.#running.get(stepId);
    if (step !== undefined) this.#running.set(stepId, { ...step, ...changes });
  }

  #toLines(): readonly string[] {
    if (this.#running.size === 0) return [];
    const now = this.#clock.now();
    const spin = SPINNER[Math.floor(now / REDRAW_MS) % SPINNER.length] ?? '';
    const lines = [...this.#running].map(([stepId, { retryAt, startedAt, text, title }]) => {
      const wait = retryAt === null ? text : `next attempt in ${Math.max(0, Math.ceil((retryAt - now) / 1_000))} s`;
      return this.#fit(`${spin} ${stepId}: ${title}  ${toDurationText(now - startedAt)}${wait === '' ? '' : `  ${wait}`}`);
    });
    const sum = this.#fit(`  ${this.#ended} of ${this.#steps} steps, ${toDurationText(now - this.#startedAt)}`);
    return [...lines, this.#console.paint('dim', sum)];
  }

  /** A line that wraps would be two when it is cleared. */
  #fit(text: string): string {
    return toPrintable(text).slice(0, Math.max(20, this.#screen.columns - 1));
  }
}
