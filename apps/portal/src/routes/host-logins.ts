import { hostLoginCreateSchema, hostLoginListSchema, hostLoginSchema, hostLoginUpdateSchema } from '@breakwater/contract';
import { idParams } from '../http/request-parts.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { PortalServices } from './portal-services.ts';

const TAG = 'Host set-up';
const KEY_PROBLEMS = ['HOST_LOGIN_KEY_INVALID', 'HOST_LOGIN_PASSPHRASE', 'HOST_LOGIN_NAME_TAKEN', 'HOST_SSH_MISSING'];

/** Whoever sets machines up chooses a login, so operators see which there are; no answer holds a key. */
export const createHostLoginRoutes = ({ hostSetups: { logins } }: PortalServices): readonly Route[] => [
  defineRoute({
    method: 'GET',
    path: '/api/v1/host-logins',
    id: 'listHostLogins',
    tag: TAG,
    summary: 'Who can sign in to hosts; without the keys',
    permission: 'operate',
    answers: { 200: { description: 'By name.', schema: hostLoginListSchema } },
    handle: async () => ({ host_logins: await logins.list() }),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/host-logins',
    id: 'addHostLogin',
    tag: TAG,
    summary: 'Store a user and a private key for hosts',
    permission: 'administer',
    body: hostLoginCreateSchema,
    answers: { 201: { description: 'Stored. The key cannot be read again.', schema: hostLoginSchema } },
    problems: KEY_PROBLEMS,
    handle: ({ body, principal, signal }) => logins.add(body, { actor: principal.name, signal }),
  }),
  defineRoute({
    method: 'PUT',
    path: '/api/v1/host-logins/{id}',
    id: 'updateHostLogin',
    tag: TAG,
    summary: 'Change a login or replace its key; missing keys keep what is',
    permission: 'administer',
    params: idParams,
    body: hostLoginUpdateSchema,
    answers: { 200: { description: 'Changed.', schema: hostLoginSchema } },
    problems: ['HOST_LOGIN_UNKNOWN', ...KEY_PROBLEMS],
    handle: ({ body, params, principal, signal }) => logins.update(params.id, body, { actor: principal.name, signal }),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/api/v1/host-logins/{id}',
    id: 'removeHostLogin',
    tag: TAG,
    summary: 'Forget a login and its key',
    permission: 'administer',
    params: idParams,
    answers: { 204: { description: 'Forgotten. On the hosts nothing changed.' } },
    problems: ['HOST_LOGIN_UNKNOWN'],
    handle: ({ params, principal }) => logins.remove(params.id, { actor: principal.name }),
  }),
];
