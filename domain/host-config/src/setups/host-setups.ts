import type { HostProfileList, HostSetup, HostSetupApply, HostSetupCreate, HostSetupRollBack, HostSetupRow } from '@breakwater/contract';
import type { Moid, ServerId } from '@breakwater/kernel';
import type { HostKeys } from './host-keys.ts';
import type { HostLogins } from './host-logins.ts';

interface By {
  readonly actor: string;
}

/**
 * Setting up machines of the fleet, as people ask for it. One set-up at a time for a machine, a few over all; each act is an operation of the journal
 * and goes on in the background. Wrong ids are `HOST_SETUP_UNKNOWN`, what makes no sense now is `HOST_SETUP_STATE`, a machine that is being worked on is
 * `HOST_SETUP_BUSY`.
 */
export interface HostSetups {
  readonly logins: HostLogins;
  readonly keys: HostKeys;
  /** Says what became of those that an earlier process left. */
  start(): Promise<void>;
  /** Ends what goes on; it can be resumed. */
  stop(): Promise<void>;
  profiles(): HostProfileList;
  /** Reads the machine and writes nothing there. Refuses at once what can be told without it: `HOST_CONFIG_INVALID`, `HOST_KEY_UNCONFIRMED` … */
  plan(input: HostSetupCreate, by: By): Promise<HostSetup>;
  /** `HOST_PREFLIGHT_PLAN_MOVED` when another plan was seen; `HOST_SETUP_DANGERS`. */
  apply(id: string, input: HostSetupApply, by: By): Promise<HostSetup>;
  resume(id: string, by: By): Promise<HostSetup>;
  rollBack(id: string, input: HostSetupRollBack, by: By): Promise<HostSetup>;
  /** Ends what goes on, in order: what a step has begun is ended first. */
  cancel(id: string, by: By): Promise<HostSetup>;
  find(id: string): Promise<HostSetup>;
  list(options: {
    readonly limit: number;
    readonly serverId?: ServerId | undefined;
    readonly moid?: Moid | undefined;
  }): Promise<readonly HostSetupRow[]>;
}
