import type { IncomingMessage } from 'node:http';
import type { Access, Principal } from '@breakwater/access';
import type { Fleet } from '@breakwater/fleet';
import { type Clock, createId, isOpsError, type Logger } from '@breakwater/kernel';
import { ConsoleSessions } from './console/console-sessions.ts';
import { type ConsoleNews, createConsoleUpgradeHandler } from './console/create-console-upgrade-handler.ts';
import { RightsWatch } from './http/rights-watch.ts';
import { refuseUpgrade, type UpgradeHandler } from './http/upgrade-guard.ts';

/** A person with more windows than this has forgotten some. */
const MAX_CONSOLES_PER_PRINCIPAL = 64;
/** Half of the connections that an ESXi host's front end has for everybody. */
const MAX_CONSOLES_PER_SERVER = 64;
/** A console in use sends requests for pictures all the time, also when only looked at. */
const IDLE_MS = 30 * 60_000;
const MAX_LIFE_MS = 12 * 3_600_000;
const RIGHTS_INTERVAL_MS = 15_000;

export interface ConsolesOptions {
  readonly fleet: Fleet;
  readonly access: Access;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly unusedMs: number;
  readonly ticketTimeoutMs: number;
  readonly authenticateUpgrade: (request: IncomingMessage) => Promise<Principal | null>;
}

export interface Consoles {
  readonly sessions: ConsoleSessions;
  readonly handleUpgrade: UpgradeHandler;
  readonly count: () => number;
  /** Ends what nobody may use any more, now. */
  readonly checkRights: () => void;
  close(): Promise<void>;
}

/** Wires console sessions, their upgrade and the watch over who may go on using them. */
export function createConsoles(options: ConsolesOptions): Consoles {
  const { access, authenticateUpgrade, clock, fleet, logger } = options;
  const sessions = new ConsoleSessions({
    clock,
    unusedMs: options.unusedMs,
    maxPerPrincipal: MAX_CONSOLES_PER_PRINCIPAL,
    maxPerServer: MAX_CONSOLES_PER_SERVER,
  });
  const watch = new RightsWatch({ clock, logger, intervalMs: RIGHTS_INTERVAL_MS });
  const handler = createConsoleUpgradeHandler({
    sessions,
    clock,
    async authenticate(request) {
      const principal = await authenticateUpgrade(request);
      if (principal === null) return null;
      watchRights(request, principal);
      return { id: principal.id, may: (permission) => access.may(principal, permission) };
    },
    openConsole: (ref, { signal }) => fleet.openConsole(ref, { signal }),
    // `openConsole` lets no target through that is not the machine's server or one of the hosts it manages.
    checkTarget: () => undefined,
    refuse(socket, error) {
      const requestId = createId();
      if (!isOpsError(error)) logger.error('A console could not be opened', { request: requestId, error });
      refuseUpgrade(socket, { error, requestId });
    },
    ticketTimeoutMs: options.ticketTimeoutMs,
    idleMs: IDLE_MS,
    maxMs: MAX_LIFE_MS,
    onNews: (news) => logNews(logger, news),
  });

  const watchRights = (request: IncomingMessage, opener: Principal): void => {
    const { socket } = request;
    // Whoever has left already closes no second time, and would be watched for ever.
    if (socket.destroyed) return;
    const forget = watch.add({
      async isStillAllowed() {
        const principal = await authenticateUpgrade(request);
        return principal?.role === opener.role && access.may(principal, 'read');
      },
      end: () => socket.destroy(),
    });
    socket.once('close', forget);
  };

  return {
    sessions,
    handleUpgrade: handler.handle,
    count: handler.count,
    checkRights: () => watch.checkNow(),
    async close() {
      watch.close();
      await handler.close();
    },
  };
}

function logNews(logger: Logger, news: ConsoleNews): void {
  const { principalId, ref, viewOnly } = news.session;
  const fields = { person: principalId, server: ref.serverId, moid: ref.moid, view_only: viewOnly };
  if (news.kind === 'opened') logger.info('Console opened', fields);
  else if (news.kind === 'closed') logger.info('Console closed', { ...fields, outcome: news.outcome });
  else logger.warn('Console failed', { ...fields, error: news.error });
}
