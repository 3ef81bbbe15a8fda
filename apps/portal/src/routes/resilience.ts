import { historySpanSchema, LIMIT_RANGES, resilienceHistorySchema, resilienceSchema } from '@breakwater/contract';
import { toServerId } from '@breakwater/kernel';
import { z } from 'zod';
import { serverParams } from '../http/request-parts.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { PortalServices } from './portal-services.ts';

const historyQuery = z.object({ span: historySpanSchema.default('1h') }).strict();

export const createResilienceRoutes = ({ fleet, resilience }: PortalServices): readonly Route[] => [
  defineRoute({
    method: 'GET',
    path: '/api/v1/resilience',
    id: 'getResilience',
    tag: 'Protection',
    summary: 'How every server is protected now, what a person should look at, and the presets of limits',
    permission: 'read',
    answers: { 200: { description: 'The figures now; times in milliseconds.', schema: resilienceSchema } },
    handle: () => {
      const { presets, configuredLimits } = fleet.protection;
      return { ...resilience.read(), presets, configured_limits: configuredLimits, limit_ranges: LIMIT_RANGES };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/servers/{server_id}/resilience/history',
    id: 'getResilienceHistory',
    tag: 'Protection',
    summary: 'What the protection of a server did: the last hour in steps of 10 s, or the last day in steps of 5 min',
    permission: 'read',
    params: serverParams,
    query: historyQuery,
    answers: { 200: { description: 'One value per step; null where nothing was measured.', schema: resilienceHistorySchema } },
    problems: ['FLEET_SERVER_UNKNOWN'],
    handle: ({ params, query }) => fleet.protection.history(toServerId(params.server_id), query.span),
  }),
];
