import { describe, expect, it } from 'vitest';
import { removeHostsFromList, removeHostsFromStanzas } from './without-hosts.ts';

const DEAD = new Set(['dead.example']);

describe('sources without a host', () => {
  it('lose its lines, and keep all others as they are', () => {
    const text = [
      '# deb http://dead.example old main',
      'deb http://deb.debian.org/debian stable main',
      'deb [arch=amd64 signed-by=/k.gpg] https://dead.example/debian stable main',
      'deb-src http://user@dead.example:8080/x stable main',
      'deb http://not-dead.example stable main',
      '',
    ].join('\n');
    const kept = removeHostsFromList(text, DEAD)
      .split('\n')
      .filter((line) => line.startsWith('deb'));
    expect(kept).toEqual(['deb http://deb.debian.org/debian stable main', 'deb http://not-dead.example stable main']);
  });

  it('lose its URLs in stanzas, and a stanza that is left without any', () => {
    const text = [
      'Types: deb',
      'URIs: http://dead.example/debian',
      ' http://good.example/debian',
      'Suites: stable',
      '',
      'Types: deb',
      'URIs: https://dead.example:8443/x',
      'Suites: stable',
      '',
    ].join('\n');
    expect(removeHostsFromStanzas(text, DEAD)).toBe('Types: deb\nURIs: http://good.example/debian\nSuites: stable');
  });

  it('are untouched when it is not among them', () => {
    const stanza = 'Types: deb\nURIs: http://good.example/debian\nSuites: stable\n';
    expect(removeHostsFromStanzas(stanza, DEAD)).toBe(stanza);
  });
});
