import type {
  ConsoleSession,
  Operation,
  PowerVerb,
  Server,
  ServerCreate,
  ServerStats,
  ServerTest,
  ServerUpdate,
  Session,
  Snapshot,
} from '@breakwater/contract';
import { toApiError } from './api-error.ts';
import { toPortalUrl } from './base-path.ts';
import { requestJson, sendRequest } from './http.ts';

/** The keys by which a machine is known to the API. */
export interface MachineId {
  readonly server_id: string;
  readonly moid: string;
}

interface Signal {
  readonly signal?: AbortSignal | undefined;
}

const API = '/api/v1';
const toServerPath = (id: string): string => `${API}/servers/${encodeURIComponent(id)}`;
const toMachinePath = (id: MachineId): string => `${toServerPath(id.server_id)}/vms/${encodeURIComponent(id.moid)}`;

export const readSession = (options: Signal = {}): Promise<Session> => requestJson(`${API}/session`, options);
export const signIn = (body: { username: string; password: string }): Promise<Session> =>
  requestJson(`${API}/session`, { method: 'POST', body });
export const signInByLink = (token: string): Promise<Session> => requestJson(`${API}/session/link`, { method: 'POST', body: { token } });
export const signOut = (): Promise<void> => requestJson(`${API}/session`, { method: 'DELETE' });
export const setUp = (body: { token: string; username: string; password: string }): Promise<Session> =>
  requestJson(`${API}/setup`, { method: 'POST', body });

export const addServer = (body: ServerCreate): Promise<Server> => requestJson(`${API}/servers`, { method: 'POST', body });
export const updateServer = (id: string, body: ServerUpdate): Promise<Server> => requestJson(toServerPath(id), { method: 'PUT', body });
export const removeServer = (id: string): Promise<void> => requestJson(toServerPath(id), { method: 'DELETE' });
export const testServer = (id: string, options: Signal = {}): Promise<ServerTest> =>
  requestJson(`${toServerPath(id)}/test`, { method: 'POST', ...options });
export const probeServer = (body: { host: string; port: number }, options: Signal = {}): Promise<ServerTest> =>
  requestJson(`${API}/servers/probe`, { method: 'POST', body, ...options });
export const testCandidate = (body: ServerCreate, options: Signal = {}): Promise<ServerTest> =>
  requestJson(`${API}/servers/test`, { method: 'POST', body, ...options });
export const trustServer = (id: string, sha256: string): Promise<Server> =>
  requestJson(`${toServerPath(id)}/trust`, { method: 'POST', body: { sha256 } });
export const retryServer = (id: string): Promise<Server> => requestJson(`${toServerPath(id)}/retry`, { method: 'POST' });
export const readServerStats = (id: string, options: Signal = {}): Promise<ServerStats> =>
  requestJson(`${toServerPath(id)}/stats`, options);

export const powerMachine = (id: MachineId, verb: PowerVerb): Promise<Operation> =>
  requestJson(`${toMachinePath(id)}/power`, { method: 'POST', body: { verb } });
export const openConsole = (id: MachineId, options: Signal & { readonly viewOnly: boolean }): Promise<ConsoleSession> =>
  requestJson(`${toMachinePath(id)}/console`, { method: 'POST', body: { view_only: options.viewOnly }, signal: options.signal });
export const readOperation = (id: string, options: Signal = {}): Promise<Operation> =>
  requestJson(`${API}/operations/${encodeURIComponent(id)}`, options);
export const readOperations = (
  question: { server_id?: string; moid?: string; before?: string; limit?: number },
  options: Signal = {},
): Promise<{ operations: Operation[]; next_cursor: string | null }> => {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(question)) query.set(name, String(value));
  return requestJson(`${API}/operations?${query}`, options);
};

/** `null`: nothing has changed since the answer that carried `etag`. */
export async function readSnapshot(
  options: Signal & { readonly etag?: string | null },
): Promise<{ readonly snapshot: Snapshot; readonly etag: string | null } | null> {
  const headers = options.etag === undefined || options.etag === null ? {} : { 'if-none-match': options.etag };
  const response = await sendRequest(`${API}/snapshot`, { headers, signal: options.signal });
  if (response.status === 304) return null;
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok || body === undefined) throw toApiError(response.status, body, response.headers.get('retry-after'));
  return { snapshot: body as Snapshot, etag: response.headers.get('etag') };
}

/** What the page shows, so that the stream tells that and the server refreshes it first. */
export const tellVisible = (
  connection: string,
  shown: { readonly machines: readonly MachineId[]; readonly resilience: boolean },
  options: Signal = {},
): Promise<void> => requestJson(`${API}/events/${encodeURIComponent(connection)}/visible`, { method: 'PUT', body: shown, ...options });

export const toScreenUrl = (hash: string): string => toPortalUrl(`${API}/screens/${encodeURIComponent(hash)}`);

/** Address of the event stream; `lastEventId` says where to go on after our own reconnect, when the browser sends no header. */
export const toEventsUrl = (lastEventId: string | null): string =>
  toPortalUrl(`${API}/events${lastEventId === null ? '' : `?last_event_id=${encodeURIComponent(lastEventId)}`}`);
