import { request } from 'node:http';
import { ManualClock } from '@breakwater/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startVsphereSimulator, type VsphereSimulator } from '../simulator.ts';
import { SoapClient } from '../test-support/soap-client.ts';

let simulator: VsphereSimulator;

beforeEach(async () => {
  simulator = await startVsphereSimulator({ personality: 'esxi-7.0', machines: 5, clock: new ManualClock(), controlPort: 0 });
});

afterEach(() => simulator.stop());

async function ask(line: string, body?: unknown): Promise<{ readonly status: number; readonly json: Record<string, unknown> }> {
  const [method = '', path = ''] = line.split(' ');
  const answer = await fetch(`${simulator.controlOrigin}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
}

describe('control door', () => {
  it('switches a fault on and off', async () => {
    const { json } = await ask('POST /faults', { effect: { kind: 'unavailable' }, on: ['versions'] });
    const client = new SoapClient(simulator);
    expect((await client.http('/sdk/vimServiceVersions.xml')).status).toBe(503);
    expect((await ask(`DELETE /faults/${json['id'] as number}`)).json).toEqual({ removed: true });
    expect((await client.http('/sdk/vimServiceVersions.xml')).status).toBe(200);
    expect((await ask('GET /counters')).json['byName']).toEqual({ versions: 2 });
  });

  it('changes limits, and refuses a patch as a whole when a part of it is wrong', async () => {
    expect((await ask('PATCH /limits', { license: 'free', capacity: 3 })).status).toBe(200);
    expect(simulator.control.limits).toMatchObject({ license: 'free', capacity: 3 });
    for (const wrong of [{ capacity: 'x' }, { license: 'paid' }, { nonsense: 1 }, { taskMs: -1 }, { taskMs: null }, []]) {
      expect((await ask('PATCH /limits', wrong)).status).toBe(400);
    }
    await ask('PATCH /limits', { capacity: null });
    expect(simulator.control.limits.capacity).toBeUndefined();
  });

  it('acts on machines', async () => {
    await ask('POST /machines/1/power-off');
    await ask('POST /machines/1/name', { name: 'neu' });
    await ask('POST /machines/2/property', { path: 'guest.ipAddress', value: '192.0.2.9' });
    expect(simulator.control.findMachine('1')).toMatchObject({ name: 'neu', powerState: 'poweredOff' });
    const { json } = await ask('POST /machines');
    await ask(`DELETE /machines/${json['moid'] as string}`);
    expect(simulator.control.machines()).toHaveLength(5);
    expect((await ask('POST /machines/nope/power-off')).status).toBe(404);
    expect((await ask('POST /machines/2/property', { path: 'no.such', value: 'x' })).status).toBe(400);
  });

  it('takes rights away and gives them back', async () => {
    expect((await ask('POST /denied-reads', { moid: '1', path: 'config' })).status).toBe(200);
    expect((await ask('POST /denied-reads', { moid: 1 })).status).toBe(400);
    expect((await ask('POST /denied-reads', { name: 'x' })).status).toBe(400);
    expect(simulator.control.deniedReads()).toEqual([{ moid: '1', path: 'config' }]);
    await ask('DELETE /denied-reads');
    expect(simulator.control.deniedReads()).toEqual([]);
  });

  it.each([
    ['a rule of an unknown kind', { effect: { kind: 'fire' } }],
    ['a latency without its delay', { effect: { kind: 'latency' } }],
    ['an unknown key', { effect: { kind: 'hang' }, method: 'Login' }],
    ['a probability above one', { effect: { kind: 'hang' }, probability: 2 }],
  ])('refuses %s', async (_, rule) => {
    const { status, json } = await ask('POST /faults', rule);
    expect([status, json['code']]).toEqual([400, 'SIM_CONTROL_INPUT']);
    expect(simulator.control.faults.list()).toEqual([]);
  });

  it('takes the host down and up again, and changes its certificate', async () => {
    await ask('POST /listener/down');
    expect((await ask('GET /state')).json['listening']).toBe(false);
    await ask('POST /listener/up');
    expect((await new SoapClient(simulator).http('/sdk/vimServiceVersions.xml')).status).toBe(200);
    expect((await ask('POST /certificate')).json['certificateSha256']).not.toBe(simulator.certificateSha256);
  });

  it('does not answer to web pages, nor under another name', async () => {
    const status = (headers: Readonly<Record<string, string>>) =>
      new Promise((resolve) =>
        request(`${simulator.controlOrigin}/state`, { headers }, (answer) => resolve(answer.resume().statusCode)).end(),
      );
    expect(await status({ origin: 'https://evil.example' })).toBe(400);
    expect(await status({ host: 'evil.example' })).toBe(400);
    expect(await status({})).toBe(200);
  });
});
