import type { HostKey, HostKeyTrust } from '@breakwater/contract';
import type { ActJournal, Fleet } from '@breakwater/fleet';
import { type Clock, formatInstant, OpsError, toMoid, toServerId } from '@breakwater/kernel';
import type { HostDoor, HostDoorway, PublicKey } from '../ports/host-door.ts';
import type { HostKeyRepository, TrustedHostKey } from '../ports/setup-repositories.ts';
import { createTurns } from './turns.ts';

/** Each look is a process and a connection to an address that somebody has typed. */
const LOOKS = { atOnce: 4, waiting: 16 };

export interface HostKeysDependencies {
  readonly repository: HostKeyRepository;
  readonly door: Pick<HostDoor, 'lookUpKey'>;
  readonly machines: Pick<Fleet, 'machine'>;
  readonly journal: ActJournal;
  readonly clock: Clock;
}

/** What is asked about: a machine of the fleet, and where it answers. */
export type HostKeyQuestion = Pick<HostKeyTrust, 'server_id' | 'moid' | 'host' | 'port'>;

/** Keys of hosts, confirmed once by a person and then the only ones that are believed. */
export class HostKeys {
  readonly #deps: HostKeysDependencies;
  readonly #looks = createTurns(LOOKS);

  constructor(deps: HostKeysDependencies) {
    this.#deps = deps;
  }

  async lookUp(question: HostKeyQuestion, options: { readonly signal: AbortSignal }): Promise<HostKey> {
    const doorway = toDoorway(question);
    this.#deps.machines.machine(doorway);
    const shown = await this.#look(question, options.signal);
    return toView(question, { shown, trusted: await this.#deps.repository.find(doorway) });
  }

  /** Looks again: what is confirmed is what answers now. `HOST_KEY_OTHER`, `HOST_KEY_CHANGED` when the key that it replaces was not named. */
  async trust(input: HostKeyTrust, by: { readonly actor: string; readonly signal: AbortSignal }): Promise<HostKey> {
    const { clock, journal, machines, repository } = this.#deps;
    const doorway = toDoorway(input);
    const { name } = machines.machine(doorway);
    const shown = await this.#look(input, by.signal);
    if (shown.fingerprint !== input.fingerprint) {
      throw new OpsError({
        code: 'HOST_KEY_OTHER',
        message: `The host shows ${shown.fingerprint} now, and not the key that was confirmed. Nothing was kept.`,
        details: { shown: shown.fingerprint },
      });
    }
    const before = await repository.find(doorway);
    if (before !== null && before.fingerprint !== shown.fingerprint && before.fingerprint !== input.replaces) {
      throw new OpsError({
        code: 'HOST_KEY_CHANGED',
        message: `Another key was confirmed for this machine (${before.fingerprint}). To replace it, name it.`,
        details: { trusted: before.fingerprint, shown: shown.fingerprint },
      });
    }
    const details = { host: input.host, port: input.port, fingerprint: shown.fingerprint, replaces: before?.fingerprint ?? null };
    await journal.note({ kind: 'host.trust_key', machine: { ...doorway, name }, actor: by.actor, details });
    const trusted: TrustedHostKey = { ...shown, atMs: clock.wall(), by: by.actor };
    await repository.save(doorway, trusted);
    return toView(input, { shown, trusted });
  }

  async #look({ host, port }: HostKeyQuestion, signal: AbortSignal): Promise<PublicKey> {
    const giveBack = await this.#looks.take(signal);
    try {
      return await this.#deps.door.lookUpKey({ host, port }, { signal });
    } finally {
      giveBack();
    }
  }

  /** `HOST_KEY_UNCONFIRMED`. */
  async require(question: HostKeyQuestion): Promise<PublicKey> {
    const trusted = await this.#deps.repository.find(toDoorway(question));
    if (trusted !== null) return trusted;
    throw new OpsError({
      code: 'HOST_KEY_UNCONFIRMED',
      message: 'Nobody has confirmed the key of this machine yet. Look it up, compare it with the console of the machine, and confirm it.',
      details: { host: question.host, port: question.port },
    });
  }
}

const toDoorway = ({ moid, port, server_id: serverId }: HostKeyQuestion): HostDoorway => ({
  serverId: toServerId(serverId),
  moid: toMoid(moid),
  port,
});

function toView(
  { host, moid, port, server_id }: HostKeyQuestion,
  { shown, trusted }: { readonly shown: PublicKey; readonly trusted: TrustedHostKey | null },
): HostKey {
  const status = trusted === null ? 'new' : trusted.fingerprint === shown.fingerprint ? 'trusted' : 'changed';
  return {
    server_id,
    moid,
    host,
    port,
    key_type: shown.type,
    fingerprint: shown.fingerprint,
    status,
    trusted:
      trusted === null
        ? null
        : { key_type: trusted.type, fingerprint: trusted.fingerprint, at: formatInstant(trusted.atMs), by: trusted.by },
  };
}
