import { ManualClock, OpsError, sleep } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import type { ProbeAnswer } from '../../ports/download-door.ts';
import { MemoryHost } from '../../testing/memory-host.ts';
import { createNetworkOperations } from '../create-network-operations.ts';
import { DEFAULT_NETWORK_SETTINGS } from '../network-settings.ts';

const NO_PHASES = { dns: null, connect: null, tls: null, firstByte: null };

function open(answers: Readonly<Record<string, { readonly afterMs: number; readonly status?: number; readonly date?: string } | Error>>) {
  const clock = new ManualClock();
  const asked: string[] = [];
  const network = createNetworkOperations({
    host: new MemoryHost(),
    downloads: {
      fetch: () => Promise.reject(new Error('nothing is fetched here')),
      find: () => Promise.resolve(null),
      async probe({ url }, { signal }): Promise<ProbeAnswer> {
        const host = new URL(url).hostname;
        asked.push(host);
        const answer = answers[host];
        if (answer === undefined || answer instanceof Error) throw answer ?? new Error('unexpected');
        await sleep(clock, answer.afterMs, { signal });
        const headers: Record<string, string> = answer.date === undefined ? {} : { date: answer.date };
        return { statusCode: answer.status ?? 200, headers, tookMs: answer.afterMs, phasesMs: NO_PHASES };
      },
    },
    cacheFolder: '/cache',
    clock,
    random: () => 0,
    settings: { ...DEFAULT_NETWORK_SETTINGS },
  });
  const check = async (options?: Parameters<typeof network.checkHealth>[0]) => {
    const checking = network.checkHealth(options);
    await clock.advance(10_000);
    return await checking;
  };
  return { asked, check, clock, network };
}

describe('the health of services', () => {
  it('is what spec 05 says of response times, all asked at once', async () => {
    const { check } = open({
      'deb.debian.org': { afterMs: 999 },
      'api.github.com': { afterMs: 1_000 },
      'download.docker.com': { afterMs: 3_500 },
    });
    expect((await check()).map(({ service, status, tookMs }) => [service, status, tookMs])).toEqual([
      ['apt_repository', 'healthy', 999],
      ['github', 'degraded', 1_000],
      ['docker_hub', 'unhealthy', 3_000],
    ]);
  });

  it('is bad when it cannot be reached or answers with an error, and then says why', async () => {
    const { check } = open({
      'deb.debian.org': { afterMs: 1, status: 500 },
      'api.github.com': new OpsError({ code: 'TRANSPORT_REFUSED', message: 'It does not accept a connection.' }),
    });
    const [apt, github] = await check({ services: ['apt_repository', 'github'] });
    expect(apt).toMatchObject({
      status: 'unhealthy',
      cause: 'http://deb.debian.org/debian/dists/stable/InRelease is answered with status 500.',
    });
    expect(github).toMatchObject({ status: 'unhealthy', cause: 'It does not accept a connection.' });
  });

  it('tells by how much the clocks differ', async () => {
    const { check } = open({
      'deb.debian.org': { afterMs: 0, date: 'Thu, 01 Jan 2026 00:00:40 GMT' },
      'api.github.com': { afterMs: 0, date: 'Wed, 31 Dec 2025 23:00:00 GMT' },
      'download.docker.com': { afterMs: 0, date: 'yesterday' },
    });
    expect((await check()).map(({ clockSkewMs }) => clockSkewMs)).toEqual([40_000, -3_600_000, null]);
  });

  it('is known without a question while the breaker is open, and a good answer is the probe that closes it', async () => {
    const answers: Record<string, { readonly afterMs: number } | Error> = { 'api.github.com': new Error('Connection refused') };
    const { asked, check, clock, network } = open(answers);
    const one = { services: ['github'] };
    for (let time = 0; time < 3; time++) await check(one);
    expect(asked).toHaveLength(3);
    answers['api.github.com'] = { afterMs: 5 };
    expect(await check(one)).toMatchObject([{ status: 'unhealthy', tookMs: null, cause: 'Circuit breaker open: github' }]);
    expect(asked).toHaveLength(3);
    // Asked all the same, it says how it is; the breaker keeps its time.
    expect(await check({ ...one, asks: 'always' })).toMatchObject([{ status: 'healthy' }]);
    expect((await network.getCircuitBreakerStatus())['github']).toMatchObject({ state: 'open' });
    await clock.advance(60_000);
    expect(await check(one)).toMatchObject([{ status: 'healthy' }]);
    expect((await network.getCircuitBreakerStatus())['github']).toMatchObject({ state: 'closed' });
  });
});
