import { randomBytes } from 'node:crypto';
import { isOpsError } from '@breakwater/kernel';
import type { Link } from './link.ts';
import type { Job, JobEnd, JobOrder } from './run-job.ts';

/**
 * Has a script run within the loop of a channel: no job, no files of its own, so it costs little more than its processes do. For what only reads: when the
 * link is cut, it is asked again. Output is told at the end, all of it or none.
 */
export function ask(link: Link, order: Pick<JobOrder, 'script' | 'untilMs' | 'onBytes' | 'onSkip'>): Job {
  const id = `a${randomBytes(12).toString('hex')}`;
  return { id, end: follow(link, { ...order, id }) };
}

async function follow(
  link: Link,
  { id, onBytes, onSkip, script, untilMs }: Pick<JobOrder, 'script' | 'untilMs' | 'onBytes' | 'onSkip'> & { readonly id: string },
): Promise<JobEnd> {
  let wasSent = false;
  const onSend = (): void => {
    wasSent = true;
  };
  try {
    const answer = await link.ask({ id, script, untilMs: untilMs(), onSend });
    if (answer.isTruncated) onSkip?.('out');
    if (answer.out.length > 0) onBytes(answer.out, 'out');
    if (answer.err.length > 0) onBytes(answer.err, 'err');
    return { kind: 'ended', exitCode: answer.exitCode, tookMs: answer.tookMs };
  } catch (error) {
    if (!isOpsError(error)) throw error;
    return { kind: wasSent ? 'lost' : 'not-sent', error };
  }
}
