import type {
  HostKey,
  HostKeyTrust,
  HostProfileList,
  HostSetup,
  HostSetupApply,
  HostSetupCreate,
  HostSetupRollBack,
  HostSetupRow,
} from '@breakwater/contract';
import { requestJson } from '../api/http.ts';
import type { MachineId } from '../api/portal.ts';

interface Signal {
  readonly signal?: AbortSignal | undefined;
}

type MachineAddress = Pick<HostKeyTrust, 'server_id' | 'moid' | 'host' | 'port'>;

const SETUPS = '/api/v1/host-setups';
const KEYS = '/api/v1/host-keys';
const toPath = (id: string): string => `${SETUPS}/${encodeURIComponent(id)}`;

export const readProfiles = (options: Signal = {}): Promise<HostProfileList> => requestJson('/api/v1/host-profiles', options);

export const lookUpHostKey = (body: MachineAddress): Promise<HostKey> => requestJson(`${KEYS}/look-up`, { method: 'POST', body });
export const trustHostKey = (body: HostKeyTrust): Promise<HostKey> => requestJson(`${KEYS}/trust`, { method: 'POST', body });

export const readSetups = async (machine: MachineId, options: Signal = {}): Promise<readonly HostSetupRow[]> => {
  const query = new URLSearchParams({ server_id: machine.server_id, moid: machine.moid });
  const answer = await requestJson<{ readonly host_setups: readonly HostSetupRow[] }>(`${SETUPS}?${query}`, options);
  return answer.host_setups;
};
export const readSetup = (id: string, options: Signal = {}): Promise<HostSetup> => requestJson(toPath(id), options);
export const planSetup = (body: HostSetupCreate): Promise<HostSetup> => requestJson(SETUPS, { method: 'POST', body });
export const applySetup = (id: string, body: HostSetupApply): Promise<HostSetup> =>
  requestJson(`${toPath(id)}/apply`, { method: 'POST', body });
export const resumeSetup = (id: string): Promise<HostSetup> => requestJson(`${toPath(id)}/resume`, { method: 'POST' });
export const cancelSetup = (id: string): Promise<HostSetup> => requestJson(`${toPath(id)}/cancel`, { method: 'POST' });
export const rollBackSetup = (id: string, body: HostSetupRollBack): Promise<HostSetup> =>
  requestJson(`${toPath(id)}/roll-back`, { method: 'POST', body });
