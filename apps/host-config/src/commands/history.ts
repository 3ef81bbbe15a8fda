import type { RunSummary } from '@breakwater/host-config';
import { formatInstant } from '@breakwater/kernel';
import { type Console, toDurationText, toTable } from '../console.ts';
import { EXIT } from '../exit-codes.ts';
import type { OpenedRuns } from '../parts.ts';

export interface HistoryRoom {
  readonly console: Console;
  readonly runs: OpenedRuns;
  readonly hostId: string;
}

export async function showHistory(limit: number, { console, hostId, runs }: HistoryRoom): Promise<number> {
  const summaries = await runs.list({ hostId, limit });
  for (const { kind, ...summary } of summaries) console.record({ kind: 'run', runKind: kind, ...summary });
  if (summaries.length === 0) console.print('Nothing has been done on this host yet.');
  else console.print(toTable(['RUN', 'STARTED', 'BY', 'END', 'TOOK'], summaries.map(toCells)));
  return EXIT.ok;
}

function toCells({ end, endedAtMs, runId, startedAtMs, startedBy }: RunSummary): readonly string[] {
  const took = endedAtMs === null ? '-' : toDurationText(Math.max(0, endedAtMs - startedAtMs));
  return [runId, formatInstant(startedAtMs), startedBy, end ?? 'not ended', took];
}
