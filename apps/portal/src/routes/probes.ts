import { OpsError } from '@breakwater/kernel';
import { z } from 'zod';
import { definePublicRoute, type Route } from '../http/route.ts';

const statusSchema = z.object({ status: z.string() });

/** For supervisors: alive as long as the process answers, ready while it takes requests. Servers in trouble change neither. */
export const createProbeRoutes = (options: { readonly isReady: () => boolean }): readonly Route[] => [
  definePublicRoute({
    method: 'GET',
    path: '/healthz',
    id: 'getLiveness',
    tag: 'Health',
    summary: 'Whether the process is alive',
    answers: { 200: { description: 'Alive.', schema: statusSchema } },
    handle: () => ({ status: 'alive' }),
  }),
  definePublicRoute({
    method: 'GET',
    path: '/readyz',
    id: 'getReadiness',
    tag: 'Health',
    summary: 'Whether requests are taken now',
    answers: {
      200: { description: 'Ready.', schema: statusSchema },
      503: { description: 'Starting or stopping.' },
    },
    handle: () => {
      if (!options.isReady()) throw new OpsError({ code: 'PORTAL_NOT_READY', message: 'The portal is starting or stopping.' });
      return { status: 'ready' };
    },
  }),
];
