import type { Access, OpenedSession, Principal } from '@breakwater/access';
import { linkRequestSchema, type Person, type Session, sessionSchema, setupRequestSchema, signInRequestSchema } from '@breakwater/contract';
import { type Clock, Secret } from '@breakwater/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { definePublicRoute, type Route } from '../http/route.ts';
import { toCookieQuestion } from './authenticator.ts';
import { describeDevice } from './describe-device.ts';
import type { SessionCookie } from './session-cookie.ts';

export interface SessionRoutesOptions {
  readonly access: Access;
  readonly cookie: SessionCookie;
  readonly clock: Clock;
  readonly version: string;
  readonly isDemo: boolean;
}

const OPENED = {
  200: { description: 'Signed in; the cookie holds the session.', schema: sessionSchema, headers: { 'Set-Cookie': 'The session.' } },
};

export function createSessionRoutes(options: SessionRoutesOptions): readonly Route[] {
  const { access, clock, cookie } = options;

  const describe = async (person: Person | null): Promise<Session> => ({
    setup_required: await access.isSetupRequired(),
    person,
    version: options.version,
    demo: options.isDemo,
  });

  const findPerson = (principal: Principal | null): Promise<Person | null> =>
    principal?.via === 'session' ? access.person(principal.id) : Promise.resolve(null);

  /** The session that the browser held until now ends, so that nothing is left behind that nobody can see or close. */
  const enter = async (session: OpenedSession, { request, reply }: { request: FastifyRequest; reply: FastifyReply }): Promise<Session> => {
    const question = toCookieQuestion(request);
    const former = cookie.read(question);
    if (former !== null) await access.signOut(former);
    const maxAgeS = Math.max(0, Math.floor((session.expiresAtWallMs - clock.wall()) / 1_000));
    reply.header('set-cookie', cookie.write(session.secret.reveal(), { question, maxAgeS }));
    return describe(session.person);
  };

  return [
    definePublicRoute({
      method: 'GET',
      path: '/api/v1/session',
      id: 'getSession',
      tag: 'Access',
      summary: 'Who is signed in, and whether the first administrator is still to be made',
      answers: { 200: { description: '`person` is null for strangers and for API tokens.', schema: sessionSchema } },
      handle: async ({ principal }) => describe(await findPerson(principal)),
    }),
    definePublicRoute({
      method: 'POST',
      path: '/api/v1/session',
      id: 'signIn',
      tag: 'Access',
      summary: 'Sign in with name and password',
      body: signInRequestSchema,
      answers: OPENED,
      problems: ['ACCESS_SIGN_IN_FAILED', 'ACCESS_TOO_MANY_ATTEMPTS'],
      handle: async ({ body, request, reply }) => {
        const session = await access.signIn({
          username: body.username,
          password: new Secret(body.password),
          address: request.ip,
          device: describeDevice(request.headers['user-agent']),
        });
        return enter(session, { request, reply });
      },
    }),
    definePublicRoute({
      method: 'POST',
      path: '/api/v1/session/link',
      id: 'signInByLink',
      tag: 'Access',
      summary: 'Sign in with a one-time link',
      body: linkRequestSchema,
      answers: OPENED,
      problems: ['ACCESS_LINK_INVALID', 'ACCESS_TOO_MANY_ATTEMPTS'],
      handle: async ({ body, request, reply }) =>
        enter(
          await access.signInByLink({ token: body.token, address: request.ip, device: describeDevice(request.headers['user-agent']) }),
          { request, reply },
        ),
    }),
    definePublicRoute({
      method: 'DELETE',
      path: '/api/v1/session',
      id: 'signOut',
      tag: 'Access',
      summary: 'Sign out',
      answers: { 204: { description: 'The session is over, if there was one.' } },
      handle: async ({ request, reply }) => {
        const question = toCookieQuestion(request);
        const secret = cookie.read(question);
        if (secret !== null) await access.signOut(secret);
        reply.header('set-cookie', cookie.clear(question));
      },
    }),
    definePublicRoute({
      method: 'POST',
      path: '/api/v1/setup',
      id: 'setUp',
      tag: 'Access',
      summary: 'Make the first administrator, with the one-time token that is printed at the start',
      body: setupRequestSchema,
      answers: OPENED,
      problems: ['ACCESS_SETUP_TOKEN_WRONG', 'ACCESS_SETUP_DONE', 'ACCESS_TOO_MANY_ATTEMPTS'],
      handle: async ({ body, request, reply }) => {
        const session = await access.setUp({
          token: body.token,
          username: body.username,
          password: new Secret(body.password),
          device: describeDevice(request.headers['user-agent']),
        });
        return enter(session, { request, reply });
      },
    }),
  ];
}
