import { ManualClock, sleep } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { createHealthMonitor, type HealthMonitorOptions, type HealthStatus, type HealthTarget } from './health-monitor.ts';
import { createPipeline } from './pipeline.ts';

function create(targets: (clock: ManualClock) => readonly HealthTarget[], options: Partial<HealthMonitorOptions> = {}) {
  const clock = new ManualClock();
  const changes: string[] = [];
  const monitor = createHealthMonitor({
    targets: targets(clock),
    everyMs: 60_000,
    clock,
    onChange: ({ report, previous }) => changes.push(`${report.name}: ${previous} > ${report.status}`),
    ...options,
  });
  return { clock, changes, monitor };
}

describe('health monitor', () => {
  it.each<[number, HealthStatus]>([
    [0, 'healthy'],
    [999, 'healthy'],
    [1_000, 'degraded'],
    [2_999, 'degraded'],
    [3_001, 'unhealthy'],
    [1e9, 'unhealthy'],
  ])('calls an answer after %d ms %s', async (tookMs, status) => {
    const { clock, monitor } = create((clock) => [{ name: 'github', check: ({ signal }) => sleep(clock, tookMs, { signal }) }]);
    const checking = monitor.checkAll();
    await clock.advance(3_000);
    expect(await checking).toMatchObject([{ name: 'github', status, tookMs: Math.min(tookMs, 3_000) }]);
  });

  it('says why a service is unhealthy', async () => {
    const { clock, monitor } = create(() => [{ name: 'docker_hub', check: () => Promise.reject(new Error('refused')) }]);
    const checking = monitor.checkAll();
    await clock.advance(0);
    expect(await checking).toMatchObject([{ status: 'unhealthy', error: { message: 'refused' }, atWallMs: clock.wall() }]);
  });

  it('asks everybody side by side, and joins a round that is under way', async () => {
    const targets = ['a', 'b', 'c'];
    let asked = 0;
    const { clock, monitor } = create((clock) =>
      targets.map((name) => ({
        name,
        check: () => {
          asked++;
          return sleep(clock, 500);
        },
      })),
    );
    expect(monitor.summary()).toEqual({ healthy: 0, degraded: 0, unhealthy: 0, unknown: 3, total: 3 });
    const first = monitor.checkAll();
    expect(monitor.checkAll()).toBe(first);
    await clock.advance(500);
    await first;
    expect(asked).toBe(3);
    expect(monitor.summary()).toEqual({ healthy: 3, degraded: 0, unhealthy: 0, unknown: 0, total: 3 });
    expect(monitor.reports().map(({ name }) => name)).toEqual(targets);
  });

  it('checks at the start and regularly, tells of changes only, and ends when it is closed', async () => {
    let isWell = true;
    let asked = 0;
    const { clock, changes, monitor } = create(() => [
      {
        name: 'apt',
        check: () => {
          asked++;
          return isWell ? 1 : Promise.reject(new Error('down'));
        },
      },
    ]);
    monitor.start();
    monitor.start();
    await clock.advance(60_000);
    expect(asked).toBe(2);
    isWell = false;
    await clock.advance(120_000);
    expect(changes).toEqual(['apt: unknown > healthy', 'apt: healthy > unhealthy']);
    monitor.close();
    expect(asked).toBe(4);
    await clock.advance(600_000);
    expect(asked).toBe(4);
    monitor.start();
    expect(clock.pendingCount).toBe(0);
  });

  it('keeps nothing of a round that is cut off', async () => {
    const { clock, changes, monitor } = create((clock) => [{ name: 'apt', check: ({ signal }) => sleep(clock, 500, { signal }) }]);
    monitor.start();
    await clock.advance(100);
    monitor.close();
    await clock.advance(0);
    expect(monitor.summary()).toMatchObject({ unknown: 1 });
    expect(changes).toEqual([]);
    createHealthMonitor({ targets: [], everyMs: 1 }).close();
  });

  it('does not start again once closed', async () => {
    const { clock, monitor } = create(() => [{ name: 'apt', check: () => 1 }]);
    monitor.close();
    monitor.start();
    await clock.advance(100_000);
    expect(monitor.summary()).toMatchObject({ unknown: 1 });
  });

  it('finds with its check that a service is well again, and is turned away until then', async () => {
    let isWell = false;
    let asked = 0;
    const pipelineClock = new ManualClock();
    const pipeline = createPipeline(
      { breaker: { trip: { kind: 'consecutive', failures: 1 }, openMs: 30_000 } },
      { key: 'github', clock: pipelineClock },
    );
    const monitor = createHealthMonitor({
      clock: pipelineClock,
      everyMs: 20_000,
      targets: [
        {
          name: 'github',
          pipeline,
          check: () => {
            asked++;
            return isWell ? 1 : Promise.reject(new Error('down'));
          },
        },
      ],
    });
    monitor.start();
    await pipelineClock.advance(0);
    expect(pipeline.breaker?.state).toBe('open');
    isWell = true;
    await pipelineClock.advance(20_000);
    expect(asked).toBe(1);
    expect(monitor.reports()).toMatchObject([{ status: 'unhealthy', tookMs: null, error: { code: 'RESILIENCE_CIRCUIT_OPEN' } }]);
    await pipelineClock.advance(20_000);
    expect(asked).toBe(2);
    expect(pipeline.breaker?.state).toBe('closed');
    expect(monitor.reports()).toMatchObject([{ status: 'healthy', error: undefined }]);
    monitor.close();
  });

  it('calls a check unhealthy that held up the whole process', async () => {
    let heldUpMs = 0;
    const holdUp = (): void => {
      heldUpMs = 3_001;
    };
    const { clock, monitor } = create(() => [{ name: 'slow', check: holdUp }]);
    const now = clock.now.bind(clock);
    clock.now = () => now() + heldUpMs;
    expect(await monitor.checkAll()).toMatchObject([{ status: 'unhealthy', tookMs: 3_001, error: undefined }]);
  });

  it.each([{ everyMs: 0 }, { degradedMs: -1 }, { unhealthyMs: Number.NaN }])('refuses %j', (options) => {
    expect(() => create(() => [], options)).toThrow(expect.objectContaining({ code: 'RESILIENCE_SPEC_INVALID' }));
  });
});
