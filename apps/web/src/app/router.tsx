import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  type SearchSchemaInput,
} from '@tanstack/react-router';
import { readBasePath } from '../api/base-path.ts';
import { MachinesPage } from '../machines/machines-page.tsx';
import { HomeLayout } from './home-layout.tsx';
import { type MachinesSearch, parseMachinesSearch } from './machines-search.ts';
import { BrokenPage, NotFoundPage } from './odd-pages.tsx';
import { sessionQuery } from './session-query.ts';
import { SignedInLayout } from './signed-in-layout.tsx';

const rootRoute = createRootRouteWithContext<{ readonly queries: QueryClient }>()({ notFoundComponent: NotFoundPage });

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: (raw: Record<string, unknown>): { next?: string } => (typeof raw['next'] === 'string' ? { next: raw['next'] } : {}),
  beforeLoad: async ({ context }) => {
    const session = await context.queries.fetchQuery(sessionQuery);
    if (session.setup_required) throw redirect({ to: '/setup' });
    if (session.person !== null) throw redirect({ to: '/' });
  },
  component: lazyRouteComponent(() => import('../access/sign-in-page.tsx'), 'SignInPage'),
});

const setupRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/setup',
  beforeLoad: async ({ context }) => {
    const session = await context.queries.fetchQuery(sessionQuery);
    if (!session.setup_required) throw redirect({ to: session.person === null ? '/sign-in' : '/' });
  },
  component: lazyRouteComponent(() => import('../access/setup-page.tsx'), 'SetupPage'),
});

const linkRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/link/$token',
  component: lazyRouteComponent(() => import('../access/link-page.tsx'), 'LinkPage'),
});

/** Everything below needs a session and has the live fleet. */
const signedInRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'signed-in',
  beforeLoad: async ({ context, location }) => {
    const session = await context.queries.fetchQuery({ ...sessionQuery, staleTime: 60_000 });
    if (session.setup_required) throw redirect({ to: '/setup' });
    if (session.person === null) throw redirect({ to: '/sign-in', search: location.href === '/' ? {} : { next: location.href } });
  },
  component: SignedInLayout,
});

const homeRoute = createRoute({ getParentRoute: () => signedInRoute, id: 'home', component: HomeLayout });

const machinesRoute = createRoute({
  getParentRoute: () => homeRoute,
  path: '/',
  // `SearchSchemaInput`: links may leave out what is as usual.
  validateSearch: (raw: Partial<MachinesSearch> & SearchSchemaInput) => parseMachinesSearch(raw),
  search: { middlewares: [({ search, next }) => toShortSearch(next(search))] },
  component: MachinesPage,
});

const machineRoute = createRoute({
  getParentRoute: () => homeRoute,
  path: '/machines/$serverId/$moid',
  component: lazyRouteComponent(() => import('../machine/machine-page.tsx'), 'MachinePage'),
});

const setUpMachineRoute = createRoute({
  getParentRoute: () => homeRoute,
  path: '/machines/$serverId/$moid/setup',
  validateSearch: (raw: Record<string, unknown>): { from?: string } => (typeof raw['from'] === 'string' ? { from: raw['from'] } : {}),
  component: lazyRouteComponent(() => import('../host-setup/start-page.tsx'), 'StartPage'),
});

const machineSetupRoute = createRoute({
  getParentRoute: () => homeRoute,
  path: '/machines/$serverId/$moid/setup/$setupId',
  component: lazyRouteComponent(() => import('../host-setup/setup-page.tsx'), 'SetupPage'),
});

const serversRoute = createRoute({
  getParentRoute: () => homeRoute,
  path: '/servers',
  validateSearch: (raw: Record<string, unknown>): { add?: 'yes' } => (raw['add'] === 'yes' ? { add: 'yes' } : {}),
  component: lazyRouteComponent(() => import('../servers/servers-page.tsx'), 'ServersPage'),
});

const healthRoute = createRoute({
  getParentRoute: () => homeRoute,
  path: '/health',
  component: lazyRouteComponent(() => import('../health/health-page.tsx'), 'HealthPage'),
});

const operationsRoute = createRoute({
  getParentRoute: () => homeRoute,
  path: '/operations',
  component: lazyRouteComponent(() => import('../operations/operations-page.tsx'), 'OperationsPage'),
});

const failedOperationsRoute = createRoute({
  getParentRoute: () => homeRoute,
  path: '/failed-operations',
  component: lazyRouteComponent(() => import('../failed-operations/failed-operations-page.tsx'), 'FailedOperationsPage'),
});

const accountRoute = createRoute({
  getParentRoute: () => homeRoute,
  path: '/account',
  component: lazyRouteComponent(() => import('../account/account-layout.tsx'), 'AccountLayout'),
});

const ownRoute = createRoute({
  getParentRoute: () => accountRoute,
  path: '/',
  component: lazyRouteComponent(() => import('../account/own-page.tsx'), 'OwnPage'),
});

const peopleRoute = createRoute({
  getParentRoute: () => accountRoute,
  path: '/people',
  component: lazyRouteComponent(() => import('../account/people-page.tsx'), 'PeoplePage'),
});

const tokensRoute = createRoute({
  getParentRoute: () => accountRoute,
  path: '/tokens',
  component: lazyRouteComponent(() => import('../account/tokens-page.tsx'), 'TokensPage'),
});

const loginsRoute = createRoute({
  getParentRoute: () => accountRoute,
  path: '/logins',
  component: lazyRouteComponent(() => import('../account/logins-page.tsx'), 'LoginsPage'),
});

const consoleRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/console/$serverId/$moid',
  component: lazyRouteComponent(() => import('../console/console-page.tsx'), 'ConsolePage'),
});

const routeTree = rootRoute.addChildren([
  signInRoute,
  setupRoute,
  linkRoute,
  signedInRoute.addChildren([
    homeRoute.addChildren([
      machinesRoute,
      machineRoute,
      setUpMachineRoute,
      machineSetupRoute,
      serversRoute,
      healthRoute,
      operationsRoute,
      failedOperationsRoute,
      accountRoute.addChildren([ownRoute, peopleRoute, tokensRoute, loginsRoute]),
    ]),
    consoleRoute,
  ]),
]);

export function createPageRouter(queries: QueryClient) {
  return createRouter({
    routeTree,
    basepath: readBasePath() === '' ? '/' : readBasePath(),
    context: { queries },
    defaultErrorComponent: BrokenPage,
    defaultPendingMinMs: 0,
    scrollRestoration: true,
  });
}

/** Leaves out of the address what says nothing. */
function toShortSearch<Search extends object>(search: Search): Search {
  const short = Object.fromEntries(
    Object.entries(search).filter(
      ([name, value]) => value !== '' && !(Array.isArray(value) && value.length === 0) && !(name === 'sort' && value === 'name'),
    ),
  );
  return short as Search;
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createPageRouter>;
  }
}
