import type { OwnSession, Person, Role, Token } from '@breakwater/contract';
import { requestJson } from '../api/http.ts';

interface Signal {
  readonly signal?: AbortSignal | undefined;
}

/** What the portal answers once, when a token is made: the token itself is in no later answer. */
export type CreatedToken = Token & { readonly token: string };

const SESSION = '/api/v1/session';
const PEOPLE = '/api/v1/people';
const TOKENS = '/api/v1/tokens';
const toPath = (list: string, id: string): string => `${list}/${encodeURIComponent(id)}`;

export const changeOwnPassword = (body: { current_password: string; new_password: string }): Promise<void> =>
  requestJson(`${SESSION}/password`, { method: 'PUT', body });
export const readOwnSessions = (options: Signal = {}): Promise<readonly OwnSession[]> => requestJson(`${SESSION}/sessions`, options);
export const endOwnSession = (id: string): Promise<void> => requestJson(toPath(`${SESSION}/sessions`, id), { method: 'DELETE' });
export const endOtherSessions = (): Promise<void> => requestJson(`${SESSION}/sessions`, { method: 'DELETE' });

export const readPeople = (options: Signal = {}): Promise<readonly Person[]> => requestJson(PEOPLE, options);
export const addPerson = (body: { username: string; password: string; role: Role }): Promise<Person> =>
  requestJson(PEOPLE, { method: 'POST', body });
export const updatePerson = (id: string, body: { role: Role } | { password: string }): Promise<Person> =>
  requestJson(toPath(PEOPLE, id), { method: 'PATCH', body });
export const removePerson = (id: string): Promise<void> => requestJson(toPath(PEOPLE, id), { method: 'DELETE' });

export const readTokens = (options: Signal = {}): Promise<readonly Token[]> => requestJson(TOKENS, options);
export const createToken = (body: { name: string; role: Role; expires_in_days: number | null }): Promise<CreatedToken> =>
  requestJson(TOKENS, { method: 'POST', body });
export const removeToken = (id: string): Promise<void> => requestJson(toPath(TOKENS, id), { method: 'DELETE' });
