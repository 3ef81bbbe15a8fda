import type { DeadLetterList, DeadLetterRetried } from '@breakwater/contract';
import { requestJson } from '../api/http.ts';

const PATH = '/api/v1/dead-letters';
const toPath = (id: string): string => `${PATH}/${encodeURIComponent(id)}`;

export const readFailedOperations = (options: { readonly signal?: AbortSignal | undefined } = {}): Promise<DeadLetterList> =>
  requestJson(PATH, options);
export const retryFailedOperation = (id: string, options: { readonly repetition: 'accepted' | 'refused' }): Promise<DeadLetterRetried> =>
  requestJson(`${toPath(id)}/retry`, { method: 'POST', body: { accept_repetition: options.repetition === 'accepted' } });
export const discardFailedOperation = (id: string, reason: string): Promise<void> =>
  requestJson(toPath(id), { method: 'DELETE', body: { reason } });
