import { onAbort, type TimerHandle } from '@breakwater/kernel';
import type { CommandResult, HostCommand } from '../../ports/host-executor.ts';
import type { NetworkRoom } from '../network-room.ts';

/** The host is asked about itself; nothing of it takes long. */
const ASK_TIMEOUT_MS = 60_000;
/** A person who waits must see that somebody still does. */
const TELL_EVERY_MS = 30_000;
const MAX_OUTPUT = 8 * 1_024 * 1_024;

const ENV = { DEBIAN_FRONTEND: 'noninteractive', APT_LISTCHANGES_FRONTEND: 'none', NEEDRESTART_MODE: 'l' };

/** The configuration files of a person win over those of a package, and nobody is asked. */
export const KEEP_CONFIGURATION = ['--force-confdef', '--force-confold'] as const;

/** apt's own repetitions would multiply with ours, and its silence limit must be shorter than our deadline. */
export function toFetchOptions({ settings }: Pick<NetworkRoom, 'settings'>): readonly string[] {
  const seconds = Math.max(1, Math.round(settings.timeouts.inactivityMs / 1_000));
  return ['-o', 'Acquire::Retries=0', '-o', `Acquire::http::Timeout=${seconds}`, '-o', `Acquire::https::Timeout=${seconds}`];
}

/** Without `--error-on=any`, apt-get ends with 0 whatever could not be fetched. It knows that option for `update` alone. */
export function toUpdateArguments(room: Pick<NetworkRoom, 'settings'>): readonly string[] {
  return ['update', '--error-on=any', ...toFetchOptions(room)];
}

/** A part of apt's work that only fetches: it may be ended at any time. */
export function fetchByApt(args: readonly string[], timeoutMs: number, room: NetworkRoom): Promise<CommandResult> {
  const command: HostCommand = {
    argv: ['apt-get', ...args],
    env: ENV,
    timeoutMs,
    onTimeout: 'terminate',
    graceMs: 1_000,
    weight: 'long',
  };
  return room.host.run(command, { signal: room.signal });
}

/** A part in which dpkg changes the host: it is asked to stop, and then waited for. */
export async function changeByDpkg(argv: readonly [string, ...string[]], timeoutMs: number, room: NetworkRoom): Promise<CommandResult> {
  const { dpkgGraceMs } = room.settings.timeouts;
  const command: HostCommand = { argv, env: ENV, timeoutMs, onTimeout: 'interrupt', graceMs: dpkgGraceMs, weight: 'long' };
  const stopTelling = tellOfWaiting(timeoutMs, room);
  try {
    return await room.host.run(command, { signal: room.signal });
  } finally {
    stopTelling();
  }
}

/** From the moment that dpkg is asked to stop, by its timeout or by whoever calls the run off. */
function tellOfWaiting(timeoutMs: number, { clock, signal, tell }: NetworkRoom): () => void {
  let timer: TimerHandle | null = null;
  let isTelling = false;
  const tellAfter = (delayMs: number, waitedMs: number): void => {
    timer = clock.after(delayMs, () => {
      isTelling = true;
      tell({ kind: 'network.dpkg-waited', title: 'APT install', waitedMs });
      tellAfter(TELL_EVERY_MS, waitedMs + TELL_EVERY_MS);
    });
  };
  tellAfter(timeoutMs, 0);
  const stopListening = onAbort(signal, () => {
    if (isTelling) return;
    timer?.cancel();
    tellAfter(0, 0);
  });
  return () => {
    timer?.cancel();
    stopListening();
  };
}

export interface AptAnswer extends CommandResult {
  /** All of standard output, not only its end. */
  readonly text: string;
}

/** Neither network nor lock nor change. */
export async function askApt(argv: readonly [string, ...string[]], room: Pick<NetworkRoom, 'host' | 'signal'>): Promise<AptAnswer> {
  let text = '';
  const onOutput = (chunk: string, stream: 'stdout' | 'stderr'): void => {
    if (stream === 'stdout' && text.length < MAX_OUTPUT) text += chunk;
  };
  const result = await room.host.run({ argv, env: ENV, timeoutMs: ASK_TIMEOUT_MS, weight: 'glance', onOutput }, { signal: room.signal });
  return { ...result, text: text.length >= result.stdout.length ? text : result.stdout };
}
