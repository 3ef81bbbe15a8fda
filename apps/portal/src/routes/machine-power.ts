import { operationSchema, powerRequestSchema } from '@breakwater/contract';
import { machineParams, toRef } from '../http/request-parts.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { PortalServices } from './portal-services.ts';

export const createMachinePowerRoute = ({ fleet }: PortalServices): Route =>
  defineRoute({
    method: 'POST',
    path: '/api/v1/servers/{server_id}/vms/{moid}/power',
    id: 'powerMachine',
    tag: 'Machines',
    summary: 'Switch a machine on or off, or ask its guest to',
    permission: 'operate',
    params: machineParams,
    body: powerRequestSchema,
    answers: {
      202: {
        description: 'Accepted and written into the journal; it goes on in the background.',
        schema: operationSchema,
        headers: { Location: 'The operation.' },
      },
    },
    problems: ['FLEET_SERVER_UNKNOWN', 'FLEET_MACHINE_UNKNOWN', 'FLEET_POWER_REFUSED'],
    handle: async ({ params, body, principal, reply }) => {
      const operation = await fleet.power(toRef(params), body.verb, { actor: principal.name });
      reply.header('location', `/api/v1/operations/${encodeURIComponent(operation.id)}`);
      return operation;
    },
  });
