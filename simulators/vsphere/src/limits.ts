/** What a server allows and how it behaves at its borders. Tests change these while it runs. */
export interface ServerLimits {
  /** Requests served at once, parked long polls apart; more are answered 503. */
  capacity: number | undefined;
  /** Requests taken per second, after a burst of one second's worth; more are answered 503. */
  requestsPerSecond: number | undefined;
  /** Sockets let through at once; more are closed during the TLS handshake. */
  connectionCap: number | undefined;
  maxSessions: number;
  sessionIdleMs: number;
  /** What a read with an expired session looks like. */
  expiryAnswer: 'fault' | 'empty-reply' | 'missing-set';
  lockoutAfter: number;
  lockoutMs: number;
  license: 'full' | 'free';
  lockdown: 'off' | 'on';
  /** Address of the vCenter that manages this host; writes are refused while it is set. */
  managedBy: string | undefined;
  consolesPerMachine: number;
  consolesPerHost: number;
  ticketLifeMs: number;
  /**
   * How tickets name their host: not at all, by the first label of its name, by its name in the inventory, or, as only a
   * forged answer would, by an address that belongs to somebody else.
   */
  ticketHost: 'missing' | 'short-name' | 'inventory-name' | 'foreign';
  /** Without `/screen` (404 or 501) pictures come by `CreateScreenshot_Task` only. */
  screenDoor: 'on' | 'missing' | 'unsupported';
  /** What the account may do beyond looking. */
  role: 'administrator' | 'read-only';
  taskMs: number;
  /** Largest page of a retrieve or of an update set, whatever the client asks for. */
  pageSize: number;
  /** Changes within this time arrive in one update set. */
  coalesceMs: number;
}

export const DEFAULT_LIMITS: Readonly<ServerLimits> = {
  capacity: undefined,
  requestsPerSecond: undefined,
  connectionCap: undefined,
  maxSessions: 2_000,
  sessionIdleMs: 1_800_000,
  expiryAnswer: 'fault',
  lockoutAfter: 5,
  lockoutMs: 900_000,
  license: 'full',
  lockdown: 'off',
  managedBy: undefined,
  consolesPerMachine: 40,
  consolesPerHost: 400,
  ticketLifeMs: 60_000,
  ticketHost: 'missing',
  screenDoor: 'on',
  role: 'administrator',
  taskMs: 1_200,
  pageSize: 1_000,
  coalesceMs: 100,
};
