import { ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import type { CondensedScreen, EncodedScreen, ScreenEncoder } from './ports/screen-encoder.ts';
import { ScreenCondenser } from './screen-condenser.ts';
import { ScreenStore } from './screen-store.ts';
import { LineLogger } from './testing/fleet-bed.ts';

/** Ends each picture when it is told to. */
class SlowEncoder implements ScreenEncoder {
  readonly signals: AbortSignal[] = [];
  readonly #ends: ((outcome: number | Error) => void)[] = [];

  encode(): Promise<EncodedScreen> {
    return Promise.reject(new Error('not asked for'));
  }

  condense(_pixels: Uint8Array, { signal }: { readonly signal: AbortSignal }): Promise<CondensedScreen> {
    this.signals.push(signal);
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
      this.#ends.push((outcome) => {
        if (outcome instanceof Error) reject(outcome);
        else resolve({ bytes: new Uint8Array(outcome), mediaType: 'image/avif' });
      });
    });
  }

  /** With a form of so many bytes, or with a failure. */
  end(outcome: number | Error): void {
    this.#ends.shift()?.(outcome);
  }
}

function createCondenser(maxPending = 2) {
  const store = new ScreenStore(new ManualClock(), {
    key: new Uint8Array(32),
    ttlMs: 1_000,
    maxBytes: 100_000,
    onEvicted: () => undefined,
  });
  const encoder = new SlowEncoder();
  const logger = new LineLogger();
  const condenser = new ScreenCondenser({ store, encoder, logger, maxPending });
  const put = (fill: number, pixels: Uint8Array | null = new Uint8Array(500)): string =>
    store.put(`machine ${fill}`, { bytes: new Uint8Array(100).fill(fill), mediaType: 'image/webp', sample: new Uint8Array(1), pixels });
  return { store, encoder, logger, condenser, put };
}

describe('the smaller form of a picture', () => {
  it('is made once, however many ask at the same time and later', async () => {
    const { condenser, encoder, put } = createCondenser();
    const hash = put(1);
    const [first, second] = [condenser.condense(hash), condenser.condense(hash)];
    encoder.end(40);
    expect((await first)?.bytes.length).toBe(40);
    expect(await second).toBe(await first);
    expect(condenser.condense(hash)).toMatchObject({ mediaType: 'image/avif' });
    expect(encoder.signals).toHaveLength(1);
  });

  it('is not waited for behind too many others', async () => {
    const { condenser, encoder, put } = createCondenser(2);
    const hashes = [put(1), put(2), put(3)];
    const [first, second, third] = hashes.map((hash) => condenser.condense(hash));
    expect([first, second].every((answer) => answer instanceof Promise)).toBe(true);
    expect(third).toBeNull();
    encoder.end(40);
    await first;
    const again = condenser.condense(hashes[2] ?? '');
    encoder.end(40);
    encoder.end(40);
    expect((await again)?.bytes.length).toBe(40);
  });

  it('that is larger than the picture is not sent, nor made again', async () => {
    const { condenser, encoder, put } = createCondenser();
    const hash = put(1);
    const asked = condenser.condense(hash);
    encoder.end(200);
    expect(await asked).toBeNull();
    expect(condenser.condense(hash)).toBeNull();
    expect(encoder.signals).toHaveLength(1);
  });

  it('that cannot be made leaves the picture as it is, and says so', async () => {
    const { condenser, encoder, logger, put, store } = createCondenser();
    const hash = put(1);
    const asked = condenser.condense(hash);
    encoder.end(new Error('no codec'));
    expect(await asked).toBeNull();
    expect(store.byHash(hash)?.bytes.length).toBe(100);
    expect(logger.lines).toEqual(['A picture has no smaller form; it is sent as it is']);
    expect(condenser.condense(hash)).toBeNull();
  });

  it('does not exist for an unknown picture and for one without pixels', () => {
    const { condenser, put } = createCondenser();
    expect([condenser.condense('unknown'), condenser.condense(put(1, null))]).toEqual([null, null]);
  });

  it('reaches who waits for it even when its picture has meanwhile been given up', async () => {
    const { condenser, encoder, put, store } = createCondenser();
    const asked = condenser.condense(put(1));
    store.release('machine 1');
    for (let fill = 2; fill < 4; fill++) {
      store.put('large', { bytes: new Uint8Array(100_000).fill(fill), mediaType: 'image/webp', sample: new Uint8Array(1), pixels: null });
    }
    encoder.end(40);
    expect((await asked)?.bytes.length).toBe(40);
    expect(store.bytes).toBe(100_000);
  });

  it('is given up when the fleet stops, without a complaint', async () => {
    const { condenser, logger, put } = createCondenser();
    const asked = condenser.condense(put(1));
    condenser.close();
    expect(await asked).toBeNull();
    expect(condenser.condense(put(2))).toBeNull();
    expect(logger.lines).toEqual([]);
  });
});
