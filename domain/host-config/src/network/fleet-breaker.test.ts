import { ManualClock } from '@breakwater/kernel';
import { beforeEach, expect, test } from 'vitest';
import type { Explanation, FailureClass } from '../classify/failure.ts';
import { createFleetBreaker, type FleetBreaker } from './fleet-breaker.ts';
import type { NetworkEvent } from './network-operations.ts';
import { DEFAULT_NETWORK_SETTINGS } from './network-settings.ts';
import { createMemoryBreakerState, createServiceBreakers, type ServiceBreakers } from './service-breakers.ts';

let clock: ManualClock;
let fleet: FleetBreaker;
let breakersOf: (host: string) => ServiceBreakers;

beforeEach(() => {
  clock = new ManualClock();
  const state = createMemoryBreakerState(clock);
  fleet = createFleetBreaker({ state, clock });
  breakersOf = (scope) => fleet.guard(createServiceBreakers({ settings: DEFAULT_NETWORK_SETTINGS, scope, state }));
});

function failed(service: string, failureClass: FailureClass = 'transient'): NetworkEvent {
  const explanation: Explanation = { class: failureClass, code: 'test', cause: 'Down.', hint: '', failedHosts: [], evidence: [] };
  return { kind: 'network.failed', service, title: 'Fetch', attempts: 1, reason: 'failed', explanation };
}

const mayAsk = (host: string, service = 'github'): boolean => breakersOf(host).admit(service, { operationMs: 1_000 })?.kind === 'admitted';

test('three hosts that fail a service within two minutes keep the fourth from asking', () => {
  for (const host of ['a', 'b']) fleet.note(host, failed('github'));
  expect(mayAsk('d')).toBe(true);
  fleet.note('c', failed('github'));
  expect(mayAsk('d')).toBe(false);
  expect(mayAsk('d', 'docker_hub')).toBe(true);
});

test('one host that fails often says nothing about the others', () => {
  for (let times = 0; times < 10; times++) fleet.note('a', failed('github'));
  expect(mayAsk('b')).toBe(true);
});

test('failures that lie further apart do not count together', async () => {
  fleet.note('a', failed('github'));
  await clock.advance(121_000);
  for (const host of ['b', 'c']) fleet.note(host, failed('github'));
  expect(mayAsk('d')).toBe(true);
});

test('what is no fault of the service does not count', () => {
  for (const host of ['a', 'b', 'c']) fleet.note(host, failed('github', 'permanent'));
  expect(mayAsk('d')).toBe(true);
});

test('after a minute one host probes for all, and its success lets everybody in', async () => {
  for (const host of ['a', 'b', 'c']) fleet.note(host, failed('github'));
  await clock.advance(61_000);
  const probe = breakersOf('d').admit('github', { operationMs: 1_000 });
  expect(probe).toMatchObject({ kind: 'admitted', isProbe: true });
  expect(mayAsk('e')).toBe(false);
  if (probe?.kind === 'admitted') probe.settle('success');
  expect(mayAsk('e')).toBe(true);
});

test('a probe that fails keeps everybody out again', async () => {
  for (const host of ['a', 'b', 'c']) fleet.note(host, failed('github'));
  await clock.advance(61_000);
  const probe = breakersOf('d').admit('github', { operationMs: 1_000 });
  if (probe?.kind === 'admitted') probe.settle('failure', { kind: 'transient', pattern: 'test', text: 'Down.', host: null });
  expect(mayAsk('e')).toBe(false);
});
