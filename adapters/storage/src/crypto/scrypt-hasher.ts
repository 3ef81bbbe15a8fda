import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { PasswordHasher } from '@breakwater/access';
import { OpsError, type Secret } from '@breakwater/kernel';

export interface ScryptCost {
  /** log2 of N. Memory is 128 * N * blockSize bytes while one hash runs. */
  readonly logN: number;
  readonly blockSize: number;
  readonly parallelization: number;
}

/**
 * The row of the OWASP password storage cheat sheet that needs 32 MiB (N=2^15, r=8, p=3). It resists guessing like its
 * row N=2^17, p=1, whose 128 MiB for each of two parallel strangers would kill a small container.
 */
const DEFAULT_COST: ScryptCost = { logN: 15, blockSize: 8, parallelization: 3 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** More would starve files and DNS, which share libuv's four threads. */
const MAX_PARALLEL = 2;
const MAX_WAITING = 32;
const BUSY_RETRY_AFTER_MS = 1_000;
/** A row that somebody tampered with must not make us allocate gigabytes. */
const MAX_LOG_N = 18;
const MAX_BLOCK_SIZE = 16;
const MAX_PARALLELIZATION = 8;

interface Encoding {
  readonly cost: ScryptCost;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

export interface ScryptHasherOptions {
  readonly cost?: ScryptCost;
  /** Hashes in work at once. Default: half of the processors, one at least and two at most, so that strangers who try to sign in leave the rest alone. */
  readonly maxParallel?: number;
}

/** `PasswordHasher` on Node's scrypt, which runs in libuv's threads. */
export function createScryptHasher(options: ScryptHasherOptions = {}): PasswordHasher {
  const cost = options.cost ?? DEFAULT_COST;
  const gate = new Gate(options.maxParallel ?? Math.max(1, Math.min(MAX_PARALLEL, Math.floor(availableParallelism() / 2))));
  const derive = (password: Secret, input: { readonly cost: ScryptCost; readonly salt: Buffer; readonly bytes: number }): Promise<Buffer> =>
    gate.run(() => deriveKey(password, input));

  return {
    async hash(password) {
      const salt = randomBytes(SALT_BYTES);
      return encode({ cost, salt, hash: await derive(password, { cost, salt, bytes: HASH_BYTES }) });
    },
    async verify(password, encoded) {
      const stored = encoded === null ? null : decode(encoded);
      if (stored === null) {
        await derive(password, { cost, salt: randomBytes(SALT_BYTES), bytes: HASH_BYTES });
        return false;
      }
      const actual = await derive(password, { cost: stored.cost, salt: stored.salt, bytes: stored.hash.length });
      return timingSafeEqual(actual, stored.hash);
    },
    isOutdated(encoded) {
      const stored = decode(encoded);
      if (stored === null) return true;
      return toWork(stored.cost) < toWork(cost);
    },
  };
}

function toWork(cost: ScryptCost): number {
  return 2 ** cost.logN * cost.blockSize * cost.parallelization;
}

function deriveKey(password: Secret, input: { readonly cost: ScryptCost; readonly salt: Buffer; readonly bytes: number }): Promise<Buffer> {
  const { logN, blockSize, parallelization } = input.cost;
  const N = 2 ** logN;
  // Node counts both the table and the working blocks; its default of 32 MiB is just too little for N=2^15, r=8.
  const maxmem = 128 * blockSize * (N + parallelization + 2) + 1_048_576;
  return new Promise((resolve, reject) => {
    // One spelling per password: an accented letter typed on another system may arrive in another Unicode form.
    scrypt(password.reveal().normalize('NFKC'), input.salt, input.bytes, { N, r: blockSize, p: parallelization, maxmem }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

/** PHC string format: `$scrypt$ln=15,r=8,p=3$<salt>$<hash>`. */
function encode({ cost, salt, hash }: Encoding): string {
  return `$scrypt$ln=${cost.logN},r=${cost.blockSize},p=${cost.parallelization}$${toBase64(salt)}$${toBase64(hash)}`;
}

function decode(encoded: string): Encoding | null {
  const match = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/.exec(encoded);
  if (match === null) return null;
  const cost = { logN: Number(match[1]), blockSize: Number(match[2]), parallelization: Number(match[3]) };
  const isSane =
    cost.logN >= 1 &&
    cost.logN <= MAX_LOG_N &&
    cost.blockSize >= 1 &&
    cost.blockSize <= MAX_BLOCK_SIZE &&
    cost.parallelization >= 1 &&
    cost.parallelization <= MAX_PARALLELIZATION;
  if (!isSane) return null;
  return { cost, salt: Buffer.from(match[4] ?? '', 'base64'), hash: Buffer.from(match[5] ?? '', 'base64') };
}

function toBase64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}

/** Lets so many run and a bounded number wait. */
class Gate {
  readonly #width: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(width: number) {
    this.#width = width;
  }

  async run<Result>(act: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#width) await this.#wait();
    else this.#running++;
    try {
      return await act();
    } finally {
      // The place is handed on, not freed, so that a newcomer cannot slip in before the one who waits.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  #wait(): Promise<void> {
    if (this.#waiting.length >= MAX_WAITING) {
      throw new OpsError({
        code: 'ACCESS_TOO_MANY_ATTEMPTS',
        message: 'Too many people sign in at this moment. Try again in a second.',
        details: { retryAfterMs: BUSY_RETRY_AFTER_MS },
      });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
