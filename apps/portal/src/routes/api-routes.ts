import type { Authenticate, Route } from '../http/route.ts';
import { createBackgroundRefreshInvalidateRoute } from './background-refresh-invalidate.ts';
import { createCircuitBreakerResetRoute } from './circuit-breaker-reset.ts';
import { createDeadLetterRoutes } from './dead-letters.ts';
import { createEventRoutes } from './events.ts';
import { createHealthRoute } from './health.ts';
import { createHostKeyRoutes } from './host-keys.ts';
import { createHostLoginRoutes } from './host-logins.ts';
import { createHostSetupRoutes } from './host-setups.ts';
import { createMachineListRoutes } from './machine-lists.ts';
import { createMachinePowerRoute } from './machine-power.ts';
import { createOperationRoutes } from './operations.ts';
import type { PortalServices } from './portal-services.ts';
import { createProtectionActRoutes } from './protection-acts.ts';
import { createQueueStatsRoute } from './queue-stats.ts';
import { createResilienceRoutes } from './resilience.ts';
import { createScreenRoutes } from './screens.ts';
import { createServerActRoutes } from './server-acts.ts';
import { createServerStatsRoute } from './server-stats.ts';
import { createServerTestRoutes } from './server-tests.ts';
import { createServerRoutes } from './servers.ts';
import { createSnapshotRoute } from './snapshot.ts';

/** Every route about the fleet, in the order in which the documentation shows them. */
export const createApiRoutes = (services: PortalServices, options: { readonly authenticate: Authenticate }): readonly Route[] => [
  createHealthRoute(),
  ...createServerRoutes(services),
  ...createServerTestRoutes(services),
  ...createServerActRoutes(services),
  createServerStatsRoute(services),
  ...createMachineListRoutes(services),
  createMachinePowerRoute(services),
  ...createScreenRoutes(services),
  ...createOperationRoutes(services),
  ...createDeadLetterRoutes(services),
  ...createHostLoginRoutes(services),
  ...createHostKeyRoutes(services),
  ...createHostSetupRoutes(services),
  createSnapshotRoute(services),
  ...createEventRoutes(services, options),
  createQueueStatsRoute(services),
  createBackgroundRefreshInvalidateRoute(services),
  createCircuitBreakerResetRoute(services),
  ...createResilienceRoutes(services),
  ...createProtectionActRoutes(services),
];
