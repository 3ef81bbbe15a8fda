import { createMemoryDebian, type MemoryDebian } from '@breakwater/host-config/testing';
import { ManualClock } from '@breakwater/kernel';
import { describe, expect, test } from 'vitest';
import { createProgramBed } from '../testing/run-in-memory.ts';

/** A host whose services answer as the test says. */
function createSick(sick: string): MemoryDebian {
  const debian = createMemoryDebian();
  const network = Object.create(debian.network) as MemoryDebian['network'];
  network.checkHealth = async ({ services = ['apt_repository', 'github'] } = {}) =>
    services.map((service) => ({
      service,
      status: service === sick ? 'unhealthy' : 'healthy',
      url: `http://${service}.example/`,
      tookMs: 1,
      statusCode: 200,
      phasesMs: null,
      clockSkewMs: null,
      cause: service === sick ? 'It does not answer.' : null,
    }));
  return { ...debian, network };
}

describe('health', () => {
  test('ends with 75 and says why while a service is not well, and with 0 when all are', async () => {
    const bed = createProgramBed(createSick('github'));
    const { exitCode, output } = await bed.run(['health']);
    expect(exitCode).toBe(75);
    expect(output).toContain('It does not answer.');
    const well = await bed.run(['health', '--service', 'apt_repository', '--json']);
    expect(well.exitCode).toBe(0);
    expect(well.records).toMatchObject([{ kind: 'health', service: 'apt_repository', status: 'healthy' }]);
  });

  test('asks again and again with --watch, as often as it is told, until Ctrl-C', async () => {
    const clock = new ManualClock();
    const debian = createSick('github');
    let rounds = 0;
    const [healthy] = await createSick('').network.checkHealth();
    debian.network.checkHealth = () => {
      rounds++;
      return Promise.resolve(healthy === undefined ? [] : [healthy]);
    };
    let interrupt = (): void => undefined;
    const watching = createProgramBed(debian).run(['health', '--watch', '7', '--json'], { clock, onStart: (press) => (interrupt = press) });
    // Opening takes real turns; the pause between two rounds is the clock's.
    const waitFor = async (wanted: number): Promise<void> => {
      for (let turn = 0; rounds < wanted && turn < 100_000; turn++) await new Promise(setImmediate);
      expect(rounds).toBe(wanted);
    };
    await waitFor(1);
    await clock.advance(6_999);
    expect(rounds).toBe(1);
    await clock.advance(1);
    await waitFor(2);
    await clock.advance(7_000);
    await waitFor(3);
    interrupt();
    const { exitCode, records } = await watching;
    expect(exitCode).toBe(130);
    expect(records).toHaveLength(3);
  });

  test('asks nobody when it is switched off', async () => {
    const { exitCode } = await createProgramBed().run(['health', '--set', 'performance.health_checks.enabled=false']);
    expect(exitCode).toBe(4);
  });

  test.each([
    ['warns before apply changes anything', [], true],
    ['says nothing before apply when that is not wanted', ['performance.health_checks.check_on_startup=false'], false],
    ['says nothing before apply when checks are switched off', ['performance.health_checks.enabled=false'], false],
  ] as const)('%s', async (_what, set, isWarned) => {
    const bed = createProgramBed(createSick('apt_repository'));
    const { output } = await bed.run(['apply', '--module', 'packages', '--set', 'modules.packages.install=[jq]', ...set], { answer: 'no' });
    expect(output.includes('! apt_repository is unhealthy')).toBe(isWarned);
  });
});
