import { queueStatsSchema } from '@breakwater/contract';
import { defineRoute, type Route } from '../http/route.ts';
import type { PortalServices } from './portal-services.ts';

export const createQueueStatsRoute = ({ fleet }: PortalServices): Route =>
  defineRoute({
    method: 'GET',
    path: '/api/v1/queue/stats',
    id: 'getQueueStats',
    tag: 'Protection',
    summary: 'Queues, pools and circuit breakers, summed and per server; times in seconds',
    permission: 'read',
    answers: { 200: { description: 'The figures now.', schema: queueStatsSchema } },
    handle: () => fleet.queueStats(),
  });
