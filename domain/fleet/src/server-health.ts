import type { BreakerStats, ServerState } from '@breakwater/contract';
import type { FleetOptions } from './options.ts';
import type { PresentedCertificateFacts, ServerTrouble } from './server.ts';

/** What a server's link says of itself. */
export type LinkState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'online' }
  | { readonly kind: 'lost'; readonly trouble: ServerTrouble; readonly retryAtWallMs: number | null }
  | { readonly kind: 'no-password' };

/** What a person is told about a server, each state with what belongs to it. */
export type ServerHealth =
  | { readonly kind: 'connecting' | 'live' | 'paused' | 'disabled' }
  | { readonly kind: 'slow' | 'stale' | 'unreachable'; readonly problem: Problem; readonly retryAtWallMs: number | null }
  | { readonly kind: 'sign-in-failed'; readonly problem: Problem }
  | {
      readonly kind: 'certificate-untrusted' | 'certificate-changed';
      readonly problem: Problem;
      readonly certificate: PresentedCertificateFacts;
    };

export interface Problem {
  readonly code: string;
  readonly text: string;
}

export interface HealthInput {
  readonly mode: 'enabled' | 'paused' | 'disabled';
  /** Somebody keeps everything away from it. */
  readonly isolation: { readonly untilWallMs: number | null } | null;
  readonly polling: 'on' | 'paused';
  readonly link: LinkState;
  readonly breaker: BreakerStats | null;
  readonly delayMs: number;
  /** Null: nothing is known yet. */
  readonly dataAgeMs: number | null;
  readonly nowWallMs: number;
  readonly options: Pick<FleetOptions, 'vmListTtlMs' | 'slowDelayMs'>;
}

export function deriveHealth(input: HealthInput): ServerHealth {
  if (input.mode !== 'enabled') return { kind: input.mode };
  // By hand first: what the link says then follows from it.
  if (input.isolation !== null && input.breaker?.state === 'open') {
    return {
      kind: 'unreachable',
      problem: {
        code: 'FLEET_SERVER_ISOLATED',
        text: 'Somebody has opened the circuit breaker by hand, so nothing is sent to the server.',
      },
      retryAtWallMs: input.isolation.untilWallMs,
    };
  }
  if (input.polling === 'paused') return { kind: 'paused' };
  switch (input.link.kind) {
    case 'connecting':
      return { kind: 'connecting' };
    case 'no-password':
      return {
        kind: 'sign-in-failed',
        problem: {
          code: 'FLEET_PASSWORD_MISSING',
          text: 'No password is stored for this server, or it can no longer be decrypted. Enter it again.',
        },
      };
    case 'lost':
      return fromTrouble(input, input.link);
    case 'online':
      return fromOnline(input);
  }
}

function fromOnline(input: HealthInput): ServerHealth {
  const { breaker, dataAgeMs, options } = input;
  if (breaker?.state === 'open') {
    const retryAtWallMs = breaker.time_until_retry === null ? null : input.nowWallMs + breaker.time_until_retry * 1_000;
    return {
      kind: 'unreachable',
      problem: { code: 'FLEET_BREAKER_OPEN', text: 'Too many requests failed in a row, so the server is left alone for a while.' },
      retryAtWallMs,
    };
  }
  if (dataAgeMs === null || dataAgeMs > options.vmListTtlMs) {
    return {
      kind: 'stale',
      problem: { code: 'FLEET_DATA_STALE', text: 'The server is connected but has not confirmed its machines for a while.' },
      retryAtWallMs: null,
    };
  }
  if (input.delayMs >= options.slowDelayMs) {
    return {
      kind: 'slow',
      problem: { code: 'FLEET_SERVER_SLOW', text: 'The server answers slowly or refuses requests, so it is asked less often.' },
      retryAtWallMs: null,
    };
  }
  return { kind: 'live' };
}

function fromTrouble(input: HealthInput, lost: { readonly trouble: ServerTrouble; readonly retryAtWallMs: number | null }): ServerHealth {
  const { trouble, retryAtWallMs } = lost;
  switch (trouble.kind) {
    case 'unreachable':
      return { kind: 'unreachable', problem: { code: trouble.code, text: trouble.message }, retryAtWallMs };
    case 'overloaded': {
      const problem = { code: trouble.code, text: trouble.message };
      if (input.dataAgeMs === null || input.breaker?.state === 'open') return { kind: 'unreachable', problem, retryAtWallMs };
      return { kind: input.dataAgeMs > input.options.vmListTtlMs ? 'stale' : 'slow', problem, retryAtWallMs };
    }
    case 'sign-in-failed':
      return { kind: 'sign-in-failed', problem: { code: trouble.code, text: trouble.message } };
    case 'certificate-untrusted':
      return {
        kind: 'certificate-untrusted',
        problem: {
          code: 'FLEET_CERTIFICATE_UNTRUSTED',
          text: 'Nobody has accepted the certificate of this server yet. Nothing is sent to it.',
        },
        certificate: trouble.certificate,
      };
    case 'certificate-changed':
      return {
        kind: 'certificate-changed',
        problem: {
          code: 'FLEET_CERTIFICATE_CHANGED',
          text: 'The server shows another certificate than the one that was accepted. Nothing is sent to it until a person accepts the new one.',
        },
        certificate: trouble.certificate,
      };
  }
}

const STATE_NAMES = {
  connecting: 'connecting',
  live: 'live',
  slow: 'slow',
  stale: 'stale',
  unreachable: 'unreachable',
  paused: 'paused',
  disabled: 'disabled',
  'sign-in-failed': 'sign_in_failed',
  'certificate-untrusted': 'certificate_untrusted',
  'certificate-changed': 'certificate_changed',
} as const satisfies Record<ServerHealth['kind'], ServerState>;

export function toServerState(health: ServerHealth): ServerState {
  return STATE_NAMES[health.kind];
}
