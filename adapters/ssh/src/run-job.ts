import { randomBytes } from 'node:crypto';
import { isOpsError, OpsError } from '@breakwater/kernel';
import type { Frame } from './frame-reader.ts';
import type { Link } from './link.ts';

/** How long one request waits at the host for news; more would hold a channel from others. */
const WAIT_HUNDREDTHS = 100;
/** Of each stream in one answer. */
const CHUNK_BYTES = 256 * 1_024;

export interface JobOrder {
  /** POSIX shell, with a line feed at the end. */
  readonly script: string;
  /** `act`: a moment with files; `quick`: a channel is held until it ends; `long`: asked for again and again. */
  readonly mode: 'act' | 'quick' | 'long';
  readonly stdin?: Uint8Array | undefined;
  /** On the clock of the link: after it nobody asks for the job any more. */
  readonly untilMs: () => number;
  readonly onBytes: (bytes: Uint8Array, stream: 'out' | 'err') => void;
  /** When set, so many bytes at the end are enough: what is older is left at the host, and this is told. */
  readonly onSkip?: (stream: 'out' | 'err') => void;
  /** Asked while the job runs: nobody waits for it any longer, and it goes on. */
  readonly shallLeave?: () => boolean;
}

export type JobEnd =
  | { readonly kind: 'ended'; readonly exitCode: number; readonly tookMs: number }
  | { readonly kind: 'left' }
  | { readonly kind: 'not-sent'; readonly error: OpsError }
  | { readonly kind: 'lost'; readonly error: OpsError };

export interface Job {
  readonly id: string;
  readonly end: Promise<JobEnd>;
}

/** Begins a job at the host and follows it to its end, over as many links as it takes. The job itself runs once at most. */
export function runJob(link: Link, order: JobOrder): Job {
  const id = `j${randomBytes(12).toString('hex')}`;
  return { id, end: follow(link, { ...order, id }) };
}

async function follow(link: Link, order: JobOrder & { readonly id: string }): Promise<JobEnd> {
  const { id } = order;
  const streams = { out: createStream('out', order), err: createStream('err', order) };
  const lines = order.script.split('\n').length - 1;
  const stdin = order.stdin ?? new Uint8Array();
  let sentIn: number | null = null;
  let last: Frame | null = null;
  try {
    for (;;) {
      const where = `${WAIT_HUNDREDTHS} ${streams.out.offset()} ${streams.err.offset()} ${CHUNK_BYTES}`;
      const frame: Frame =
        last === null
          ? await link.call({
              line: `run ${id} ${order.mode} ${lines} ${stdin.length} ${where}`,
              payloads: [Buffer.from(order.script), stdin],
              untilMs: order.untilMs(),
              onSend: (epoch) => {
                // Where the folder of the job is lost, a second sending would be a second run.
                if (sentIn !== null && sentIn !== epoch) throw createLostError('The host was restarted meanwhile.');
                sentIn = epoch;
              },
            })
          : await link.call({ line: `poll ${id} - 0 0 ${where}`, untilMs: order.untilMs() });
      if (frame.state === 'gone') throw createLostError('The host was restarted meanwhile.');
      streams.out.take(frame.out, frame.outSize);
      streams.err.take(frame.err, frame.errSize);
      // What comes after the end is a grandchild's.
      if (last?.state !== 'ended' && frame.state === 'ended') for (const each of [streams.out, streams.err]) each.close();
      last = frame;
      if (frame.state === 'running' && order.shallLeave?.() === true) return { kind: 'left' };
      if (frame.state === 'ended' && streams.out.isRead() && streams.err.isRead()) {
        return { kind: 'ended', exitCode: frame.exitCode, tookMs: frame.tookMs };
      }
    }
  } catch (error) {
    if (!isOpsError(error)) throw error;
    return { kind: sentIn === null ? 'not-sent' : 'lost', error };
  }
}

function createStream(name: 'out' | 'err', order: JobOrder) {
  let offset = 0;
  let size = 0;
  let isClosed = false;
  return {
    offset: () => offset,
    take: (bytes: Uint8Array, newSize: number): void => {
      if (!isClosed) size = newSize;
      if (bytes.length > 0) order.onBytes(bytes, name);
      offset += bytes.length;
      if (order.onSkip !== undefined && size - offset > CHUNK_BYTES) {
        order.onSkip(name);
        offset = size - CHUNK_BYTES;
      }
    },
    close: (): void => {
      isClosed = true;
    },
    isRead: (): boolean => offset >= size,
  };
}

const createLostError = (message: string): OpsError => new OpsError({ code: 'HOST_LINK_LOST', message });
