import type { HistorySpan, LimitsRequest, Resilience, ResilienceHistory, ServerResilience } from '@breakwater/contract';
import { requestJson } from '../api/http.ts';

const toPath = (id: string, rest: string): string => `/api/v1/servers/${encodeURIComponent(id)}/${rest}`;

export const readResilience = (options: { readonly signal: AbortSignal }): Promise<Resilience> =>
  requestJson('/api/v1/resilience', options);
export const readHistory = (
  id: string,
  options: { readonly span: HistorySpan; readonly signal: AbortSignal },
): Promise<ResilienceHistory> => requestJson(toPath(id, `resilience/history?span=${options.span}`), { signal: options.signal });

export const tripBreaker = (
  id: string,
  body: { readonly mode: 'trip' | 'isolate'; readonly minutes: number | null; readonly reason: string },
): Promise<ServerResilience> => {
  const { reason, ...rest } = body;
  return requestJson(toPath(id, 'circuit-breaker/trip'), { method: 'POST', body: { ...rest, ...(reason === '' ? {} : { reason }) } });
};
export const resetBreaker = (id: string): Promise<ServerResilience> => requestJson(toPath(id, 'circuit-breaker/reset'), { method: 'POST' });
export const pausePolling = (id: string, minutes: number | null): Promise<ServerResilience> =>
  requestJson(toPath(id, 'polling/pause'), { method: 'POST', body: { minutes } });
export const resumePolling = (id: string): Promise<ServerResilience> => requestJson(toPath(id, 'polling/resume'), { method: 'POST' });
export const setLimits = (id: string, body: LimitsRequest): Promise<ServerResilience> =>
  requestJson(toPath(id, 'limits'), { method: 'PUT', body });
export const revertLimits = (id: string): Promise<ServerResilience> => requestJson(toPath(id, 'limits'), { method: 'DELETE' });
