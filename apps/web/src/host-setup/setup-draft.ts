import type { HostSetup, HostSetupCreate, Machine } from '@breakwater/contract';
import type { MachineId } from '../api/portal.ts';

/** What stands in the fields of the form. */
export interface SetupDraft {
  readonly host: string;
  readonly port: string;
  readonly loginId: string;
  /** Empty: none, only what the configuration says. */
  readonly profile: string;
  readonly config: string;
  readonly bootWaitSeconds: number;
}

type SetupProblem = 'required' | 'host_invalid' | 'port_invalid' | 'nothing_chosen';

/** The same characters as the portal accepts. */
const HOST = /^[A-Za-z0-9.:_-]{1,253}$/;
const MAX_PORT = 65_535;

export function beginDraft(machine: Pick<Machine, 'guest_ip'>): SetupDraft {
  return { host: machine.guest_ip ?? '', port: '22', loginId: '', profile: '', config: '', bootWaitSeconds: 0 };
}

/** The wishes of an earlier set-up, to be changed and planned again. */
export function repeatDraft(setup: Pick<HostSetup, 'host' | 'port' | 'login_id' | 'profile' | 'config'>): SetupDraft {
  const { config, host, login_id: loginId, port, profile } = setup;
  return { host, port: String(port), loginId, profile: profile ?? '', config, bootWaitSeconds: 0 };
}

export function checkSetupDraft(draft: SetupDraft): Partial<Record<keyof SetupDraft, SetupProblem>> {
  const problems: Partial<Record<keyof SetupDraft, SetupProblem>> = {};
  const host = draft.host.trim();
  if (host === '') problems.host = 'required';
  else if (!HOST.test(host)) problems.host = 'host_invalid';
  const port = draft.port.trim();
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > MAX_PORT) problems.port = 'port_invalid';
  if (draft.loginId === '') problems.loginId = 'required';
  if (draft.profile === '' && draft.config.trim() === '') problems.profile = 'nothing_chosen';
  return problems;
}

export function toSetupCreate(draft: SetupDraft, { moid, server_id }: MachineId): HostSetupCreate {
  return {
    server_id,
    moid,
    host: draft.host.trim(),
    port: Number(draft.port),
    login_id: draft.loginId,
    profile: draft.profile === '' ? null : draft.profile,
    config: draft.config,
    boot_wait_seconds: draft.bootWaitSeconds,
  };
}
