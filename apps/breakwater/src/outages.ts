import { type Clock, sleep } from '@breakwater/kernel';
import type { VsphereSimulator } from '@breakwater/sim-vsphere';

export interface OutageStage {
  readonly name: string;
  readonly control: Pick<VsphereSimulator['control'], 'addFault' | 'faults' | 'takeDown' | 'bringUp'>;
}

export interface OutageOptions {
  readonly clock: Clock;
  readonly everyMs: number;
  readonly signal: AbortSignal;
  readonly announce: (line: string) => void;
}

/** How long a server stays in trouble. */
const OUTAGE_MS = 75_000;

interface Trouble {
  readonly words: string;
  begin(control: OutageStage['control']): Promise<void>;
  end(control: OutageStage['control']): Promise<void>;
}

const TROUBLES: readonly Trouble[] = [
  { words: 'is off the network', begin: (control) => control.takeDown(), end: (control) => control.bringUp() },
  {
    words: 'is overloaded: it answers 503',
    begin: async (control) => void control.addFault({ effect: { kind: 'unavailable' } }),
    end: async (control) => control.faults.clear(),
  },
  {
    words: 'is slow: every answer takes three seconds longer',
    begin: async (control) => void control.addFault({ effect: { kind: 'latency', delayMs: 3_000, jitterMs: 500 } }),
    end: async (control) => control.faults.clear(),
  },
];

/** Gives one server after the other some trouble, each time of another kind, until the signal aborts. */
export async function runOutages(stages: readonly OutageStage[], options: OutageOptions): Promise<void> {
  const { clock, signal, announce } = options;
  for (let turn = 0; !signal.aborted; turn++) {
    const stage = stages[turn % stages.length];
    const trouble = TROUBLES[turn % TROUBLES.length];
    if (stage === undefined || trouble === undefined) return;
    if (!(await wait(options.everyMs, { clock, signal }))) return;
    announce(`  ${stage.name} ${trouble.words}`);
    await trouble.begin(stage.control);
    const isOver = await wait(OUTAGE_MS, { clock, signal });
    await trouble.end(stage.control);
    if (isOver) announce(`  ${stage.name} is well again`);
  }
}

/** False when the signal ended the wait. */
async function wait(delayMs: number, options: { readonly clock: Clock; readonly signal: AbortSignal }): Promise<boolean> {
  try {
    await sleep(options.clock, delayMs, { signal: options.signal });
    return true;
  } catch (error) {
    if (options.signal.aborted) return false;
    throw error;
  }
}
