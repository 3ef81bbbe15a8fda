import { operationListSchema, operationSchema } from '@breakwater/contract';
import { toMoid, toOperationId, toServerId } from '@breakwater/kernel';
import { z } from 'zod';
import { idParams, optionalId } from '../http/request-parts.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { PortalServices } from './portal-services.ts';

const listQuery = z
  .object({
    limit: z.coerce.number().int().min(1).max(200).default(50),
    before: optionalId,
    server_id: optionalId,
    moid: optionalId,
  })
  .strict();

export const createOperationRoutes = ({ fleet }: PortalServices): readonly Route[] => [
  defineRoute({
    method: 'GET',
    path: '/api/v1/operations',
    id: 'listOperations',
    tag: 'Operations',
    summary: 'The journal, newest first; `before` takes the `next_cursor` of the page before',
    permission: 'read',
    query: listQuery,
    answers: { 200: { description: 'One page.', schema: operationListSchema } },
    handle: async ({ query }) => {
      // One more than asked for tells whether there is a next page.
      const found = await fleet.operations({
        limit: query.limit + 1,
        before: query.before === undefined ? undefined : toOperationId(query.before),
        serverId: query.server_id === undefined ? undefined : toServerId(query.server_id),
        moid: query.moid === undefined ? undefined : toMoid(query.moid),
      });
      const operations = found.slice(0, query.limit);
      return { operations, next_cursor: found.length > query.limit ? (operations.at(-1)?.id ?? null) : null };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/operations/{id}',
    id: 'getOperation',
    tag: 'Operations',
    summary: 'One operation',
    permission: 'read',
    params: idParams,
    answers: { 200: { description: 'The operation as it is now.', schema: operationSchema } },
    problems: ['FLEET_OPERATION_UNKNOWN'],
    handle: ({ params }) => fleet.operation(toOperationId(params.id)),
  }),
];
