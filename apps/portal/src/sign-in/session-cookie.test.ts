import { describe, expect, it } from 'vitest';
import { SessionCookie } from './session-cookie.ts';

const plain = { header: undefined, host: 'portal.lan:8443', isTls: false };

describe('the session cookie', () => {
  it('is hidden from scripts and other sites, and over TLS carries the strictest prefix', () => {
    const cookie = new SessionCookie({ basePath: '', publicUrl: null });
    expect(cookie.write('abc', { question: plain, maxAgeS: 60 })).toBe('breakwater=abc; Max-Age=60; Path=/; HttpOnly; SameSite=Lax');
    expect(cookie.write('abc', { question: { ...plain, isTls: true }, maxAgeS: 60 })).toBe(
      '__Host-breakwater=abc; Max-Age=60; Path=/; HttpOnly; SameSite=Lax; Secure',
    );
  });

  it('stays below a base path', () => {
    const cookie = new SessionCookie({ basePath: '/vm', publicUrl: null });
    expect(cookie.write('abc', { question: { ...plain, isTls: true }, maxAgeS: 60 })).toBe(
      '__Secure-breakwater=abc; Max-Age=60; Path=/vm; HttpOnly; SameSite=Lax; Secure',
    );
  });

  it('is a secure one behind a proxy that ends TLS for PUBLIC_URL, and a plain one for who comes directly', () => {
    const cookie = new SessionCookie({ basePath: '', publicUrl: 'https://portal.example' });
    expect(cookie.write('abc', { question: { ...plain, host: 'Portal.example' }, maxAgeS: 1 })).toContain('__Host-breakwater=');
    expect(cookie.write('abc', { question: plain, maxAgeS: 1 })).not.toContain('Secure');
  });

  it('planted over plain HTTP counts for nothing over TLS', () => {
    const cookie = new SessionCookie({ basePath: '', publicUrl: null });
    const header = 'breakwater=planted';
    expect(cookie.read({ ...plain, header })).toBe('planted');
    expect(cookie.read({ ...plain, header, isTls: true })).toBeNull();
    expect(cookie.read({ ...plain, header: `${header}; __Host-breakwater=own`, isTls: true })).toBe('own');
  });

  it.each([
    ['a=1; breakwater=abc; b=2', 'abc'],
    ['breakwater = abc', 'abc'],
    ['xbreakwater=abc', null],
    ['breakwater=', null],
    ['breakwater', null],
    [';;;=;', null],
    [`breakwater=abc; ${'x'.repeat(20_000)}`, null],
  ])('is found in the header %.40s', (header, expected) => {
    expect(new SessionCookie({ basePath: '', publicUrl: null }).read({ ...plain, header })).toBe(expected);
  });

  it('is forgotten by an empty one that is over', () => {
    expect(new SessionCookie({ basePath: '', publicUrl: null }).clear(plain)).toContain('breakwater=; Max-Age=0;');
  });
});
