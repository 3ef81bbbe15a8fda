import {
  hostProfileListSchema,
  hostSetupApplySchema,
  hostSetupCreateSchema,
  hostSetupListSchema,
  hostSetupRollBackSchema,
  hostSetupSchema,
} from '@breakwater/contract';
import { toMoid, toServerId } from '@breakwater/kernel';
import { z } from 'zod';
import { idParams, optionalId } from '../http/request-parts.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { PortalServices } from './portal-services.ts';

const TAG = 'Host set-up';
const listQuery = z
  .object({ limit: z.coerce.number().int().min(1).max(200).default(50), server_id: optionalId, moid: optionalId })
  .strict();

const ACCEPTED = {
  description: 'Accepted and written into the journal; it goes on in the background, followed as `operation_id`.',
  schema: hostSetupSchema,
};
const ACT_PROBLEMS = ['HOST_SETUP_UNKNOWN', 'HOST_SETUP_STATE', 'HOST_SETUP_BUSY', 'FLEET_JOURNAL_FAILED'];

/** Plans hold files of machines, so they are shown only to those who may change them. */
export const createHostSetupRoutes = ({ hostSetups }: PortalServices): readonly Route[] => [
  defineRoute({
    method: 'GET',
    path: '/api/v1/host-profiles',
    id: 'listHostProfiles',
    tag: TAG,
    summary: 'What a machine can be set up as',
    permission: 'operate',
    answers: { 200: { description: 'Profiles, and the modules that they are made of.', schema: hostProfileListSchema } },
    handle: () => hostSetups.profiles(),
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/host-setups',
    id: 'listHostSetups',
    tag: TAG,
    summary: 'Set-ups, newest first',
    permission: 'operate',
    query: listQuery,
    answers: { 200: { description: 'Without plans and reports.', schema: hostSetupListSchema } },
    handle: async ({ query }) => ({
      host_setups: await hostSetups.list({
        limit: query.limit,
        serverId: query.server_id === undefined ? undefined : toServerId(query.server_id),
        moid: query.moid === undefined ? undefined : toMoid(query.moid),
      }),
    }),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/host-setups',
    id: 'planHostSetup',
    tag: TAG,
    summary: 'Plan how a machine is set up; reads the machine and writes nothing there',
    permission: 'operate',
    body: hostSetupCreateSchema,
    answers: { 202: { ...ACCEPTED, headers: { Location: 'The set-up.' } } },
    problems: [
      'FLEET_MACHINE_UNKNOWN',
      'HOST_LOGIN_UNKNOWN',
      'HOST_KEY_UNCONFIRMED',
      'HOST_CONFIG_INVALID',
      'HOST_CONFIG_EMPTY',
      'HOST_PROFILE_UNKNOWN',
      'HOST_SETUP_PLUGINS',
      'HOST_SETUP_BUSY',
    ],
    handle: async ({ body, principal, reply }) => {
      const setup = await hostSetups.plan(body, { actor: principal.name });
      reply.header('location', `/api/v1/host-setups/${encodeURIComponent(setup.id)}`);
      return setup;
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/host-setups/{id}',
    id: 'getHostSetup',
    tag: TAG,
    summary: 'One set-up with its plan and what was done',
    permission: 'operate',
    params: idParams,
    answers: { 200: { description: 'As it is now.', schema: hostSetupSchema } },
    problems: ['HOST_SETUP_UNKNOWN'],
    handle: ({ params }) => hostSetups.find(params.id),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/host-setups/{id}/apply',
    id: 'applyHostSetup',
    tag: TAG,
    summary: 'Do what the plan says, if the machine is still as it was',
    permission: 'operate',
    params: idParams,
    body: hostSetupApplySchema,
    answers: { 202: ACCEPTED },
    problems: [...ACT_PROBLEMS, 'HOST_PREFLIGHT_PLAN_MOVED', 'HOST_SETUP_DANGERS'],
    handle: ({ body, params, principal }) => hostSetups.apply(params.id, body, { actor: principal.name }),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/host-setups/{id}/resume',
    id: 'resumeHostSetup',
    tag: TAG,
    summary: 'Go on with what was interrupted or failed; what is done already is not done again',
    permission: 'operate',
    params: idParams,
    answers: { 202: ACCEPTED },
    problems: ACT_PROBLEMS,
    handle: ({ params, principal }) => hostSetups.resume(params.id, { actor: principal.name }),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/host-setups/{id}/cancel',
    id: 'cancelHostSetup',
    tag: TAG,
    summary: 'End what goes on, in order',
    permission: 'operate',
    params: idParams,
    answers: { 202: { description: 'Asked to end; the operation tells when it has.', schema: hostSetupSchema } },
    problems: ['HOST_SETUP_UNKNOWN', 'HOST_SETUP_STATE'],
    handle: ({ params, principal }) => hostSetups.cancel(params.id, { actor: principal.name }),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/host-setups/{id}/roll-back',
    id: 'rollBackHostSetup',
    tag: TAG,
    summary: 'Take everything back that this set-up has changed',
    permission: 'operate',
    params: idParams,
    body: hostSetupRollBackSchema.prefault({}),
    answers: { 202: ACCEPTED },
    problems: ACT_PROBLEMS,
    handle: ({ body, params, principal }) => hostSetups.rollBack(params.id, body, { actor: principal.name }),
  }),
];
