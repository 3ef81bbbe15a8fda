import { serverSelectionSchema } from '@breakwater/contract';
import { toServerId } from '@breakwater/kernel';
import { z } from 'zod';
import { defineRoute, type Route } from '../http/route.ts';
import type { PortalServices } from './portal-services.ts';

export const createCircuitBreakerResetRoute = ({ fleet }: PortalServices): Route =>
  defineRoute({
    method: 'POST',
    path: '/api/v1/circuit-breaker/reset',
    id: 'resetCircuitBreaker',
    tag: 'Protection',
    summary: 'Close the circuit breaker of one server, or of all',
    permission: 'operate',
    body: serverSelectionSchema.prefault({}),
    answers: { 200: { description: 'Closed; the next failure counts from one.', schema: z.object({ status: z.literal('reset') }) } },
    problems: ['FLEET_SERVER_UNKNOWN', 'FLEET_JOURNAL_FAILED'],
    handle: async ({ body, principal }) => {
      await fleet.protection.reset(body.server_id === undefined ? undefined : toServerId(body.server_id), { actor: principal.name });
      return { status: 'reset' };
    },
  });
