import { serverSelectionSchema } from '@breakwater/contract';
import { toServerId } from '@breakwater/kernel';
import { z } from 'zod';
import { defineRoute, type Route } from '../http/route.ts';
import type { PortalServices } from './portal-services.ts';

export const createBackgroundRefreshInvalidateRoute = ({ fleet }: PortalServices): Route =>
  defineRoute({
    method: 'POST',
    path: '/api/v1/background-refresh/invalidate',
    id: 'invalidateBackgroundRefresh',
    tag: 'Protection',
    summary: 'Read the inventory of one server, or of all, from scratch',
    permission: 'operate',
    body: serverSelectionSchema.prefault({}),
    answers: {
      200: {
        description: 'It is read again in the background; what is known stays.',
        schema: z.object({ success: z.boolean(), message: z.string() }),
      },
    },
    problems: ['FLEET_SERVER_UNKNOWN'],
    handle: ({ body }) => {
      fleet.invalidate(body.server_id === undefined ? undefined : toServerId(body.server_id));
      return { success: true, message: 'The inventory is read again in the background.' };
    },
  });
