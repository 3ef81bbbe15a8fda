import type { HostLogin, HostLoginCreate, HostLoginUpdate } from '@breakwater/contract';
import { requestJson } from '../api/http.ts';

const LOGINS = '/api/v1/host-logins';
const toPath = (id: string): string => `${LOGINS}/${encodeURIComponent(id)}`;

export const HOST_LOGINS_KEY = ['host-logins'] as const;

export const readHostLogins = async (options: { readonly signal?: AbortSignal | undefined } = {}): Promise<readonly HostLogin[]> => {
  const answer = await requestJson<{ readonly host_logins: readonly HostLogin[] }>(LOGINS, options);
  return answer.host_logins;
};
export const addHostLogin = (body: HostLoginCreate): Promise<HostLogin> => requestJson(LOGINS, { method: 'POST', body });
export const updateHostLogin = (id: string, body: HostLoginUpdate): Promise<HostLogin> => requestJson(toPath(id), { method: 'PUT', body });
export const removeHostLogin = (id: string): Promise<void> => requestJson(toPath(id), { method: 'DELETE' });
