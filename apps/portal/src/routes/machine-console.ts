import type { Access, Principal } from '@breakwater/access';
import { type ConsoleSession, consoleRequestSchema, consoleSessionSchema } from '@breakwater/contract';
import { type MachineRef, OpsError } from '@breakwater/kernel';
import type { FastifyRequest } from 'fastify';
import type { ConsoleSessions } from '../console/console-sessions.ts';
import { machineParams, moidParams, toRef } from '../http/request-parts.ts';
import { type Call, defineRoute, type Route } from '../http/route.ts';
import { findMachineByMoid } from './find-machine.ts';
import type { PortalServices } from './portal-services.ts';

export interface ConsoleRouteOptions {
  readonly access: Access;
  readonly sessions: ConsoleSessions;
  readonly basePath: string;
  readonly publicUrl: string | null;
  /** The second console door, or null when consoles share the page's port. */
  readonly consolePort: number | null;
}

const body = consoleRequestSchema.prefault({});
const answers = {
  200: { description: 'A one-time session: open `ws_path` as a WebSocket within `expires_in` seconds.', schema: consoleSessionSchema },
};
const problems = ['FLEET_SERVER_UNKNOWN', 'FLEET_MACHINE_UNKNOWN', 'FLEET_MACHINE_OFF', 'PORTAL_CONSOLE_LIMIT'];

/** Looking on needs the right to read, as screens do; keys and pointer need the right to operate. */
export const createMachineConsoleRoutes = (services: PortalServices, options: ConsoleRouteOptions): readonly Route[] => [
  defineRoute({
    method: 'POST',
    path: '/api/v1/servers/{server_id}/vms/{moid}/console',
    id: 'openConsole',
    tag: 'Consoles',
    summary: 'Prepare a console; without `view_only` this needs the permission `operate`',
    permission: 'read',
    params: machineParams,
    body,
    answers,
    problems,
    handle: (call) => createSession(toRef(call.params), { call, services, options }),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/vms/{moid}/console',
    id: 'openConsoleByMoid',
    tag: 'Consoles',
    summary: 'Prepare a console of a machine whose id only one server has',
    permission: 'read',
    params: moidParams,
    body,
    answers,
    problems: [...problems, 'PORTAL_MACHINE_AMBIGUOUS'],
    handle: (call) => createSession(findMachineByMoid(services, call.params.moid), { call, services, options }),
  }),
];

interface Context {
  readonly call: Call<unknown, unknown, { readonly view_only: boolean }, Principal>;
  readonly services: PortalServices;
  readonly options: ConsoleRouteOptions;
}

function createSession(ref: MachineRef, { call, services, options }: Context): ConsoleSession {
  const { view_only: viewOnly } = call.body;
  if (!viewOnly && !options.access.may(call.principal, 'operate')) {
    throw new OpsError({
      code: 'PORTAL_FORBIDDEN',
      message: `Your role "${call.principal.role}" may look at consoles (view_only) but not use them.`,
      details: { permission: 'operate', role: call.principal.role },
    });
  }
  const machine = services.fleet.machine(ref);
  if (machine.power_state === 'poweredOff') {
    throw new OpsError({ code: 'FLEET_MACHINE_OFF', message: 'The machine is off, so it has no console.' });
  }
  // No ticket yet: it lives for seconds and is taken when the browser's socket is open.
  const session = options.sessions.create({ principalId: call.principal.id, ref, viewOnly });
  const path = `${options.basePath}/proxy/${session.id}`;
  return {
    session_id: session.id,
    ws_url: `${toSocketOrigin(call.request, options)}${path}`,
    ws_path: path,
    vm_name: machine.name,
    vm_moid: machine.moid,
    view_only: viewOnly,
    expires_in: Math.floor(session.expiresInMs / 1_000),
  };
}

function toSocketOrigin(request: FastifyRequest, options: ConsoleRouteOptions): string {
  // A proxy that ends TLS need not be a trusted one: PUBLIC_URL tells that its host is reached by TLS.
  const isPublic = options.publicUrl !== null && new URL(options.publicUrl).host === request.host;
  const isSecure = request.protocol === 'https' || (isPublic && options.publicUrl?.startsWith('https:') === true);
  const host = options.consolePort === null ? request.host : `${request.hostname}:${options.consolePort}`;
  return `${isSecure ? 'wss' : 'ws'}://${host}`;
}
