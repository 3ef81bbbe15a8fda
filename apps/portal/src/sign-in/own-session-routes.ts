import type { Access, OwnSessionRef, Principal } from '@breakwater/access';
import { ownSessionListSchema, passwordChangeSchema } from '@breakwater/contract';
import { OpsError, Secret } from '@breakwater/kernel';
import type { FastifyRequest } from 'fastify';
import { idParams } from '../http/request-parts.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { toCookieQuestion } from './authenticator.ts';
import type { SessionCookie } from './session-cookie.ts';

export interface OwnSessionRoutesOptions {
  readonly access: Access;
  readonly cookie: SessionCookie;
}

interface Asking {
  readonly principal: Principal;
  readonly request: FastifyRequest;
}

/** What everybody may do with the own password and sessions, whatever the role. */
export function createOwnSessionRoutes({ access, cookie }: OwnSessionRoutesOptions): readonly Route[] {
  const toOwn = ({ principal, request }: Asking): OwnSessionRef => {
    const sessionSecret = principal.via === 'session' ? cookie.read(toCookieQuestion(request)) : null;
    if (sessionSecret === null) {
      throw new OpsError({
        code: 'PORTAL_SESSION_REQUIRED',
        message: 'This is for people who have signed in. An API token has no password and no sessions.',
      });
    }
    return { personId: principal.id, sessionSecret };
  };

  return [
    defineRoute({
      method: 'PUT',
      path: '/api/v1/session/password',
      id: 'changeOwnPassword',
      tag: 'Access',
      summary: 'Change your own password; ends your other sessions and keeps this one',
      permission: 'read',
      body: passwordChangeSchema,
      answers: { 204: { description: 'Changed.' } },
      problems: ['ACCESS_PASSWORD_WRONG', 'ACCESS_TOO_MANY_ATTEMPTS', 'PORTAL_SESSION_REQUIRED'],
      handle: async (call) => {
        const { body, request } = call;
        await access.changeOwnPassword(toOwn(call), {
          currentPassword: new Secret(body.current_password),
          newPassword: new Secret(body.new_password),
          address: request.ip,
        });
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/v1/session/sessions',
      id: 'listOwnSessions',
      tag: 'Access',
      summary: 'Where you are signed in',
      permission: 'read',
      answers: { 200: { description: 'Your own sessions, last used first.', schema: ownSessionListSchema } },
      problems: ['PORTAL_SESSION_REQUIRED'],
      handle: (call) => access.ownSessions(toOwn(call)),
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/v1/session/sessions',
      id: 'endOtherSessions',
      tag: 'Access',
      summary: 'End all your sessions but this one',
      permission: 'read',
      answers: { 204: { description: 'Only the session that asked is left.' } },
      problems: ['PORTAL_SESSION_REQUIRED'],
      handle: (call) => access.endOtherSessions(toOwn(call)),
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/v1/session/sessions/{id}',
      id: 'endOwnSession',
      tag: 'Access',
      summary: 'End one of your sessions',
      permission: 'read',
      params: idParams,
      answers: { 204: { description: 'The session is over.' } },
      problems: ['ACCESS_SESSION_UNKNOWN', 'PORTAL_SESSION_REQUIRED'],
      handle: (call) => access.endOwnSession(toOwn(call), { id: call.params.id }),
    }),
  ];
}
