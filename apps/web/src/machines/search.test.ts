import { describe, expect, it } from 'vitest';
import { buildMachine } from '../testing/build-fleet.ts';
import { matchesQuery, parseMachineQuery, readsFigures } from './search.ts';

const matches = (text: string, overrides: Parameters<typeof buildMachine>[0] = {}, serverName = 'esx-01'): boolean =>
  matchesQuery(buildMachine(overrides), { query: parseMachineQuery(text), serverName });

describe('the search language', () => {
  it('finds bare words in name, host, IP, system and notes, in any case and any script', () => {
    const machine = {
      name: 'Склад-01',
      host_name: 'esx-07.lab',
      guest_ip: '10.1.2.3',
      ip_addresses: ['fe80::7'],
      guest_os: 'Debian GNU/Linux 12',
      annotation: 'owned by Anna',
    };
    for (const word of ['склад', 'ESX-07', '10.1.2', 'fe80::7', 'debian', 'anna', 'склад debian'])
      expect(matches(word, machine), word).toBe(true);
    expect(matches('склад windows', machine)).toBe(false);
  });

  it('takes words in quotes as one', () => {
    expect(matches('"web 01"', { name: 'web 01' })).toBe(true);
    expect(matches('"01 web"', { name: 'web 01' })).toBe(false);
  });

  it('filters by state, server, host, tools and figures', () => {
    expect(matches('state:on', { power_state: 'poweredOn' })).toBe(true);
    expect(matches('state:off', { power_state: 'poweredOn' })).toBe(false);
    expect(matches('state:question', { question: { id: '1', text: '?', choices: [], default_key: null } })).toBe(true);
    expect(matches('server:esx-0*', {}, 'esx-01')).toBe(true);
    expect(matches('server:esx-0*', {}, 'my-esx-01')).toBe(false);
    expect(matches('server:esx', {}, 'my-esx-01')).toBe(true);
    expect(matches('host:a.b', { host_name: 'axb' })).toBe(false);
    expect(matches('tools:no', { tools: 'not_running' })).toBe(true);
    expect(matches('cpu:>80', { cpu_percent: 81 })).toBe(true);
    expect(matches('mem:<10', { memory_percent: 10 })).toBe(false);
    expect(matches('cpu:<10', { cpu_percent: null })).toBe(false);
  });

  it('leaves out what follows a minus, but keeps minus signs inside names', () => {
    expect(matches('-web', { name: 'web-01' })).toBe(false);
    expect(matches('-state:off', { power_state: 'poweredOn' })).toBe(true);
    expect(matches('web-01', { name: 'web-01' })).toBe(true);
  });

  it('tells what it does not understand instead of swallowing it', () => {
    const query = parseMachineQuery('web foo:bar state:nope cpu:lots');
    expect(query.unknown).toEqual(['foo:bar', 'state:nope', 'cpu:lots']);
    expect(query.terms).toHaveLength(1);
    expect(parseMachineQuery('state:constructor').unknown).toEqual(['state:constructor']);
  });

  it('knows when the answer moves by itself', () => {
    expect(readsFigures(parseMachineQuery('web cpu:>80'))).toBe(true);
    expect(readsFigures(parseMachineQuery('web state:on'))).toBe(false);
  });
});
