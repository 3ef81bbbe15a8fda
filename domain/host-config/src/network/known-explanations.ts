import type { OpsError } from '@breakwater/kernel';
import type { Explanation } from '../classify/failure.ts';

const because = (explanation: Pick<Explanation, 'class' | 'code' | 'cause' | 'hint'>): Explanation => ({
  ...explanation,
  failedHosts: [],
  evidence: [],
});

/** `what`: "Downloading https://…" */
export const explainOffline = (what?: string): Explanation =>
  because({
    class: 'local',
    code: 'network.offline',
    cause: `The configurator works offline, and this needs the network${what === undefined ? '' : `: ${what}`}.`,
    hint: 'Run it without --offline, or make a bundle where there is a network and apply it here.',
  });

export const explainTimeout = (title: string, timeoutMs: number): Explanation =>
  because({
    class: 'transient',
    code: 'timeout',
    cause: `${title} took longer than ${Math.round(timeoutMs / 1_000)} s.`,
    hint: 'The service or the way to it is slow or silent; try again in a while, or allow more time in performance.timeouts.',
  });

export const explainOpenBreaker = (service: string, retryAfterMs: number): Explanation =>
  because({
    class: 'transient',
    code: 'breaker.open',
    cause: `Circuit breaker open: ${service}`,
    hint: `The service was down a moment ago, so nothing was sent. Try again in ${Math.max(1, Math.ceil(retryAfterMs / 1_000))} s, or run "vps-configurator circuit-breaker reset ${service}".`,
  });

export const explainRefusal = (code: string, cause: string, hint: string): Explanation =>
  because({ class: 'permanent', code, cause, hint });

export const explainForbiddenHost = (host: string): Explanation =>
  because({
    class: 'security',
    code: 'host.not-allowed',
    cause: `Nothing may be fetched from ${host}.`,
    hint: 'Add the host to security.allowed_hosts if it can be trusted.',
  });

export const explainHostError = (error: OpsError): Explanation =>
  because({
    class: 'local',
    code: error.code.toLowerCase().replaceAll('_', '.'),
    cause: error.message,
    hint: 'Check space and rights on the host.',
  });
