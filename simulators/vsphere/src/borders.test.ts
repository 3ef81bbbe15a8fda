import { ManualClock } from '@breakwater/kernel';
import { afterEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { type SimulatorOptions, startVsphereSimulator, type VsphereSimulator } from './simulator.ts';
import { fixture, pick, pickAll, SoapClient } from './test-support/soap-client.ts';

const running: VsphereSimulator[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.stop()));
});

const faultOf = (xml: string): string => /xsi:type="(\w+)"/.exec(/<detail>.*<\/detail>/s.exec(xml)?.[0] ?? '')?.[1] ?? '';
const onMachine = (method: string, moid: string, args = ''): string =>
  `<${method} xmlns="urn:vim25"><_this type="VirtualMachine">${moid}</_this>${args}</${method}>`;
const ACQUIRE = '<ticketType>webmks</ticketType>';

async function start(options: Partial<SimulatorOptions> = {}) {
  const clock = new ManualClock();
  const simulator = await startVsphereSimulator({ personality: 'esxi-8.0', machines: 5, clock, ...options });
  running.push(simulator);
  const client = new SoapClient(simulator);
  client.soapAction = 'urn:vim25/8.0.2.0';
  const login = fixture('login', { user: 'root', password: 'simulated' });
  await client.call(options.personality === 'vcenter-8.0' ? login.replaceAll('ha-sessionmgr', 'SessionManager') : login);
  return { clock, simulator, client };
}

describe('a server without /screen', () => {
  it.each([
    ['missing', 404],
    ['unsupported', 501],
  ] as const)('whose door is %s answers %i, and takes pictures by task', async (screenDoor, status) => {
    const { client, simulator, clock } = await start({ limits: { screenDoor } });
    expect((await client.http('/screen?id=1&w=200&h=150')).status).toBe(status);
    await client.call(onMachine('CreateScreenshot_Task', '1'));
    await clock.advance(2_000);
    expect(simulator.control.datastoreFiles()).toHaveLength(1);
  });

  it('gives the files of a vCenter only under the whole path of their datacenter', async () => {
    const { client, simulator, clock } = await start({ personality: 'vcenter-8.0', machines: 60 });
    await client.call(onMachine('CreateScreenshot_Task', 'vm-101'));
    await clock.advance(2_000);
    const [datastore = '', path = ''] = /^\[(.+)\] (.+)$/.exec(simulator.control.datastoreFiles()[0] ?? '')?.slice(1) ?? [];
    const fetch = async (dcPath?: string) => {
      const query = new URLSearchParams({ dsName: datastore, ...(dcPath === undefined ? {} : { dcPath }) });
      return (await client.http(`/folder/${path}?${query.toString()}`)).status;
    };
    expect(await fetch()).toBe(404);
    expect(await fetch('Datacenter')).toBe(404);
    expect(await fetch('EMEA/West/Datacenter')).toBe(404);
    expect(await fetch('EMEA%2fWest/Datacenter')).toBe(200);
    const remove = (datacenter: string): Promise<string> =>
      client.call(
        `<DeleteDatastoreFile_Task xmlns="urn:vim25"><_this type="FileManager">FileManager</_this><name>[${datastore}] ${path}</name>${datacenter}</DeleteDatastoreFile_Task>`,
      );
    expect(faultOf(await remove(''))).toBe('InvalidArgument');
    await remove('<datacenter type="Datacenter">datacenter-2</datacenter>');
    await clock.advance(2_000);
    expect(simulator.control.datastoreFiles()).toEqual([]);
  });
});

describe('tickets of a vCenter', () => {
  const startCenter = async (ticketHost: 'missing' | 'short-name' | 'inventory-name' | 'foreign') => {
    const started = await start({
      personality: 'vcenter-8.0',
      machines: 20,
      hostNames: ['one.lab.example', '127.0.0.2'],
      consoleHost: '127.0.0.1',
      limits: { ticketHost },
    });
    const acquire = (moid: string): Promise<string> => started.client.call(onMachine('AcquireTicket', moid, ACQUIRE));
    return { ...started, acquire };
  };
  const knock = (port: string | number, ticket: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = new WebSocket(`wss://127.0.0.1:${port}/ticket/${ticket}`, ['binary'], { rejectUnauthorized: false });
      socket.once('message', (data: Buffer) => {
        resolve(data.toString('latin1'));
        socket.terminate();
      });
      socket.once('error', (error) => resolve(error.message));
    });

  it('lead to the vCenter itself when they name no host', async () => {
    const { acquire, simulator } = await startCenter('missing');
    const ticket = await acquire('vm-101');
    expect([pick(ticket, 'host'), pick(ticket, 'port')]).toEqual(['', String(simulator.port)]);
    expect(await knock(simulator.port, pick(ticket, 'ticket'))).toBe('RFB 003.008\n');
  });

  it('name the machine’s host with a port and a certificate of its own, and open nothing elsewhere', async () => {
    const { acquire, simulator } = await startCenter('inventory-name');
    const ticket = await acquire('vm-101');
    expect(pick(ticket, 'host')).toBe('one.lab.example');
    expect(pick(await acquire('vm-102'), 'host')).toBe('127.0.0.2');
    expect(pick(ticket, 'port')).not.toBe(String(simulator.port));
    expect(pickAll(ticket, 'thumbprint')).not.toContain(simulator.certificateSha256);
    expect(await knock(simulator.port, pick(ticket, 'ticket'))).toContain('403');
    expect(await knock(pick(ticket, 'port'), pick(ticket, 'ticket'))).toBe('RFB 003.008\n');
    expect(await knock(pick(ticket, 'port'), pick(ticket, 'ticket'))).toContain('403');
    expect(simulator.control.report().byName['host-ticket']).toBe(2);
  });

  it('may name it shortly, or name somebody else', async () => {
    const { acquire, simulator } = await startCenter('short-name');
    expect(pick(await acquire('vm-101'), 'host')).toBe('one');
    simulator.control.limits.ticketHost = 'foreign';
    expect(pick(await acquire('vm-101'), 'host')).toBe('192.0.2.7');
  });

  it('go on naming the certificate that the vCenter knows when the hosts show another', async () => {
    const { acquire, simulator } = await startCenter('inventory-name');
    const before = pick(await acquire('vm-101'), 'sslThumbprint');
    simulator.control.changeHostCertificate();
    expect(pick(await acquire('vm-101'), 'sslThumbprint')).toBe(before);
  });
});

