import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import type { Access } from '@breakwater/access';
import type { Fleet } from '@breakwater/fleet';
import type { HostSetups } from '@breakwater/host-config';
import { type Clock, createId, type Logger } from '@breakwater/kernel';
import type { FastifyInstance } from 'fastify';
import type { Config } from './config.ts';
import { createConsoles } from './create-consoles.ts';
import { EventHub } from './events/event-hub.ts';
import { createHostGuard } from './http/host-guard.ts';
import { createOriginGuard } from './http/origin-guard.ts';
import type { Route } from './http/route.ts';
import { createSecurityHeaders } from './http/security-headers.ts';
import { createUpgradeGuard, type UpgradeGuardOptions, type UpgradeHandler } from './http/upgrade-guard.ts';
import { ListBodies } from './live/list-bodies.ts';
import { LiveFleet } from './live/live-fleet.ts';
import { ResilienceReader } from './live/resilience-reader.ts';
import type { SharedStateFigures } from './metrics/collect-metrics.ts';
import { HttpFigures } from './metrics/http-figures.ts';
import { createLoopMeter } from './metrics/loop-meter.ts';
import { buildOpenapi } from './openapi/build-openapi.ts';
import { createPortalApp } from './portal-app.ts';
import { createApiRoutes } from './routes/api-routes.ts';
import { createDocumentationRoutes } from './routes/documentation.ts';
import { createMachineConsoleRoutes } from './routes/machine-console.ts';
import { createMetricsRoute } from './routes/metrics.ts';
import { createProbeRoutes } from './routes/probes.ts';
import { createSignIn } from './sign-in/create-sign-in.ts';
import { serveWeb } from './static/serve-web.ts';
import { loadWebFiles, type WebFiles } from './static/web-files.ts';

/** How long running requests may take to finish after `close`. */
const DRAIN_MS = 10_000;

export interface PortalOptions {
  readonly fleet: Fleet;
  readonly access: Access;
  readonly hostSetups: HostSetups;
  readonly config: Config;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Folder of the built web UI. */
  readonly webRoot: string;
  readonly version: string;
  /** What is shared with other portals; absent where nothing is. */
  readonly sharedState?: (() => SharedStateFigures) | undefined;
  /** Said to the page, so that it can show that the fleet is simulated. */
  readonly demo: boolean;
  /** Size of what is stored, for people who look after the portal. */
  readonly databaseBytes?: () => number;
}

export interface PortalAddress {
  readonly port: number;
  /** Where the page is, as seen from this machine. */
  readonly url: string;
}

export interface Portal {
  /** The HTTP server, for `inject` in tests. */
  readonly app: FastifyInstance;
  listen(): Promise<PortalAddress>;
  /** Tells streams and consoles, lets requests finish, then closes all sockets. */
  close(): Promise<void>;
}

export function createPortal(options: PortalOptions): Portal {
  const { fleet, access, config, clock, hostSetups, logger, version } = options;
  const boot = createId().replaceAll('-', '').slice(-12);
  const live = new LiveFleet(fleet);
  const pageLoop = createLoopMeter();
  const resilience = new ResilienceReader({
    fleet,
    clock,
    readLoopLagS: () => pageLoop.readS(),
    memoryBytes: () => process.memoryUsage.rss(),
    databaseBytes: options.databaseBytes ?? null,
    streamCount: () => hub.connectionCount,
    consoleCount: () => consoles.count(),
  });
  const hub = new EventHub({ fleet, live, resilience, clock, logger, boot });
  const lists = new ListBodies({ fleet, live, clock, boot });
  const http = new HttpFigures();
  const loop = createLoopMeter();
  const signIn = createSignIn({ ...config, access, clock, version, isDemo: options.demo });
  const consoles = createConsoles({
    fleet,
    access,
    clock,
    logger,
    unusedMs: config.sessionTimeoutMs,
    ticketTimeoutMs: config.ticketTimeoutMs,
    authenticateUpgrade: (request) => signIn.authenticateUpgrade(request),
  });
  const ignoreRights = access.onRightsChanged(() => {
    hub.checkReaders();
    consoles.checkRights();
  });
  const services = { fleet, live, lists, hub, hostSetups, resilience, version };
  const guardHost = createHostGuard({ ...config, ownName: hostname() });
  const guardOrigin = createOriginGuard(config);
  let web: WebFiles = new Map();
  let isReady = false;

  const routes: Route[] = [
    ...createApiRoutes(services, signIn),
    ...createMachineConsoleRoutes(services, { ...config, access, sessions: consoles.sessions, consolePort: config.wsProxyPort }),
    ...signIn.routes,
    ...createProbeRoutes({ isReady: () => isReady }),
    createMetricsRoute({
      access,
      isPublic: config.metricsPublic,
      sources: {
        fleet,
        http,
        streamCount: () => hub.connectionCount,
        consoleCount: consoles.count,
        readLoopLagS: () => loop.readS(),
        memoryBytes: () => process.memoryUsage.rss(),
        sharedState: options.sharedState,
      },
    }),
  ];
  routes.push(...createDocumentationRoutes({ openapi: () => buildOpenapi(routes, { version, basePath: config.basePath }) }));

  const app = createPortalApp({
    ...options,
    authenticate: (request) => signIn.authenticate(request),
    routes,
    http,
    basePath: config.basePath,
    trustedProxies: config.trustedProxies,
    guardHost,
    guardOrigin,
    headers: createSecurityHeaders({ consolePort: config.wsProxyPort }),
    serveRest: (request, reply) => serveWeb(request, reply, web),
  });
  const upgrades: Omit<UpgradeGuardOptions, 'compare'> = {
    basePath: config.basePath,
    guardHost,
    guardOrigin,
    handle: consoles.handleUpgrade,
    createRequestId: createId,
  };
  app.server.on('upgrade', createUpgradeGuard({ ...upgrades, compare: 'host' }));
  app.addHook('onReady', async () => {
    web = await loadWebFiles(options.webRoot, { basePath: config.basePath });
    await live.load();
    isReady = true;
  });
  const door = config.wsProxyPort === null ? null : createConsoleDoor(createUpgradeGuard({ ...upgrades, compare: 'name' }));

  return {
    app,
    async listen() {
      await app.listen({ port: config.port, host: config.host });
      if (door !== null && config.wsProxyPort !== null) {
        await listenOn(door, { port: config.wsProxyPort, host: config.wsProxyHost ?? config.host });
      }
      const { port } = app.server.address() as AddressInfo;
      return { port, url: `http://${toUrlHost(config.host)}:${port}${config.basePath}/` };
    },
    async close() {
      isReady = false;
      const patience = clock.after(DRAIN_MS, () => app.server.closeAllConnections(), { keepAlive: true });
      door?.close();
      ignoreRights();
      await hub.close();
      await consoles.close();
      await app.close();
      patience.cancel();
      door?.closeAllConnections();
      live.close();
      loop.close();
      pageLoop.close();
    },
  };
}

/** The second door speaks WebSocket only; its plain answer lets a person see that the port is reachable. */
function createConsoleDoor(handleUpgrade: UpgradeHandler): HttpServer {
  const door = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
    response.end('Breakwater console door: open consoles from the page.\n');
  });
  return door.on('upgrade', handleUpgrade);
}

const listenOn = (server: HttpServer, address: { readonly port: number; readonly host: string }): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });

/** An address that means "all" is reached by localhost. */
function toUrlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
