import { limitsRequestSchema, pauseRequestSchema, serverResilienceSchema, tripRequestSchema } from '@breakwater/contract';
import { toServerId } from '@breakwater/kernel';
import type { z } from 'zod';
import { serverParams } from '../http/request-parts.ts';
import { defineRoute, type HttpMethod, type Route } from '../http/route.ts';
import type { PortalServices } from './portal-services.ts';

const MINUTE_MS = 60_000;
const toMs = (minutes: number | null): number | null => (minutes === null ? null : minutes * MINUTE_MS);
const PROBLEMS = ['FLEET_SERVER_UNKNOWN', 'FLEET_JOURNAL_FAILED'];

/** Acts on one server's protection. Each is written into the journal with what held before and after. */
export const createProtectionActRoutes = ({ fleet }: PortalServices): readonly Route[] => {
  const { protection } = fleet;
  const defineAct = <Body extends z.ZodType = z.ZodUndefined>(act: {
    readonly method: HttpMethod;
    readonly path: string;
    readonly id: string;
    readonly summary: string;
    readonly done: string;
    readonly body?: Body;
    readonly problems?: readonly string[];
    readonly run: (
      serverId: ReturnType<typeof toServerId>,
      call: { readonly body: z.output<Body>; readonly actor: string },
    ) => Promise<void>;
  }): Route =>
    defineRoute({
      method: act.method,
      path: act.path,
      id: act.id,
      tag: 'Protection',
      summary: act.summary,
      permission: 'operate',
      params: serverParams,
      ...(act.body === undefined ? {} : { body: act.body }),
      answers: { 200: { description: act.done, schema: serverResilienceSchema } },
      problems: [...PROBLEMS, ...(act.problems ?? [])],
      handle: async ({ params, body, principal }) => {
        const id = toServerId(params.server_id);
        await act.run(id, { body: body as z.output<Body>, actor: principal.name });
        return protection.server(id);
      },
    });
  return [
    defineAct({
      method: 'POST',
      path: '/api/v1/servers/{server_id}/circuit-breaker/trip',
      id: 'tripCircuitBreaker',
      summary: 'Open the circuit breaker by hand: for a time without any request, or as failures would',
      done: 'Open; the server as it is protected now.',
      body: tripRequestSchema.prefault({}),
      problems: ['FLEET_SERVER_PAUSED', 'FLEET_SERVER_DISABLED', 'FLEET_PASSWORD_MISSING', 'FLEET_LINK_REFUSED'],
      run: (id, { body, actor }) => {
        const reason = body.reason ?? null;
        return body.mode === 'trip'
          ? protection.trip(id, { actor, reason })
          : protection.isolate(id, { actor, reason, forMs: toMs(body.minutes) });
      },
    }),
    defineAct({
      method: 'POST',
      path: '/api/v1/servers/{server_id}/circuit-breaker/reset',
      id: 'resetServerCircuitBreaker',
      summary: 'Close the circuit breaker of this server, also one that was opened by hand',
      done: 'Closed; the next failure counts from one.',
      run: (id, { actor }) => protection.reset(id, { actor }),
    }),
    defineAct({
      method: 'POST',
      path: '/api/v1/servers/{server_id}/polling/pause',
      id: 'pausePolling',
      summary: 'Read nothing by itself for a time; what a person does still goes to the server',
      done: 'Paused; the age of the data grows until it ends.',
      body: pauseRequestSchema.prefault({}),
      run: (id, { body, actor }) => protection.pausePolling(id, { actor, forMs: toMs(body.minutes) }),
    }),
    defineAct({
      method: 'POST',
      path: '/api/v1/servers/{server_id}/polling/resume',
      id: 'resumePolling',
      summary: 'Read by itself again, beginning with everything',
      done: 'Goes on.',
      run: (id, { actor }) => protection.resumePolling(id, { actor }),
    }),
    defineAct({
      method: 'PUT',
      path: '/api/v1/servers/{server_id}/limits',
      id: 'setLimits',
      summary: 'Set limits for a time, by a preset or by numbers within safe ranges',
      done: 'Set; they end by themselves, or when somebody reverts them.',
      body: limitsRequestSchema,
      problems: ['FLEET_LIMITS_INVALID'],
      run: (id, { body, actor }) => {
        const { preset, limits, minutes } = body;
        return protection.setLimits(id, { preset, limits }, { actor, forMs: toMs(minutes) });
      },
    }),
    defineAct({
      method: 'DELETE',
      path: '/api/v1/servers/{server_id}/limits',
      id: 'revertLimits',
      summary: 'Go back to the limits of the settings',
      done: 'As configured again.',
      run: (id, { actor }) => protection.revertLimits(id, { actor }),
    }),
  ];
};
