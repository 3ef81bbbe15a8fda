import { randomBytes } from 'node:crypto';
import { type Clock, type MachineRef, OpsError, type ServerId, type TimerHandle } from '@breakwater/kernel';

/** 192 bits: an id is guessed by nobody, and it is the only thing that `/proxy/<id>` carries. */
const ID_BYTES = 24;
/** Unused sessions of one person; the oldest makes room. A page that reconnects makes a new one each time. */
const MAX_UNUSED_PER_PRINCIPAL = 50;

export interface ConsoleSessionsOptions {
  readonly clock: Clock;
  /** How long a session waits for its browser. Spec 02: 180 s. */
  readonly unusedMs: number;
  /** Consoles open at the same time. */
  readonly maxPerPrincipal: number;
  /** Each console holds a connection at the server's front end, of which ESXi has 128 for everybody. */
  readonly maxPerServer: number;
}

export interface ConsoleRequest {
  readonly principalId: string;
  readonly ref: MachineRef;
  readonly viewOnly: boolean;
}

export interface ConsoleSession extends ConsoleRequest {
  readonly id: string;
}

/** A session in use; its place counts until `release`. */
export interface OpenConsole extends ConsoleSession {
  release(): void;
}

interface Unused extends ConsoleSession {
  readonly expiry: TimerHandle;
}

/** One-time permits to open a console, bound to the person who asked. They live in memory: a restart voids them all. */
export class ConsoleSessions {
  readonly #options: ConsoleSessionsOptions;
  readonly #unused = new Map<string, Unused>();
  readonly #open = new Map<string, ConsoleSession>();

  constructor(options: ConsoleSessionsOptions) {
    this.#options = options;
  }

  /** `PORTAL_CONSOLE_LIMIT` at once, so that a person is told where the button is and not in a dead window. */
  create(request: ConsoleRequest): { readonly id: string; readonly expiresInMs: number } {
    this.#requireRoom(request);
    this.#makeRoom(request.principalId);
    const id = randomBytes(ID_BYTES).toString('base64url');
    const expiry = this.#options.clock.after(this.#options.unusedMs, () => this.#unused.delete(id));
    this.#unused.set(id, { ...request, id, expiry });
    return { id, expiresInMs: this.#options.unusedMs };
  }

  /**
   * Uses a session up. `PORTAL_CONSOLE_UNKNOWN` for what never was or is over, `PORTAL_CONSOLE_IN_USE` for a second use,
   * `PORTAL_FORBIDDEN` for somebody else's, `PORTAL_CONSOLE_LIMIT` when all places are taken.
   */
  take(id: string, principalId: string): OpenConsole {
    const known = this.#unused.get(id) ?? this.#open.get(id);
    if (known === undefined) {
      throw new OpsError({
        code: 'PORTAL_CONSOLE_UNKNOWN',
        message: 'This console session is unknown, used up or expired. Open the console anew.',
      });
    }
    // A stranger's attempt does not use it up: otherwise whoever learns an id could shut its owner out.
    if (known.principalId !== principalId) {
      throw new OpsError({ code: 'PORTAL_FORBIDDEN', message: 'This console session belongs to somebody else.' });
    }
    const unused = this.#unused.get(id);
    if (unused === undefined) {
      throw new OpsError({ code: 'PORTAL_CONSOLE_IN_USE', message: 'This console session is already in use. Open the console anew.' });
    }
    this.#requireRoom(unused);
    unused.expiry.cancel();
    this.#unused.delete(id);
    const { expiry: _, ...session } = unused;
    this.#open.set(id, session);
    return { ...session, release: () => this.#open.delete(id) };
  }

  close(): void {
    for (const session of this.#unused.values()) this.#void(session);
  }

  #requireRoom({ principalId, ref }: ConsoleRequest): void {
    const { maxPerPrincipal, maxPerServer } = this.#options;
    const open = [...this.#open.values()];
    if (open.filter((session) => session.principalId === principalId).length >= maxPerPrincipal) {
      throw createLimitError({ of: 'person', limit: maxPerPrincipal });
    }
    if (open.filter((session) => session.ref.serverId === ref.serverId).length >= maxPerServer) {
      throw createLimitError({ of: 'server', limit: maxPerServer, serverId: ref.serverId });
    }
  }

  #makeRoom(principalId: string): void {
    const mine = [...this.#unused.values()].filter((session) => session.principalId === principalId);
    const oldest = mine[0];
    if (mine.length >= MAX_UNUSED_PER_PRINCIPAL && oldest !== undefined) this.#void(oldest);
  }

  #void(session: Unused): void {
    session.expiry.cancel();
    this.#unused.delete(session.id);
  }
}

const createLimitError = (details: { readonly of: 'person' | 'server'; readonly limit: number; readonly serverId?: ServerId }): OpsError =>
  new OpsError({
    code: 'PORTAL_CONSOLE_LIMIT',
    message: `All ${details.limit} consoles that this ${details.of} may have at a time are open. Close one first.`,
    details,
  });
