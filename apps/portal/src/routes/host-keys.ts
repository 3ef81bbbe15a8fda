import { hostKeyLookUpSchema, hostKeySchema, hostKeyTrustSchema } from '@breakwater/contract';
import { defineRoute, type Route } from '../http/route.ts';
import type { PortalServices } from './portal-services.ts';

const TAG = 'Host set-up';
const PROBLEMS = ['FLEET_SERVER_UNKNOWN', 'FLEET_MACHINE_UNKNOWN', 'HOST_SSH_UNREACHABLE', 'HOST_SSH_MISSING', 'HOST_SETUP_SIMULATED'];

export const createHostKeyRoutes = ({ hostSetups: { keys } }: PortalServices): readonly Route[] => [
  defineRoute({
    method: 'POST',
    path: '/api/v1/host-keys/look-up',
    id: 'lookUpHostKey',
    tag: TAG,
    summary: 'Ask a machine for its host key, without signing in',
    permission: 'operate',
    body: hostKeyLookUpSchema,
    answers: { 200: { description: 'The key, and whether it is the one that was confirmed.', schema: hostKeySchema } },
    problems: PROBLEMS,
    handle: ({ body, signal }) => keys.lookUp(body, { signal }),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/host-keys/trust',
    id: 'trustHostKey',
    tag: TAG,
    summary: 'Confirm the host key that a person has seen and compared',
    permission: 'operate',
    body: hostKeyTrustSchema,
    answers: { 200: { description: 'Kept; from now on only this key is believed.', schema: hostKeySchema } },
    problems: [...PROBLEMS, 'HOST_KEY_OTHER', 'HOST_KEY_CHANGED'],
    handle: ({ body, principal, signal }) => keys.trust(body, { actor: principal.name, signal }),
  }),
];
