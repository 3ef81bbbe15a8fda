import { deadLetterDiscardSchema, deadLetterListSchema, deadLetterRetriedSchema, deadLetterRetrySchema } from '@breakwater/contract';
import { toServerId } from '@breakwater/kernel';
import { z } from 'zod';
import { idParams, optionalId } from '../http/request-parts.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { PortalServices } from './portal-services.ts';

const listQuery = z.object({ limit: z.coerce.number().int().min(1).max(500).default(500), server_id: optionalId }).strict();

export const createDeadLetterRoutes = ({ fleet }: PortalServices): readonly Route[] => [
  defineRoute({
    method: 'GET',
    path: '/api/v1/dead-letters',
    id: 'listDeadLetters',
    tag: 'Operations',
    summary: 'Operations that were lost on the way, newest failure first',
    permission: 'read',
    query: listQuery,
    answers: { 200: { description: 'What is kept now, and how many there are in all.', schema: deadLetterListSchema } },
    handle: ({ query }) =>
      fleet.failedOperations({
        limit: query.limit,
        serverId: query.server_id === undefined ? undefined : toServerId(query.server_id),
      }),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/dead-letters/{id}/retry',
    id: 'retryDeadLetter',
    tag: 'Operations',
    summary: 'Ask the machine, and do the operation again if it is not yet as wanted',
    permission: 'operate',
    params: idParams,
    body: deadLetterRetrySchema.prefault({}),
    answers: {
      200: { description: 'The machine is already as wanted; nothing was sent and the letter is gone.', schema: deadLetterRetriedSchema },
      202: {
        description: 'Sent again; the letter goes when it succeeds.',
        schema: deadLetterRetriedSchema,
        headers: { Location: 'The operation.' },
      },
    },
    problems: ['FLEET_DEAD_LETTER_UNKNOWN', 'FLEET_REPETITION_NOT_ACCEPTED', 'FLEET_POWER_REFUSED', 'FLEET_SERVER_UNKNOWN'],
    handle: async ({ params, body, principal, signal, reply }) => {
      const retried = await fleet.retryFailedOperation(params.id, {
        actor: principal.name,
        repetition: body.accept_repetition ? 'accepted' : 'refused',
        signal,
      });
      if (retried.outcome === 'begun') {
        reply.code(202).header('location', `/api/v1/operations/${encodeURIComponent(retried.operation.id)}`);
      }
      return retried;
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/api/v1/dead-letters/{id}',
    id: 'discardDeadLetter',
    tag: 'Operations',
    summary: 'Give a lost operation up; the reason goes into the journal',
    permission: 'operate',
    params: idParams,
    body: deadLetterDiscardSchema,
    answers: { 204: { description: 'It is no longer kept.' } },
    problems: ['FLEET_DEAD_LETTER_UNKNOWN'],
    handle: async ({ params, body, principal }) => {
      await fleet.discardFailedOperation(params.id, { actor: principal.name, reason: body.reason });
    },
  }),
];
