import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Access, Principal } from '@breakwater/access';
import type { FastifyRequest } from 'fastify';
import type { Authenticate } from '../http/route.ts';
import type { CookieQuestion, SessionCookie } from './session-cookie.ts';

export interface Authenticator {
  readonly authenticate: Authenticate;
  /** For upgrades, which never become a Fastify request. */
  readonly authenticateUpgrade: (request: IncomingMessage) => Promise<Principal | null>;
}

export function createAuthenticator(options: { readonly access: Access; readonly cookie: SessionCookie }): Authenticator {
  const { access, cookie } = options;

  const find = async (authorization: string | undefined, question: CookieQuestion): Promise<Principal | null> => {
    // Who sends the header means it: a wrong token must not quietly become the browser's session.
    if (authorization !== undefined) {
      const token = /^Bearer +([\x21-\x7e]{1,1024})$/i.exec(authorization)?.[1];
      return token === undefined ? null : access.findByToken(token);
    }
    const secret = cookie.read(question);
    return secret === null ? null : access.findBySession(secret);
  };

  return {
    authenticate: (request) => find(request.headers.authorization, toCookieQuestion(request)),
    authenticateUpgrade: (request) =>
      find(request.headers.authorization, {
        header: request.headers.cookie,
        host: request.headers.host,
        isTls: (request.socket as Partial<TLSSocket>).encrypted === true,
      }),
  };
}

export function toCookieQuestion(request: FastifyRequest): CookieQuestion {
  return { header: request.headers.cookie, host: request.host, isTls: request.protocol === 'https' };
}
