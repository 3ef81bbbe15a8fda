import { ManualClock } from '@breakwater/kernel';
import { expect, it } from 'vitest';
import { createPipeline } from '../pipeline.ts';
import { validateSpec } from '../spec.ts';
import {
  INSTALLER_LIMITS,
  INSTALLER_SERVICES,
  INSTALLER_TIMEOUTS_MS,
  type InstallerOperation,
  installerBackoff,
  installerPreset,
} from './installer.ts';

it('has the values of the option tables of spec 05', () => {
  expect(INSTALLER_LIMITS).toEqual({
    failureThreshold: 3,
    recoveryMs: 60_000,
    successThreshold: 1,
    attempts: 3,
    initialDelayMs: 1_000,
    maxDelayMs: 30_000,
    base: 2,
    jitter: 'tenth',
  });
  expect(INSTALLER_SERVICES).toEqual(['apt_repository', 'github', 'docker_hub', 'microsoft_packages', 'external_downloads']);
});

it.each<[InstallerOperation, number]>([
  ['apt-update', 300],
  ['apt-install', 600],
  ['download', 600],
  ['large-download', 1_800],
  ['git-clone', 300],
  ['http-request', 30],
])('gives %s %d s', (operation, seconds) => {
  expect(INSTALLER_TIMEOUTS_MS[operation]).toBe(seconds * 1_000);
  const spec = installerPreset({ operation });
  expect(() => validateSpec(spec)).not.toThrow();
  expect(spec.attempt?.timeoutMs).toBe(seconds * 1_000);
});

it('pauses 1, 2, 4, 8, 16 and then 30 s, and a tenth more at most', () => {
  const pauses = (random: number, jitter: 'tenth' | 'none' = 'tenth'): number[] =>
    Array.from({ length: 6 }, (_, retry) => installerBackoff({ ...INSTALLER_LIMITS, jitter }).delayMs(retry, 0, () => random));
  expect(pauses(0)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
  expect(pauses(0.5)).toEqual([1_050, 2_100, 4_200, 8_400, 16_800, 31_500]);
  expect(pauses(0.5, 'none')).toEqual(pauses(0));
});

it('opens after three failures, stays so for a minute, and closes with one success', async () => {
  const clock = new ManualClock();
  const spec = installerPreset({
    operation: 'http-request',
    limits: { jitter: 'none' },
    classify: ({ ok }) => (ok ? { kind: 'success' } : { kind: 'failure', transient: true }),
  });
  const pipeline = createPipeline(spec, { key: 'github', clock });
  const failing = pipeline.attempt(() => Promise.reject(new Error('Connection timeout')), { idempotent: true });
  await clock.advance(3_000);
  expect(await failing).toMatchObject({ ok: false, meta: { attempts: 3 } });
  expect(pipeline.breaker).toMatchObject({ state: 'open', retryAfterMs: 60_000 });
  await clock.advance(60_000);
  await expect(pipeline.run(() => 'cloned')).resolves.toBe('cloned');
  expect(pipeline.breaker?.state).toBe('closed');
});
