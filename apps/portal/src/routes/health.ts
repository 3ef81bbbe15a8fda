import { z } from 'zod';
import { definePublicRoute, type Route } from '../http/route.ts';

/** Spec 02's check: the program answers. Nothing about the fleet is said to strangers. */
export const createHealthRoute = (): Route =>
  definePublicRoute({
    method: 'GET',
    path: '/api/v1/health',
    id: 'getHealth',
    tag: 'Health',
    summary: 'Whether the program answers',
    answers: { 200: { description: 'It does.', schema: z.object({ status: z.string(), service: z.string() }) } },
    handle: () => ({ status: 'ok', service: 'breakwater' }),
  });
