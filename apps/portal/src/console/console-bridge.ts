import type { Socket } from 'node:net';
import type { Transform } from 'node:stream';
import { type Clock, isOpsError, onAbort, type TimerHandle } from '@breakwater/kernel';
import { encodeServerClose } from './web-socket-frames.ts';

/** How long the second leg may take to let go of what is on its way after the first has ended. */
const LINGER_MS = 2_000;
/** Idle is noticed at most this share of the limit late. */
const IDLE_CHECKS = 10;
/** The most that one record of TLS holds (RFC 8446, section 5.1), and what Node hands over at a time. */
const TLS_RECORD_BYTES = 16 * 1_024;
/**
 * What may wait for a browser before the server is read no further. Above a socket's own 64 KiB, because stopping and starting
 * again with every batch costs more than the batch saves.
 */
const MAX_WAITING_BYTES = 256 * 1_024;

/**
 * Why a console ended. `closed`: one side ended it in order (which one is not told apart: a server closes its socket first
 * also when the browser asks it to). `broken`: a connection broke. `refused`: the browser broke the rules of a view-only console.
 */
export type ConsoleEnd = 'closed' | 'broken' | 'refused' | 'idle' | 'too-long' | 'ended-here';

export interface ConsoleOutcome {
  readonly end: ConsoleEnd;
  /** Bytes on the browser's socket since the bridge was built. */
  readonly fromBrowserBytes: number;
  readonly toBrowserBytes: number;
  readonly tookMs: number;
}

export interface BridgeOptions {
  /** Both upgraded, paused, and with their early bytes put back. */
  readonly browser: Socket;
  readonly upstream: Socket;
  /** Stands between browser and upstream; without it not a byte is looked at. */
  readonly filter?: Transform | undefined;
  readonly clock: Clock;
  /** Ends a console whose browser has sent nothing for this long. */
  readonly idleMs: number;
  readonly maxMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** WebSocket close codes for ends that we decide; 4000 and above belong to applications (RFC 6455, section 7.4.2). */
const CLOSE_CODES: Readonly<Partial<Record<ConsoleEnd, number>>> = { 'ended-here': 1001, refused: 1008, idle: 4001, 'too-long': 4002 };

/**
 * Couples two upgraded sockets byte by byte. Each leg reads only as fast as the other takes, and whichever ends takes
 * the other with it. Never sends a ping: ESXi's consoles die of them. Resolves when both are closed.
 */
export function bridgeConsole(options: BridgeOptions): Promise<ConsoleOutcome> {
  const { browser, upstream, filter, clock } = options;
  const startedAtMs = clock.now();
  const readBefore = browser.bytesRead - browser.readableLength;
  const writtenBefore = browser.bytesWritten;
  return new Promise((resolve) => {
    let end: ConsoleEnd | undefined;
    let linger: TimerHandle | undefined;
    let openLegs = 2;

    const finish = (why: ConsoleEnd): void => {
      if (end !== undefined) return;
      end = why;
      idle.cancel();
      limit.cancel();
      stopListening();
      linger = clock.after(
        LINGER_MS,
        () => {
          browser.destroy();
          upstream.destroy();
        },
        { keepAlive: true },
      );
    };
    /** We end it: the browser learns why, unless it is in the middle of a frame, and then the end of the socket says enough. */
    const endHere = (why: ConsoleEnd): void => {
      if (end !== undefined) return;
      finish(why);
      stopSending();
      browser.write(encodeServerClose(CLOSE_CODES[why] ?? 1001, why));
      browser.destroySoon();
      upstream.destroySoon();
    };
    const watch = (leg: Socket, other: Socket): void => {
      leg.setNoDelay(true);
      leg.setTimeout(0);
      leg.on('error', () => undefined);
      leg.once('end', () => finish('closed'));
      const onClose = (): void => {
        finish('broken');
        // What the closed leg has sent before may still be on its way out.
        other.destroySoon();
        if (--openLegs > 0) return;
        linger?.cancel();
        filter?.destroy();
        resolve({
          end: end ?? 'broken',
          fromBrowserBytes: browser.bytesRead - readBefore,
          toBrowserBytes: browser.bytesWritten - writtenBefore,
          tookMs: clock.now() - startedAtMs,
        });
      };
      if (leg.closed) onClose();
      else leg.once('close', onClose);
    };

    let lastSeen = { bytes: browser.bytesRead, atMs: startedAtMs };
    const checkIdle = (): void => {
      const now = clock.now();
      if (browser.bytesRead !== lastSeen.bytes) lastSeen = { bytes: browser.bytesRead, atMs: now };
      if (now - lastSeen.atMs >= options.idleMs) endHere('idle');
      else idle = clock.after(options.idleMs / IDLE_CHECKS, checkIdle);
    };
    let idle = clock.after(options.idleMs / IDLE_CHECKS, checkIdle);
    const limit = clock.after(options.maxMs, () => endHere('too-long'));
    let stopListening: () => void = () => undefined;
    let stopSending: () => void = () => undefined;

    watch(browser, upstream);
    watch(upstream, browser);
    // A browser behind a dead line sends no FIN; TCP's own keep-alive finds out without a byte of WebSocket.
    browser.setKeepAlive(true, 30_000);
    if (filter === undefined) {
      browser.pipe(upstream);
    } else {
      filter.on('error', (error) => endHere(isOpsError(error) ? 'refused' : 'broken'));
      browser.pipe(filter).pipe(upstream);
    }
    stopSending = pipeInBatches(upstream, browser);
    stopListening = onAbort(options.signal, () => endHere('ended-here'));
  });
}

/**
 * `pipe`, with the pieces that arrive in one turn written in one system call. A full record of TLS seldom comes alone, so
 * it waits for the end of the turn; anything shorter, such as the echo of a key, leaves at once and takes along what waits.
 */
function pipeInBatches(from: Socket, to: Socket): () => void {
  let batch: NodeJS.Immediate | undefined;
  const flush = (): void => {
    if (batch === undefined) return;
    clearImmediate(batch);
    batch = undefined;
    to.uncork();
  };
  const onData = (chunk: Buffer): void => {
    if (batch === undefined && chunk.length >= TLS_RECORD_BYTES) {
      to.cork();
      batch = setImmediate(flush);
    }
    to.write(chunk);
    if (to.writableLength >= MAX_WAITING_BYTES) from.pause();
    else if (chunk.length < TLS_RECORD_BYTES) flush();
  };
  const onDrain = (): void => {
    from.resume();
  };
  const onEnd = (): void => {
    to.end();
  };
  const stop = (): void => {
    from.off('data', onData);
    from.off('end', onEnd);
    to.off('drain', onDrain);
    from.pause();
    flush();
  };
  from.on('data', onData);
  from.once('end', onEnd);
  to.on('drain', onDrain);
  to.once('close', stop);
  return stop;
}
