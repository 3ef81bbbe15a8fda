import { type CommandEnd, type CommandResult, type HostCommand, OutputTail } from '@breakwater/host-config';
import { type Clock, isOpsError, onAbort, sleep } from '@breakwater/kernel';
import { ask } from './ask.ts';
import type { Link } from './link.ts';
import { quote } from './quote.ts';
import { type JobEnd, type JobOrder, runJob } from './run-job.ts';

const DEFAULT_GRACE_MS = 5_000;
/** For the way there and back, beyond what the host itself may take. */
const LINK_MARGIN_MS = 1_500;
const SIGNAL_PAUSE_MS = 100;
/** The host measures in steps of 10 ms, at both ends. */
const STEP_MS = 20;

/** A shell lets what it starts in the background ignore INT. */
const UNTIED = 'setsid env --default-signal=INT --default-signal=QUIT';
/** With these words the programs in front of a command tell that it could not be started. */
const NOT_STARTED = /^(?:timeout: failed to run command|setsid: failed to execute)/;
const MISSING_FOLDER = 'breakwater: the folder to work in is not there';

export interface CommandContext {
  readonly link: Link;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Runs one command, as a job of the host unless it only reads. The host itself keeps the time limit of a job, so that a cut link does not prolong it. */
export async function runCommand(command: HostCommand, { clock, link, signal }: CommandContext): Promise<CommandResult> {
  signal.throwIfAborted();
  const tails = { out: new OutputTail(), err: new OutputTail() };
  const startedMs = clock.now();
  const fault = findFault(command);
  if (fault !== null) return toResult({ kind: 'not-started', reason: fault }, { tails, tookMs: 0 });
  const { graceMs = DEFAULT_GRACE_MS, onTimeout = 'terminate', timeoutMs } = command;
  let abortedMs: number | null = null;
  const endMs = (): number => Math.min(startedMs + timeoutMs, abortedMs ?? Number.POSITIVE_INFINITY);
  const decoders = { out: new TextDecoder(), err: new TextDecoder() };
  const order: Omit<JobOrder, 'mode'> = {
    script: createScript(command),
    stdin: command.stdin,
    untilMs: () => endMs() + graceMs + LINK_MARGIN_MS,
    onBytes: (bytes, stream) => {
      tails[stream].push(bytes);
      command.onOutput?.(decoders[stream].decode(bytes, { stream: true }), stream === 'out' ? 'stdout' : 'stderr');
    },
    onSkip: (stream) => tails[stream].skip(),
    shallLeave: () => onTimeout === 'interrupt' && clock.now() >= endMs() + graceMs,
  };
  const mode = toMode(command);
  const job = mode === 'glance' ? ask(link, order) : runJob(link, { ...order, mode });
  let isOn = true;
  const abandoned = Promise.withResolvers<JobEnd>();
  const stopListening = onAbort(signal, () => {
    abortedMs = clock.now();
    clock.after(graceMs + LINK_MARGIN_MS, () => abandoned.resolve({ kind: 'left' }));
    void (mode === 'glance' ? endGlance() : deliverSignal(onTimeout === 'interrupt' ? 'INT' : 'TERM'));
  });
  /** The job may be so young that it has no process yet. */
  const deliverSignal = async (name: string): Promise<void> => {
    while (isOn && (await tryCall(link, `signal ${job.id} ${name}`, endMs() + graceMs)) !== 1) {
      await sleep(clock, SIGNAL_PAUSE_MS, { keepAlive: true });
    }
  };
  /** What `timeout` does at the host for a job. */
  const endGlance = async (): Promise<void> => {
    await deliverSignal('TERM');
    await sleep(clock, graceMs);
    if (isOn) await tryCall(link, `signal ${job.id} KILL`, clock.now() + LINK_MARGIN_MS);
  };
  const timer = mode === 'glance' ? clock.after(timeoutMs, () => void endGlance(), { keepAlive: true }) : null;
  const end = await Promise.race([job.end, abandoned.promise]);
  isOn = false;
  timer?.cancel();
  stopListening();
  const isOver = end.kind === 'ended' && onTimeout === 'terminate' && (abortedMs !== null || isLate(end.tookMs, command));
  // Children that did not listen to TERM when their parent did.
  if (isOver) await tryCall(link, `signal ${job.id} KILL`, clock.now() + LINK_MARGIN_MS);
  if (end.kind === 'ended') link.forget(job.id);
  if (abortedMs !== null) throw signal.reason;
  const tookMs = end.kind === 'ended' ? end.tookMs : Math.round(clock.now() - startedMs);
  return toResult(toCommandEnd(end, { command, stderr: tails.err.text() }), { tails, tookMs });
}

/** Null when the link is gone; whoever needs it next is told why. */
async function tryCall(link: Link, line: string, untilMs: number): Promise<number | null> {
  try {
    return (await link.callBeside({ line, untilMs })).exitCode;
  } catch (error) {
    if (isOpsError(error)) return null;
    throw error;
  }
}

/** Only what is asked for again and again can be left before its end; only a job has an input. */
function toMode({ onTimeout, stdin, weight = 'quick' }: HostCommand): 'quick' | 'long' | 'glance' {
  if (onTimeout === 'interrupt') return 'long';
  return weight === 'glance' && stdin !== undefined ? 'quick' : weight;
}

function createScript(command: HostCommand): string {
  const { argv, cwd = '/', env = {}, graceMs = DEFAULT_GRACE_MS, onTimeout, timeoutMs } = command;
  const exports = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)}`);
  const words = argv.map(quote).join(' ');
  const limit = `${Math.max(1, Math.round(timeoutMs)) / 1_000}s`;
  const ladder = onTimeout === 'interrupt' ? '-s INT' : `-s TERM -k ${Math.max(1, Math.round(graceMs)) / 1_000}s`;
  return [
    ...exports,
    // What a command makes is as open as it is on a machine where somebody types it; only our own files are nobody else's business.
    'umask 022',
    `cd -- ${quote(cwd)} 2>/dev/null || { echo ${quote(MISSING_FOLDER)} >&2; exit 126; }`,
    // Each process more is a third of the time of a glance, so its limit is kept from here.
    toMode(command) === 'glance' ? `exec setsid ${words}` : `exec ${UNTIED} timeout --preserve-status ${ladder} ${limit} ${words}`,
    '',
  ].join('\n');
}

/** What no shell could pass on. */
function findFault({ argv, cwd = '', env = {} }: HostCommand): string | null {
  if ([...argv, cwd, ...Object.values(env)].some((each) => each.includes('\0'))) return 'An argument holds a zero byte.';
  const name = Object.keys(env).find((each) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(each));
  return name === undefined ? null : `${JSON.stringify(name)} is no name of a variable.`;
}

function toCommandEnd(end: JobEnd, { command, stderr }: { readonly command: HostCommand; readonly stderr: string }): CommandEnd {
  switch (end.kind) {
    case 'not-sent':
      return { kind: 'not-started', reason: end.error.message };
    case 'lost':
      return { kind: 'lost', reason: end.error.message };
    case 'left':
      return { kind: 'timed-out', exitCode: null };
    case 'ended':
      return toEnd(end, { command, stderr });
  }
}

const isLate = (tookMs: number, { timeoutMs }: HostCommand): boolean => tookMs + STEP_MS >= timeoutMs;

/** A shell tells of a signal by 128 and its number, and so does `timeout`. */
function toEnd(
  { exitCode, tookMs }: { readonly exitCode: number; readonly tookMs: number },
  { command, stderr }: { readonly command: HostCommand; readonly stderr: string },
): CommandEnd {
  const wasLate = isLate(tookMs, command);
  if (wasLate && command.onTimeout === 'interrupt') return { kind: 'timed-out', exitCode };
  if (wasLate && exitCode > 128) return { kind: 'timed-out', exitCode: null };
  if (exitCode === 126 && stderr.trim() === MISSING_FOLDER) return { kind: 'not-started', reason: `${command.cwd} is not there.` };
  if ((exitCode === 126 || exitCode === 127) && NOT_STARTED.test(stderr)) {
    return { kind: 'not-started', reason: stderr.trim() };
  }
  const name = SIGNALS[exitCode - 128];
  return name === undefined ? { kind: 'exited', exitCode } : { kind: 'signaled', signal: name };
}

/** Linux on every architecture that Debian has, but for three numbers that nobody uses. */
const SIGNALS: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  6: 'SIGABRT',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  15: 'SIGTERM',
};

function toResult(
  end: CommandEnd,
  { tails, tookMs }: { readonly tails: { readonly out: OutputTail; readonly err: OutputTail }; readonly tookMs: number },
): CommandResult {
  const { err, out } = tails;
  return { end, stdout: out.text(), stderr: err.text(), isTruncated: out.isTruncated || err.isTruncated, tookMs };
}
