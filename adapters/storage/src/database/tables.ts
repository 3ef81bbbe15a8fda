import type { Generated } from 'kysely';
import type { DeadLetterTables } from './dead-letter-table.ts';

/** Rows as SQL holds them: truth values as 0 and 1, instants as milliseconds or as the contract's ISO text. */
export interface ServerRow {
  readonly id: string;
  readonly kind: 'vsphere';
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user_name: string;
  readonly verify_ssl: number;
  readonly pinned_sha256: string | null;
  readonly enabled: number;
  readonly paused: number;
  readonly created_at_ms: number;
  readonly password_key_id: string | null;
  readonly password_sealed: Uint8Array | null;
}

export interface InventoryRow {
  readonly server_id: string;
  readonly data_at_ms: number;
  readonly machine_count: number;
  /** Zstandard over one JSON line per machine. */
  readonly machines: Uint8Array;
}

export interface OperationRow {
  /** Order of arrival; ids of operations need not sort. */
  readonly sequence: Generated<number>;
  readonly id: string;
  readonly kind: string;
  readonly server_id: string | null;
  readonly moid: string | null;
  readonly machine_name: string | null;
  readonly actor: string;
  readonly state: string;
  readonly progress_percent: number | null;
  readonly error_code: string | null;
  readonly error: string | null;
  /** JSON. */
  readonly details: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface ControlRow {
  readonly server_id: string;
  /** JSON of `ServerControls`. */
  readonly controls: string;
}

export interface HistoryRow {
  readonly server_id: string;
  /** Zstandard. */
  readonly history: Uint8Array;
}

export interface HostLoginRow {
  readonly id: string;
  readonly name: string;
  readonly user_name: string;
  readonly key_type: string;
  readonly fingerprint: string;
  readonly created_at_ms: number;
  readonly updated_at_ms: number;
  readonly key_id: string;
  readonly key_sealed: Uint8Array;
}

export interface HostKeyRow {
  readonly server_id: string;
  readonly moid: string;
  readonly port: number;
  readonly key_type: string;
  readonly public_key: string;
  readonly fingerprint: string;
  readonly trusted_at_ms: number;
  readonly trusted_by: string;
}

export interface HostSetupRow {
  /** Order of arrival. */
  readonly sequence: Generated<number>;
  readonly id: string;
  readonly server_id: string;
  readonly moid: string;
  readonly state: string;
  /** JSON of `SetupRowRecord`. */
  readonly head: string;
  /** JSON of the rest of `SetupRecord`, which may be large. */
  readonly body: string;
}

export interface PersonRow {
  readonly id: string;
  readonly username: string;
  readonly username_key: string;
  readonly role: string;
  readonly created_at: string;
  readonly password_hash: string;
}

export interface SessionRow {
  readonly digest: string;
  readonly person_id: string;
  readonly created_at_ms: number;
  readonly last_seen_ms: number;
  readonly expires_at_ms: number;
  readonly device: string | null;
}

export interface TokenRow {
  readonly id: string;
  readonly digest: string;
  readonly name: string;
  readonly role: string;
  readonly prefix: string;
  readonly created_at_ms: number;
  readonly last_used_at_ms: number | null;
  readonly expires_at_ms: number | null;
}

export interface LinkRow {
  readonly digest: string;
  readonly person_id: string;
  readonly expires_at_ms: number;
}

export interface Tables extends DeadLetterTables {
  readonly servers: ServerRow;
  readonly inventories: InventoryRow;
  readonly operations: OperationRow;
  readonly controls: ControlRow;
  readonly histories: HistoryRow;
  readonly host_logins: HostLoginRow;
  readonly host_keys: HostKeyRow;
  readonly host_setups: HostSetupRow;
  readonly people: PersonRow;
  readonly sessions: SessionRow;
  readonly tokens: TokenRow;
  readonly links: LinkRow;
}
