import type { MachineFacts } from '@breakwater/fleet';
import { type Clock, Secret, systemClock, toMoid } from '@breakwater/kernel';
import { dialUpgrade } from '@breakwater/transport';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { closeAll, createLinks, findMoid, NEVER, open, recordOf, start } from './testing/link-bed.ts';

vi.setConfig({ testTimeout: 40_000, hookTimeout: 20_000 });
afterEach(closeAll);

describe('a link to a vSphere server', () => {
  it.each(['esxi-6.7', 'esxi-7.0', 'esxi-8.0', 'vcenter-8.0'] as const)(
    'brings the whole inventory and the gauges of %s',
    async (personality) => {
      const simulator = await start({ personality, machines: 30 });
      const { link, news } = open(simulator);
      const { machines, product } = await news.next('loaded');
      const expected = simulator.control.machines();
      expect(machines.map(({ moid }) => String(moid)).toSorted()).toEqual(expected.map(({ moid }) => moid).toSorted());
      expect(machines.filter(({ powerState }) => powerState === 'poweredOn')).toHaveLength(
        expected.filter(({ powerState }) => powerState === 'poweredOn').length,
      );
      expect(product.apiType).toBe(personality === 'vcenter-8.0' ? 'VirtualCenter' : 'HostAgent');
      const gauges = await link.readGauges({ signal: NEVER });
      expect(gauges.cpu?.totalMhz).toBeGreaterThan(0);
      expect(gauges.memory?.usedBytes).toBeGreaterThan(0);
      expect(gauges.machines).toHaveLength(expected.length);
    },
  );

  it('tells changes, arrivals and departures as they happen, and confirms when nothing does', async () => {
    const simulator = await start();
    const { news } = open(simulator);
    const { machines } = await news.next('loaded');
    const moid = String(machines[0]?.moid);
    simulator.control.renameMachine(moid, 'a%2fb <script>');
    const renamed = await news.next('changed', ({ upserted }) => upserted.some((each) => String(each.moid) === moid));
    expect(renamed.upserted.find((each) => String(each.moid) === moid)?.name).toBe('a/b <script>');
    const added = simulator.control.addMachine();
    await news.next('changed', ({ upserted }) => upserted.some((each) => String(each.moid) === added));
    simulator.control.removeMachine(added);
    await news.next('changed', ({ removed }) => removed.includes(toMoid(added)));
    await news.next('confirmed');
  });

  it('acts, with progress, and the new state follows as news', async () => {
    const simulator = await start();
    const { link, news } = open(simulator);
    const moid = findMoid((await news.next('loaded')).machines, 'poweredOn');
    const outcome = await link.power(moid, 'power_off', { signal: NEVER, onProgress: () => undefined });
    expect(outcome).toEqual({ kind: 'succeeded' });
    expect(simulator.control.findMachine(moid)?.powerState).toBe('poweredOff');
    await news.next('changed', ({ upserted }) => upserted.some((each) => each.moid === moid && each.powerState === 'poweredOff'));
    expect(await link.power(moid, 'reset', { signal: NEVER, onProgress: () => undefined })).toMatchObject({ kind: 'failed' });
  });

  it('is followed again as soon as a breaker that was to stay open is closed by hand', async () => {
    const simulator = await start();
    const record = recordOf(simulator);
    const link = createLinks().open(record, { user: record.user, password: new Secret('simulated') });
    link.isolate('maintenance', { forMs: 600_000 });
    const stop = new AbortController();
    const waits: (number | null)[] = [];
    for await (const news of link.follow({ signal: stop.signal })) {
      if (news.kind !== 'lost') {
        stop.abort();
        continue;
      }
      waits.push(news.retryInMs);
      setImmediate(() => link.resetBreaker());
    }
    expect(waits).toEqual([expect.any(Number)]);
    // Five minutes at the most, whatever the breaker says; without the reset this test would wait for them.
    expect(waits[0]).toBe(300_000);
    await link.close();
  });

  it('takes other limits while it lives', async () => {
    const simulator = await start();
    const { link, news } = open(simulator);
    await news.next('loaded');
    link.setLimits({ maxConcurrent: 2, minIntervalMs: 7, failureThreshold: 9, requestTimeoutMs: 60_000 });
    expect(link.figures()).toMatchObject({ queue: { max_concurrent: 2, min_interval: 0.007 }, breaker: { failure_threshold: 9 } });
    simulator.control.addFault({ effect: { kind: 'latency', delayMs: 800, jitterMs: 0 } });
    link.setLimits({ maxConcurrent: 2, minIntervalMs: 7, failureThreshold: 9, requestTimeoutMs: 100 });
    await expect(link.readGauges({ signal: NEVER })).rejects.toMatchObject({ code: expect.stringMatching(/TIMEOUT/) });
    link.setLimits({ maxConcurrent: 2, minIntervalMs: 7, failureThreshold: 9, requestTimeoutMs: 30_000 });
    await link.readGauges({ signal: NEVER });
    expect(link.figures().calls.timedOut).toBeGreaterThan(0);
    expect(link.waitCounts().LOW.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
  });

  it('takes screens of running machines and none of others', async () => {
    const simulator = await start();
    const { link, news } = open(simulator);
    const { machines } = await news.next('loaded');
    const options = { width: 400, height: 300, priority: 'low', signal: NEVER } as const;
    const picture = await link.captureScreen(findMoid(machines, 'poweredOn'), options);
    expect(new TextDecoder().decode(picture?.png.subarray(1, 4))).toBe('PNG');
    expect(await link.captureScreen(findMoid(machines, 'poweredOff'), options)).toBeNull();
  });

  it.each(['esxi-8.0', 'vcenter-8.0'] as const)(
    'opens a console on %s, once, at the door that shows the named certificate',
    async (personality) => {
      const simulator = await start({ personality });
      const { link, news } = open(simulator);
      const { host, port, path, protocol, trust } = await link.openConsole(findMoid((await news.next('loaded')).machines, 'poweredOn'), {
        signal: NEVER,
      });
      expect(host).toBe('127.0.0.1');
      expect(trust).toEqual({ kind: 'sha256', fingerprint: simulator.certificateSha256 });
      const upgraded = await dialUpgrade({ host, port, path, protocol, trust });
      expect(upgraded.protocol).toBe('binary');
      upgraded.socket.destroy();
      await expect(dialUpgrade({ host, port, path, protocol, trust })).rejects.toMatchObject({ code: 'TRANSPORT_UPGRADE_REFUSED' });
    },
  );

  it('holds one session, and leaves none behind', async () => {
    const simulator = await start();
    const { link, news } = open(simulator);
    const { machines } = await news.next('loaded');
    await Promise.all([
      link.readGauges({ signal: NEVER }),
      link.captureScreen(findMoid(machines, 'poweredOn'), { width: 200, height: 150, priority: 'low', signal: NEVER }),
    ]);
    expect(simulator.control.report()).toMatchObject({ openSessions: 1, maxSessions: 1 });
    await news.stop();
    await link.close();
    expect(simulator.control.report().openSessions).toBe(0);
  });

  it('never has more calls under way than it may, whatever is asked at once', async () => {
    const simulator = await start({ machines: 30 });
    const { link, news } = open(simulator, { links: createLinks({ limits: { maxConcurrent: 2, minIntervalMs: 1 } }) });
    const { machines } = await news.next('loaded');
    simulator.control.addFault({ effect: { kind: 'latency', delayMs: 20 } });
    simulator.control.resetCounters();
    const running = machines.filter((each) => each.powerState === 'poweredOn').slice(0, 12);
    await Promise.all([
      ...running.map(({ moid }) => link.captureScreen(moid, { width: 200, height: 150, priority: 'low', signal: NEVER })),
      link.readGauges({ signal: NEVER }),
    ]);
    expect(simulator.control.report().maxActive).toBeLessThanOrEqual(2);
    expect(link.figures().queue).toMatchObject({ max_concurrent: 2, min_interval: 0.001 });
    expect(link.figures().queue.by_priority.LOW.total_requests).toBeGreaterThanOrEqual(running.length);
  });
});

describe('a server in trouble', () => {
  it('is reported once it is away, and comes back by itself with everything that changed meanwhile', async () => {
    const simulator = await start();
    // Ten times as fast, so that the first pause of 5 s takes half a second.
    const fast: Clock = { ...systemClock, after: (delayMs, callback, options) => systemClock.after(delayMs / 10, callback, options) };
    const { news } = open(simulator, { links: createLinks({}, fast) });
    const { machines } = await news.next('loaded');
    await simulator.control.takeDown();
    const { trouble, retryInMs } = await news.next('lost');
    expect(trouble).toMatchObject({ kind: 'unreachable', code: 'TRANSPORT_REFUSED' });
    expect(retryInMs).toBe(5_000);
    const added = simulator.control.addMachine();
    await simulator.control.bringUp();
    const back = await news.next('loaded');
    expect(back.machines).toHaveLength(machines.length + 1);
    expect(back.machines.some(({ moid }) => String(moid) === added)).toBe(true);
  });

  it('is tried at once when a person asks', async () => {
    const simulator = await start();
    const { link, news } = open(simulator);
    await news.next('loaded');
    await simulator.control.takeDown();
    await news.next('lost');
    await simulator.control.bringUp();
    link.retryNow();
    expect((await news.next('loaded')).machines).toHaveLength(8);
  });

  it('that was overloaded is known again at once when it recovers, although nothing has changed there', async () => {
    const simulator = await start();
    const { link, news } = open(simulator, { links: createLinks({ confirmIntervalMs: 60_000 }) });
    await news.next('loaded');
    simulator.control.limits.capacity = 0;
    simulator.control.dropConnections();
    expect((await news.next('lost')).trouble).toMatchObject({ kind: 'overloaded', code: 'VSPHERE_UNAVAILABLE' });
    simulator.control.limits.capacity = undefined;
    link.retryNow();
    expect((await news.next('loaded')).machines).toHaveLength(8);
    expect(simulator.control.report().byName['Login']).toBe(1);
  });

  it('that forgets our session is signed in at again without anybody noticing', async () => {
    const simulator = await start();
    const { link, news } = open(simulator);
    const { machines } = await news.next('loaded');
    simulator.control.expireSessions();
    await link.readGauges({ signal: NEVER });
    simulator.control.renameMachine(String(machines[0]?.moid), 'after the session');
    simulator.control.dropConnections();
    const isThere = (facts: readonly MachineFacts[]) => facts.some(({ name }) => name === 'after the session');
    await news.until((each) => (each.kind === 'loaded' && isThere(each.machines)) || (each.kind === 'changed' && isThere(each.upserted)));
    expect(news.all.filter(({ kind }) => kind === 'lost')).toEqual([]);
  });

  it('that refuses the password is asked exactly once, until a person wants another try', async () => {
    const simulator = await start();
    const { link, news } = open(simulator, { password: 'wrong' });
    const { trouble, retryInMs } = await news.next('lost');
    expect(trouble).toMatchObject({ kind: 'sign-in-failed', code: 'VSPHERE_INVALID_LOGIN' });
    expect(retryInMs).toBeNull();
    await expect(link.readGauges({ signal: NEVER })).rejects.toMatchObject({ code: 'VSPHERE_INVALID_LOGIN' });
    await expect(link.readGauges({ signal: NEVER })).rejects.toMatchObject({ code: 'VSPHERE_INVALID_LOGIN' });
    expect(simulator.control.report().byName['Login']).toBe(1);
    link.retryNow();
    await news.next('lost');
    expect(simulator.control.report().byName['Login']).toBe(2);
  });

  it('whose certificate nobody has accepted gets not one request, and shows it', async () => {
    const simulator = await start();
    const { news } = open(simulator, { record: { pinnedSha256: null } });
    const { trouble } = await news.next('lost');
    expect(trouble).toMatchObject({ kind: 'certificate-untrusted', certificate: { sha256: simulator.certificateSha256 } });
    expect(simulator.control.report().requests).toBe(0);
  });

  it('whose certificate changes is blocked at once', async () => {
    const simulator = await start();
    const { link, news } = open(simulator);
    await news.next('loaded');
    const changed = simulator.control.changeCertificate();
    simulator.control.dropConnections();
    const { trouble, retryInMs } = await news.next('lost');
    expect(trouble).toMatchObject({ kind: 'certificate-changed', certificate: { sha256: changed } });
    expect(retryInMs).toBeNull();
    simulator.control.resetCounters();
    await expect(link.readGauges({ signal: NEVER })).rejects.toMatchObject({ code: 'TRANSPORT_CERTIFICATE_CHANGED' });
    expect(simulator.control.report().requests).toBe(0);
  });

  it('that is demanded to be known to an authority, and is not, is blocked as well', async () => {
    const simulator = await start();
    const { news } = open(simulator, { record: { verifySsl: true } });
    expect((await news.next('lost')).trouble).toMatchObject({ kind: 'certificate-untrusted' });
    expect(simulator.control.report().requests).toBe(0);
  });

  it.each([
    ['paced-window', { isPaced: true, isNarrowed: false }],
    ['delay', { isPaced: true, isNarrowed: false }],
    ['aimd', { isPaced: false, isNarrowed: true }],
    ['fixed', { isPaced: false, isNarrowed: false }],
  ] as const)('that refuses calls is asked as the limiter "%s" has it', async (limiter, { isPaced, isNarrowed }) => {
    const simulator = await start();
    const { link, news } = open(simulator, { links: createLinks({ limits: { minIntervalMs: 1, failureThreshold: 100 }, limiter }) });
    const moid = findMoid((await news.next('loaded')).machines, 'poweredOn');
    expect(link.figures().queue).toMatchObject({ current_delay: 0, current_concurrent: 4 });
    simulator.control.addFault({ effect: { kind: 'unavailable' }, on: ['screen'] });
    for (let turn = 0; turn < 2; turn++) {
      const capture = link.captureScreen(moid, { width: 200, height: 150, priority: 'high', signal: NEVER });
      await expect(capture).rejects.toMatchObject({ code: 'VSPHERE_UNAVAILABLE' });
    }
    const { queue, delayMs } = link.figures();
    expect(delayMs > 0).toBe(isPaced);
    expect(queue.current_delay).toBe(delayMs / 1_000);
    expect(queue.current_concurrent < 4).toBe(isNarrowed);
  });

  it('is asked with a pause before every call by the limiter "delay-as-written", refused or not', async () => {
    const simulator = await start();
    const { link, news } = open(simulator, {
      links: createLinks({ limits: { minIntervalMs: 1, failureThreshold: 100 }, limiter: 'delay-as-written' }),
    });
    const moid = findMoid((await news.next('loaded')).machines, 'poweredOn');
    expect(link.figures().delayMs).toBe(500);
    simulator.control.addFault({ effect: { kind: 'unavailable' }, on: ['screen'] });
    const capture = link.captureScreen(moid, { width: 200, height: 150, priority: 'high', signal: NEVER });
    await expect(capture).rejects.toMatchObject({ code: 'VSPHERE_UNAVAILABLE' });
    expect(link.figures().delayMs).toBe(1_000);
  });

  it('that takes no calls opens the breaker, is asked more slowly, and both show in the figures', async () => {
    const simulator = await start();
    const { link, news } = open(simulator, { links: createLinks({ limits: { minIntervalMs: 1, failureThreshold: 3 } }) });
    const moid = findMoid((await news.next('loaded')).machines, 'poweredOn');
    simulator.control.addFault({ effect: { kind: 'unavailable' }, on: ['screen'] });
    for (let turn = 0; turn < 3; turn++) {
      const capture = link.captureScreen(moid, { width: 200, height: 150, priority: 'high', signal: NEVER });
      await expect(capture).rejects.toMatchObject({ code: 'VSPHERE_UNAVAILABLE' });
    }
    expect(simulator.control.report().byName['screen']).toBe(3);
    expect(link.figures().breaker).toMatchObject({ state: 'open', failure_threshold: 3 });
    // How slowly depends on how fast the server was before; without a limiter it is 0.
    expect(link.figures().delayMs).toBeGreaterThan(10);
    await expect(link.readGauges({ signal: NEVER })).rejects.toMatchObject({ code: 'RESILIENCE_CIRCUIT_OPEN' });
    simulator.control.faults.clear();
    link.resetBreaker();
    // A person says that the trouble is over, so its pace is too.
    expect(link.figures().delayMs).toBe(0);
    await link.captureScreen(moid, { width: 200, height: 150, priority: 'high', signal: NEVER });
    expect(link.figures().breaker.state).toBe('closed');
  });

  it('whose breaker is open is signed out of all the same when the link is closed', async () => {
    const simulator = await start();
    const { link, news } = open(simulator, { links: createLinks({ limits: { minIntervalMs: 1, failureThreshold: 3 } }) });
    const moid = findMoid((await news.next('loaded')).machines, 'poweredOn');
    simulator.control.addFault({ effect: { kind: 'unavailable' }, on: ['screen'] });
    for (let turn = 0; turn < 3; turn++) {
      await link.captureScreen(moid, { width: 200, height: 150, priority: 'high', signal: NEVER }).catch(() => null);
    }
    expect(link.figures().breaker.state).toBe('open');
    await news.stop();
    await link.close();
    expect(simulator.control.report()).toMatchObject({ openSessions: 0, byName: { Logout: 1 } });
  });

  it('that never answers does not hold up whoever closes the link', async () => {
    const simulator = await start();
    const fast: Clock = { ...systemClock, after: (delayMs, callback, options) => systemClock.after(delayMs / 10, callback, options) };
    const { link, news } = open(simulator, { links: createLinks({}, fast) });
    await news.next('loaded');
    simulator.control.addFault({ effect: { kind: 'hang' } });
    const since = systemClock.now();
    await Promise.all([news.stop(), link.close()]);
    expect(systemClock.now() - since).toBeLessThan(2_000);
  });
});

describe('testing a server', () => {
  const credentials = (password = 'simulated') => ({ user: 'root', password: new Secret(password) });

  it('reports every step, once, and leaves no session', async () => {
    const simulator = await start();
    const result = await createLinks().test(recordOf(simulator), credentials(), { signal: NEVER });
    expect(result).toMatchObject({ success: true, code: null, vm_count: 8, certificate: { sha256: simulator.certificateSha256 } });
    expect(result.product).toContain('VMware ESXi 8.0');
    expect(result.steps.map(({ name, ok }) => [name, ok])).toEqual(
      ['tcp', 'tls', 'version', 'login', 'inventory'].map((name) => [name, true]),
    );
    expect(simulator.control.report()).toMatchObject({ openSessions: 0, byName: { Login: 1 } });
  });

  it('names the step that failed', async () => {
    const simulator = await start();
    const wrong = await createLinks().test(recordOf(simulator), credentials('wrong'), { signal: NEVER });
    expect(wrong).toMatchObject({ success: false, code: 'VSPHERE_INVALID_LOGIN', vm_count: null });
    expect(wrong.steps.at(-1)).toMatchObject({ name: 'login', ok: false });
    expect(simulator.control.report().byName['Login']).toBe(1);
    simulator.control.addFault({ effect: { kind: 'html' }, on: ['versions'] });
    const html = await createLinks().test(recordOf(simulator), credentials(), { signal: NEVER });
    expect(html.steps.at(-1)).toMatchObject({ name: 'version', ok: false });
  });

  it('sends nothing to a server whose certificate was not accepted or has changed', async () => {
    const simulator = await start();
    const other = simulator.certificateSha256.replaceAll(/[0-9A-F]{2}/g, '00');
    for (const [pinnedSha256, code] of [
      [null, 'TRANSPORT_CERTIFICATE_UNTRUSTED'],
      [other, 'TRANSPORT_CERTIFICATE_CHANGED'],
    ] as const) {
      const result = await createLinks().test(recordOf(simulator, { pinnedSha256 }), credentials(), { signal: NEVER });
      expect(result).toMatchObject({ success: false, code, certificate: { sha256: simulator.certificateSha256 } });
      expect(result.steps.at(-1)).toMatchObject({ name: 'tls', ok: false });
    }
    const unknown = await createLinks().test(recordOf(simulator, { verifySsl: true }), credentials(), { signal: NEVER });
    expect(unknown).toMatchObject({ success: false, code: 'TRANSPORT_CERTIFICATE_UNTRUSTED' });
    expect(unknown.steps.at(-1)).toMatchObject({ name: 'tls', ok: false });
    expect(simulator.control.report().requests).toBe(0);
  });

  it('says that nobody is there', async () => {
    const simulator = await start();
    const record = recordOf(simulator);
    await simulator.control.takeDown();
    expect(await createLinks().test(record, credentials(), { signal: NEVER })).toMatchObject({ success: false, code: 'TRANSPORT_REFUSED' });
    expect(await createLinks().probe(record, { signal: NEVER })).toMatchObject({
      success: false,
      code: 'TRANSPORT_REFUSED',
      certificate: null,
    });
  });

  it('shows a certificate without a request', async () => {
    const simulator = await start();
    const result = await createLinks().probe(recordOf(simulator), { signal: NEVER });
    expect(result).toMatchObject({ success: true, certificate: { sha256: simulator.certificateSha256 }, product: null });
    expect(simulator.control.report().requests).toBe(0);
  });
});
