import type { Access } from '@breakwater/access';
import type { Clock } from '@breakwater/kernel';
import type { Route } from '../http/route.ts';
import { type Authenticator, createAuthenticator } from './authenticator.ts';
import { createOwnSessionRoutes } from './own-session-routes.ts';
import { createPeopleRoutes } from './people-routes.ts';
import { SessionCookie } from './session-cookie.ts';
import { createSessionRoutes } from './session-routes.ts';
import { createTokenRoutes } from './token-routes.ts';

export interface SignInOptions {
  readonly access: Access;
  readonly clock: Clock;
  /** `''` or `/breakwater`. */
  readonly basePath: string;
  readonly publicUrl: string | null;
  readonly version: string;
  readonly isDemo: boolean;
}

export interface SignIn extends Authenticator {
  readonly routes: readonly Route[];
}

/** Everything the portal needs to know who somebody is: reading cookies and tokens, and the routes that give them out. */
export function createSignIn(options: SignInOptions): SignIn {
  const cookie = new SessionCookie(options);
  return {
    ...createAuthenticator({ access: options.access, cookie }),
    routes: [
      ...createSessionRoutes({ ...options, cookie }),
      ...createOwnSessionRoutes({ ...options, cookie }),
      ...createPeopleRoutes(options),
      ...createTokenRoutes(options),
    ],
  };
}