describe('an account with few rights', () => {
  it('is told property by property what it may not read, also when that changes', async () => {
    const { client, simulator } = await start();
    simulator.control.denyRead({ moid: '1', path: 'config' });
    const view = await client.createView();
    const paths = ['name', 'config.guestId'];
    const answer = await client.retrieve({ view, paths });
    expect(answer.match(/<missingSet>/g)).toHaveLength(1);
    expect(answer).toContain('<missingSet><path>config.guestId</path><fault><fault xsi:type="NoPermission">');
    expect(pickAll(answer, 'privilegeId')).toEqual(['System.Read']);
    const { collector } = await client.createFilter({ view, paths });
    const first = await client.wait(collector, { version: '' });
    expect(first.match(/<missingSet>/g)).toHaveLength(1);
    simulator.control.denyRead({ moid: '2', path: 'name' });
    const second = await client.wait(collector, { version: pick(first, 'version') });
    expect(second).toContain('<missingSet><path>name</path>');
    expect(second.match(/<objectSet>/g)).toHaveLength(1);
    simulator.control.allowReads();
    const third = await client.wait(collector, { version: pick(second, 'version') });
    expect(third).not.toContain('missingSet');
    expect(third.match(/<objectSet>/g)).toHaveLength(2);
  });

  it('may look but not act', async () => {
    const { client, simulator, clock } = await start({ limits: { role: 'read-only' } });
    for (const [method, args, privilege] of [
      ['PowerOffVM_Task', '', 'VirtualMachine.Interact.PowerOff'],
      ['ShutdownGuest', '', 'VirtualMachine.Interact.PowerOff'],
      ['CreateScreenshot_Task', '', 'VirtualMachine.Interact.CreateScreenshot'],
      ['AcquireTicket', ACQUIRE, 'VirtualMachine.Interact.ConsoleInteract'],
    ] as const) {
      const answer = await client.call(onMachine(method, '1', args));
      expect([method, faultOf(answer), pick(answer, 'privilegeId')]).toEqual([method, 'NoPermission', privilege]);
    }
    await clock.advance(5_000);
    expect(simulator.control.findMachine('1')?.powerState).toBe('poweredOn');
    expect((await client.http('/screen?id=1&w=200&h=150')).status).toBe(403);
  });

  it('whose session has ended is told so property by property, on servers that do it that way', async () => {
    const { client, simulator } = await start({ limits: { expiryAnswer: 'missing-set' } });
    const view = await client.createView();
    simulator.control.expireSessions();
    const answer = await client.retrieve({ view, paths: ['name', 'config.guestId'] });
    expect(answer.match(/<fault xsi:type="NotAuthenticated">/g)).toHaveLength(2);
    expect(answer).not.toContain('<propSet>');
  });
});

describe('a filter with partialUpdates', () => {
  it('is told fields of a struct instead of the struct, and what is unset', async () => {
    const { client, simulator } = await start();
    const view = await client.createView();
    const { collector } = await client.createFilter({ view, paths: ['name', 'runtime', 'guest'], partialUpdates: true });
    const first = await client.wait(collector, { version: '' });
    expect(first).toContain('<name>runtime</name>');
    expect(first).not.toContain('<name>runtime.powerState</name>');
    simulator.control.setProperty('1', { path: 'guest.ipAddress', value: '192.0.2.9' });
    const second = await client.wait(collector, { version: pick(first, 'version') });
    expect(pickAll(second, 'name')).toEqual(['guest.ipAddress']);
    expect(second).toContain('<val xsi:type="xsd:string">192.0.2.9</val>');
    simulator.control.powerOff('1');
    const third = await client.wait(collector, { version: pick(second, 'version') });
    expect(third).toContain('<name>runtime.powerState</name><op>assign</op><val xsi:type="VirtualMachinePowerState">poweredOff</val>');
    expect(third).toContain('<name>runtime.bootTime</name><op>assign</op></changeSet>');
    expect(pickAll(third, 'name')).not.toContain('runtime');
  });
});
