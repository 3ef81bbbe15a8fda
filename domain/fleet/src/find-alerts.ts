import { ALERT_RULES, type Alert, type AlertKind, type ServerResilience } from '@breakwater/contract';

const MINUTE_MS = 60_000;

/** What a person should look at, the pressing first. */
export function findAlerts(server: Omit<ServerResilience, 'alerts'>, options: { readonly dataAgeMs: number | null }): Alert[] {
  const { dataAgeMs } = options;
  const { breaker, requests, pool } = server;
  const alerts: Alert[] = [];
  const tell = (kind: AlertKind, value: number): void => void alerts.push({ kind, ...ALERT_RULES[kind], value });
  if (breaker.state === 'open') tell('breaker_open', breaker.failures);
  if (server.linked && pool.available === 0 && pool.errors_last_hour > ALERT_RULES.pool_exhausted.threshold) {
    tell('pool_exhausted', pool.errors_last_hour);
  }
  // An open breaker says it already.
  if (breaker.state !== 'open' && breaker.failures >= ALERT_RULES.failures.threshold) tell('failures', breaker.failures);
  if (requests.avg_wait_ms > ALERT_RULES.slow_queue.threshold) tell('slow_queue', requests.avg_wait_ms);
  // Whoever paused a server, or took it out, knows.
  const isMeant = server.state === 'paused' || server.state === 'disabled';
  if (!isMeant && dataAgeMs !== null && dataAgeMs > ALERT_RULES.data_old.threshold) {
    // Whole minutes: an alert that counts seconds is a new one at every look.
    tell('data_old', Math.floor(dataAgeMs / MINUTE_MS) * MINUTE_MS);
  }
  return alerts;
}
