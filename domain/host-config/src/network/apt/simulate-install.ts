import type { Explanation } from '../../classify/failure.ts';
import { explainRun } from '../explain-run.ts';
import type { NetworkRoom } from '../network-room.ts';
import { askApt } from './apt-command.ts';

export interface ComingChange {
  readonly name: string;
  /** Null: not there yet. */
  readonly before: string | null;
  readonly after: string;
}

export interface Simulation {
  readonly changes: readonly ComingChange[];
  readonly removals: readonly string[];
}

/** What apt would do; needs neither root nor lock nor network. */
export async function simulateInstall(
  args: readonly string[],
  room: Pick<NetworkRoom, 'host' | 'signal'>,
): Promise<{ readonly ok: true; readonly simulation: Simulation } | { readonly ok: false; readonly explanation: Explanation }> {
  const answer = await askApt(['apt-get', '-s', '-y', ...args], room);
  const explanation = explainRun('apt', answer);
  if (explanation.class !== 'ok') return { ok: false, explanation };
  return { ok: true, simulation: parseSimulation(answer.text) };
}

export function parseSimulation(text: string): Simulation {
  const changes: ComingChange[] = [];
  const removals: string[] = [];
  for (const line of text.split('\n')) {
    const coming = /^Inst (\S+) (?:\[([^\]\s]+)\] )?\((\S+)/.exec(line);
    if (coming?.[1] !== undefined) changes.push({ name: coming[1].replace(/:.*$/, ''), before: coming[2] ?? null, after: coming[3] ?? '' });
    const going = /^(?:Remv|Purg) (\S+)/.exec(line);
    if (going?.[1] !== undefined) removals.push(going[1].replace(/:.*$/, ''));
  }
  return { changes, removals };
}
