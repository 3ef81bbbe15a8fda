import type { Machine } from '@breakwater/contract';
import type { ActJournal, Fleet } from '@breakwater/fleet';
import { type Clock, OpsError, Secret, silentLogger } from '@breakwater/kernel';
import { BUILT_IN_MODULES } from '../modules/built-in-modules.ts';
import type { HostModule } from '../plan/module.ts';
import type { HostDoor, HostTarget, PublicKey } from '../ports/host-door.ts';
import { BUILT_IN_PROFILES } from '../profiles/built-in-profiles.ts';
import { createHostSetups } from '../setups/create-host-setups.ts';
import type { HostSetups } from '../setups/host-setups.ts';
import { MemoryActJournal } from './memory-act-journal.ts';
import { createMemoryDebian, type MemoryDebian } from './memory-debian.ts';
import type { CommandScript } from './memory-host.ts';
import { MemoryRunStore } from './memory-run-store.ts';
import { createMemorySetupRepositories } from './memory-setup-repositories.ts';

export interface SetupBedOptions {
  readonly clock: Clock;
  readonly machines?: Pick<Fleet, 'machine'>;
  readonly journal?: ActJournal;
  readonly atOnce?: number;
  /** Beside the built-in ones. */
  readonly modules?: readonly HostModule[];
}

/** Set-ups of hosts in memory: every address leads to one and the same Debian. */
export interface SetupBed {
  readonly setups: HostSetups;
  readonly debian: MemoryDebian;
  readonly runs: MemoryRunStore;
  readonly door: MemoryDoor;
  /** As after a crash: the same stores, nothing of what went on. */
  restart(): HostSetups;
}

export function createSetupBed(options: SetupBedOptions): SetupBed {
  const { atOnce = 2, clock, modules = [] } = options;
  const debian = createMemoryDebian({ files: { '/usr/lib/os-release': 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n' } });
  debian.host.addScript(answerFacts);
  const runs = new MemoryRunStore(clock);
  const door = new MemoryDoor(debian);
  const { keys, logins, setups } = createMemorySetupRepositories();
  const journal = options.journal ?? new MemoryActJournal(clock);
  const machines = options.machines ?? { machine: ({ moid }) => ({ name: `machine ${moid}` }) as Machine };
  const start = (): HostSetups =>
    createHostSetups({
      machines,
      journal,
      logins,
      keys,
      setups,
      runs,
      door,
      clock,
      logger: silentLogger,
      atOnce,
      modules: [...BUILT_IN_MODULES, ...modules],
      profiles: BUILT_IN_PROFILES,
      openNetwork: () => debian.network,
    });
  return { setups: start(), debian, runs, door, restart: start };
}

/** Shows a key, lets in with any, and knows one passphrase: `open sesame`. */
export class MemoryDoor implements HostDoor {
  hostKey: PublicKey = toPublicKey('A');
  /** What is refused, as a host does that is off. */
  trouble: OpsError | null = null;
  leftOvers = 0;
  readonly opened: HostTarget[] = [];
  readonly #debian: MemoryDebian;

  constructor(debian: MemoryDebian) {
    this.#debian = debian;
  }

  async lookUpKey(): Promise<PublicKey> {
    if (this.trouble !== null) throw this.trouble;
    return this.hostKey;
  }

  async open(target: HostTarget): ReturnType<HostDoor['open']> {
    if (this.trouble !== null) throw this.trouble;
    if (target.hostKey.fingerprint !== this.hostKey.fingerprint) {
      throw new OpsError({ code: 'HOST_SSH_HOST_KEY', message: 'The key of the host is another one.' });
    }
    this.opened.push(target);
    const { host } = this.#debian;
    return {
      hostId: target.hostId,
      label: target.host,
      files: host.files,
      run: (command, options) => host.run(command, options),
      close: () => Promise.resolve(),
    };
  }

  async countLeftOvers(): Promise<number> {
    return this.leftOvers;
  }

  async readPrivateKey(pem: Secret, { passphrase }: Parameters<HostDoor['readPrivateKey']>[1]): ReturnType<HostDoor['readPrivateKey']> {
    const text = pem.reveal();
    if (!text.includes('PRIVATE KEY')) throw new OpsError({ code: 'HOST_LOGIN_KEY_INVALID', message: 'This is no private key.' });
    if (text.includes('ENCRYPTED') && passphrase?.reveal() !== 'open sesame') {
      throw new OpsError({ code: 'HOST_LOGIN_PASSPHRASE', message: 'The passphrase does not open the key.' });
    }
    return { privateKey: new Secret(text), type: 'ssh-ed25519', fingerprint: `SHA256:${'K'.repeat(43)}` };
  }
}

/** A made-up key, another one for each letter. */
export function toPublicKey(letter: string): PublicKey {
  return { type: 'ssh-ed25519', key: letter.repeat(68), fingerprint: `SHA256:${letter.repeat(43)}` };
}

const ANSWERS: Readonly<Record<string, string>> = {
  uname: 'debian\n',
  dpkg: 'amd64\n',
  id: '0\n',
  df: 'Filesystem 1M-blocks Used Available Capacity Mounted\n/dev/sda1 30000 10000 20000 34% /\n',
  sshd: 'port 22\n',
};

/** What facts are read with, where no tool of the host in memory has answered. */
const answerFacts: CommandScript = ({ argv }) => {
  if (argv[0] === 'printenv') return { exitCode: 1 };
  const stdout = ANSWERS[argv[0]];
  return stdout === undefined ? undefined : { stdout };
};
