import { describe, expect, it } from 'vitest';
import { deriveHealth, type HealthInput, type LinkState, toServerState } from './server-health.ts';
import { createFigures } from './testing/fake-links.ts';

const certificate = { sha256: 'AA', sha1: 'BB', subject: 'CN=x', issuer: 'CN=x', validFrom: '', validTo: '' };
const lost = (trouble: Extract<LinkState, { kind: 'lost' }>['trouble'], retryAtWallMs: number | null = 9_000): LinkState => ({
  kind: 'lost',
  trouble,
  retryAtWallMs,
});
const openBreaker = { ...createFigures().breaker, state: 'open' as const, time_until_retry: 12 };

function derive(change: Partial<HealthInput>): ReturnType<typeof deriveHealth> {
  return deriveHealth({
    mode: 'enabled',
    isolation: null,
    polling: 'on',
    link: { kind: 'online' },
    breaker: createFigures().breaker,
    delayMs: 150,
    dataAgeMs: 1_000,
    nowWallMs: 5_000,
    options: { vmListTtlMs: 60_000, slowDelayMs: 1_000 },
    ...change,
  });
}

describe('health of a server', () => {
  it.each<[string, Partial<HealthInput>]>([
    ['disabled', { mode: 'disabled', link: lost({ kind: 'unreachable', code: 'X', message: 'x' }) }],
    ['paused', { mode: 'paused' }],
    ['paused', { polling: 'paused', dataAgeMs: 600_000 }],
    ['unreachable', { polling: 'paused', isolation: { untilWallMs: null }, breaker: openBreaker }],
    ['live', { isolation: { untilWallMs: 4_000 } }],
    ['connecting', { link: { kind: 'connecting' }, dataAgeMs: null }],
    ['live', {}],
    ['slow', { delayMs: 1_000 }],
    ['stale', { dataAgeMs: 60_001 }],
    ['unreachable', { breaker: openBreaker }],
    ['unreachable', { link: lost({ kind: 'unreachable', code: 'X', message: 'x' }) }],
    ['unreachable', { link: lost({ kind: 'overloaded', code: 'X', message: 'x' }), dataAgeMs: null }],
    ['unreachable', { link: lost({ kind: 'overloaded', code: 'X', message: 'x' }), breaker: openBreaker }],
    ['slow', { link: lost({ kind: 'overloaded', code: 'X', message: 'x' }) }],
    ['stale', { link: lost({ kind: 'overloaded', code: 'X', message: 'x' }), dataAgeMs: 70_000 }],
    ['sign_in_failed', { link: lost({ kind: 'sign-in-failed', code: 'X', message: 'x' }, null) }],
    ['sign_in_failed', { link: { kind: 'no-password' } }],
    ['certificate_untrusted', { link: lost({ kind: 'certificate-untrusted', certificate }, null) }],
    ['certificate_changed', { link: lost({ kind: 'certificate-changed', certificate }, null) }],
  ])('is %s when %j', (state, change) => {
    expect(toServerState(derive(change))).toBe(state);
  });

  it('says when the breaker lets the next request through', () => {
    expect(derive({ breaker: openBreaker })).toMatchObject({ problem: { code: 'FLEET_BREAKER_OPEN' }, retryAtWallMs: 17_000 });
  });

  it('hands on the code and text of the trouble', () => {
    expect(derive({ link: lost({ kind: 'unreachable', code: 'TRANSPORT_RESET', message: 'Connection reset.' }) })).toMatchObject({
      problem: { code: 'TRANSPORT_RESET', text: 'Connection reset.' },
      retryAtWallMs: 9_000,
    });
  });
});
