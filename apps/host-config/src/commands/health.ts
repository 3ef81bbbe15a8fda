import type { NetworkOperations, ServiceHealth } from '@breakwater/host-config';
import { type Clock, sleep } from '@breakwater/kernel';
import { type Console, toDurationText, toTable } from '../console.ts';
import { EXIT } from '../exit-codes.ts';
import { count } from '../plan-text.ts';

export interface HealthRoom {
  readonly console: Console;
  readonly network: NetworkOperations;
  /** Those of the settings when none is named. */
  readonly services: readonly string[];
  readonly asks: 'admitted' | 'always';
}

/** Asks services how they are, all at once; 75 when one is not well. */
export async function showHealth({ asks, console, network, services }: HealthRoom): Promise<number> {
  const health = await network.checkHealth({ asks, ...(services.length === 0 ? {} : { services }) });
  for (const each of health) console.record({ kind: 'health', ...each });
  console.print(toTable(['SERVICE', 'STATUS', 'TOOK', 'WHY'], health.map(toCells)));
  const sick = health.filter(({ status }) => status === 'unhealthy').length;
  console.print(sick === 0 ? console.paint('good', 'All services answer.') : console.paint('bad', `${count(sick, 'service')} not well.`));
  return sick === 0 ? EXIT.ok : EXIT.temporary;
}

/** Until the signal aborts. */
export async function watchHealth(
  room: HealthRoom,
  options: { readonly everyMs: number; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<number> {
  for (;;) {
    await showHealth(room);
    await sleep(options.clock, options.everyMs, { signal: options.signal, keepAlive: true });
  }
}

function toCells({ cause, service, status, tookMs }: ServiceHealth): readonly string[] {
  return [service, status, tookMs === null ? '-' : toDurationText(tookMs), cause ?? '-'];
}
