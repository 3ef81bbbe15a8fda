import type { HostSetup } from '@breakwater/contract';
import type { MachineRef, Moid, Secret, ServerId } from '@breakwater/kernel';
import type { HostDoorway, PublicKey } from './host-door.ts';

export interface HostLoginRecord {
  readonly id: string;
  readonly name: string;
  readonly user: string;
  readonly keyType: string;
  readonly fingerprint: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** Who signs in to hosts. Keys are encrypted at rest by the implementation and come back as `Secret`. */
export interface HostLoginRepository {
  list(): Promise<readonly HostLoginRecord[]>;
  find(id: string): Promise<HostLoginRecord | null>;
  /** `privateKey: undefined` keeps the stored one. */
  save(login: HostLoginRecord, options: { readonly privateKey: Secret | undefined }): Promise<void>;
  remove(id: string): Promise<void>;
  /** Null when none is stored, or when it cannot be decrypted with the present key. */
  readKey(id: string): Promise<Secret | null>;
}

export interface TrustedHostKey extends PublicKey {
  readonly atMs: number;
  readonly by: string;
}

/** Host keys that people have confirmed. Those of a server go with it. */
export interface HostKeyRepository {
  find(doorway: HostDoorway): Promise<TrustedHostKey | null>;
  save(doorway: HostDoorway, key: TrustedHostKey): Promise<void>;
}

/** What is kept of a set-up: all that is told of it, but for what can be done with it now, which follows from the rest. */
export interface SetupRecord extends Omit<HostSetup, 'actions'> {
  readonly boot_wait_seconds: number;
  /** What is being done, or was done last. */
  readonly act: 'plan' | 'apply' | 'resume' | 'roll_back';
}

/** Of a list: without what may be large. */
export type SetupRowRecord = Omit<SetupRecord, 'config' | 'plan' | 'steps'>;

/** Set-ups of hosts. Those of a server go with it. */
export interface SetupRepository {
  save(setup: SetupRecord): Promise<void>;
  find(id: string): Promise<SetupRecord | null>;
  /** Newest first. */
  list(options: {
    readonly limit: number;
    readonly serverId?: ServerId | undefined;
    readonly moid?: Moid | undefined;
  }): Promise<readonly SetupRowRecord[]>;
  /** Those that a killed process left in the middle of an act. */
  listUnfinished(): Promise<readonly SetupRecord[]>;
  /** Keeps the newest of this machine, and every one that is not over. */
  prune(machine: MachineRef, options: { readonly keep: number }): Promise<void>;
}
