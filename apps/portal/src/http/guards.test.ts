import { isOpsError } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { createHostGuard } from './host-guard.ts';
import { createOriginGuard, type OriginQuestion } from './origin-guard.ts';
import { createSecurityHeaders } from './security-headers.ts';

function codeOf(act: () => void): string | null {
  try {
    act();
    return null;
  } catch (error) {
    return isOpsError(error) ? error.code : 'not an OpsError';
  }
}

describe('createHostGuard', () => {
  const guard = createHostGuard({
    allowedHosts: ['portal.example.org', '.lab.example.org'],
    publicUrl: 'https://Public.example.org',
    ownName: 'box',
    host: '0.0.0.0',
  });

  it.each([
    'localhost',
    'localhost:5001',
    'LOCALHOST.:5001',
    'app.localhost:5001',
    '127.0.0.1:5001',
    '10.1.2.3',
    '[::1]:5001',
    '[2001:db8::1]',
    'box:5001',
    'portal.example.org',
    'a.lab.example.org',
    'public.example.org',
  ])('lets %s through', (host) => {
    expect(codeOf(() => guard(host))).toBeNull();
  });

  it.each([
    'evil.example',
    'xlab.example.org',
    'localhost.evil.example',
    'portal.example.org.evil.example',
    '127.0.0.1.evil.example',
    'evil.example:5001@localhost',
    'local host',
    '',
    undefined,
    'a'.repeat(10_000),
    'localhost:5001, evil.example',
  ])('refuses %s', (host) => {
    expect(codeOf(() => guard(host))).toBe('PORTAL_HOST_REFUSED');
  });
});

describe('createOriginGuard', () => {
  const guard = createOriginGuard({ publicUrl: 'https://portal.example.org' });
  const ask = (question: Partial<OriginQuestion>) =>
    codeOf(() => guard({ origin: undefined, fetchSite: undefined, host: 'localhost:5001', ...question }));

  it('lets the own page, the public address and programs through', () => {
    expect(ask({ origin: 'http://localhost:5001' })).toBeNull();
    expect(ask({ origin: 'https://localhost:5001' })).toBeNull();
    expect(ask({ origin: 'https://portal.example.org' })).toBeNull();
    expect(ask({ origin: 'https://box', host: 'box' })).toBeNull();
    expect(ask({ origin: 'http://[::1]:5001', host: '[::1]:5001' })).toBeNull();
    expect(ask({})).toBeNull();
    expect(ask({ fetchSite: 'same-origin' })).toBeNull();
  });

  it.each(['null', 'http://evil.example', 'http://localhost:8080', 'http://localhost:5001.evil.example', 'file://', '', 'http://'])(
    'refuses a page of %j',
    (origin) => {
      expect(ask({ origin })).toBe('PORTAL_ORIGIN_REFUSED');
    },
  );

  it('refuses what a browser calls cross-site even without an Origin', () => {
    expect(ask({ fetchSite: 'cross-site' })).toBe('PORTAL_ORIGIN_REFUSED');
    expect(ask({ fetchSite: 'same-site' })).toBe('PORTAL_ORIGIN_REFUSED');
  });

  it('compares names only at the second door, whose port is another one', () => {
    expect(ask({ origin: 'http://localhost:5001', host: 'localhost:8765', compare: 'name' })).toBeNull();
    expect(ask({ origin: 'http://evil.example:5001', host: 'localhost:8765', compare: 'name' })).toBe('PORTAL_ORIGIN_REFUSED');
  });
});

describe('createSecurityHeaders', () => {
  it('allows no inline script, no inline style and no framing', () => {
    const policy = createSecurityHeaders({ consolePort: null })({ kind: 'page', hostname: 'localhost', isSecure: false })[
      'content-security-policy'
    ];
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';");
    expect(policy).not.toContain('unsafe');
    expect(policy).toContain("frame-ancestors 'none'");
  });

  it('names the second console door, but no host that could break out of the policy', () => {
    const headers = createSecurityHeaders({ consolePort: 8_765 });
    expect(headers({ kind: 'page', hostname: 'box', isSecure: true })['content-security-policy']).toContain(
      "connect-src 'self' wss://box:8765;",
    );
    expect(headers({ kind: 'page', hostname: "x; script-src 'unsafe-inline'", isSecure: true })['content-security-policy']).toContain(
      "connect-src 'self';",
    );
  });

  it('promises HTTPS only over HTTPS', () => {
    const headers = createSecurityHeaders({ consolePort: null });
    expect(headers({ kind: 'page', hostname: 'box', isSecure: false })).not.toHaveProperty('strict-transport-security');
    expect(headers({ kind: 'page', hostname: 'box', isSecure: true })).toHaveProperty('strict-transport-security');
  });
});
