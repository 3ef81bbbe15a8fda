import { ManualClock } from '@breakwater/kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { createFleetPersonality } from './fleet-presets.ts';
import { type SimulatorOptions, startVsphereSimulator, type VsphereSimulator } from './simulator.ts';
import { filterSpec, fixture, pick, pickAll, SoapClient } from './test-support/soap-client.ts';

const running: VsphereSimulator[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.stop()));
});

async function start(options: SimulatorOptions) {
  const clock = new ManualClock();
  const simulator = await startVsphereSimulator({ clock, ...options });
  running.push(simulator);
  return { clock, simulator, client: new SoapClient(simulator) };
}

async function startCenter(options: Partial<SimulatorOptions> = {}) {
  const started = await start({ personality: 'vcenter-8.0', machines: 60, ...options });
  await started.client.call(toCenter(fixture('login', { user: 'root', password: 'simulated' })));
  return started;
}

const toCenter = (xml: string): string =>
  xml.replaceAll('ha-sessionmgr', 'SessionManager').replaceAll('ha-property-collector', 'propertyCollector');
const faultOf = (xml: string): string => /xsi:type="(\w+)"/.exec(/<detail>.*<\/detail>/s.exec(xml)?.[0] ?? '')?.[1] ?? '';

function taskInfo(client: SoapClient, use: { readonly task: string; readonly collector: string }): Promise<string> {
  return client.call(
    `<RetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">${use.collector}</_this><specSet><propSet><type>Task</type><pathSet>info</pathSet></propSet><objectSet><obj type="Task">${use.task}</obj></objectSet></specSet><options></options></RetrievePropertiesEx>`,
  );
}

describe('fleets', () => {
  it('are the same for the same seed and different for another', async () => {
    const [one, two, other] = await Promise.all([1, 1, 2].map((seed) => start({ personality: 'esxi-8.0', machines: 50, seed })));
    const uuids = async ({ client }: { client: SoapClient }): Promise<string[]> => {
      await client.login();
      return pickAll(await client.retrieve({ view: await client.createView(), paths: ['config.uuid'] }), 'val');
    };
    if (one === undefined || two === undefined || other === undefined) throw new Error('Three were started.');
    const first = await uuids(one);
    expect(first).toHaveLength(49);
    expect(await uuids(two)).toEqual(first);
    expect(await uuids(other)).not.toEqual(first);
  });

  it('show machines in every state, also ones whose files are out of reach', async () => {
    const { client } = await start({ personality: 'esxi-8.0', machines: 60 });
    await client.login();
    const view = await client.createView();
    const states = new Set(pickAll(await client.retrieve({ view, paths: ['runtime.powerState'] }), 'val'));
    expect([...states].toSorted()).toEqual(['poweredOff', 'poweredOn', 'suspended']);
    const answer = await client.retrieve({ view, paths: ['runtime.connectionState', 'config.guestId'] });
    const lost = answer.split('<objects>').filter((part) => part.includes('>inaccessible<'));
    expect(lost).toHaveLength(2);
    expect(lost.every((part) => !part.includes('config.guestId'))).toBe(true);
  });

  it('have distinct names, and distinct ids that are numbers on a host', async () => {
    const { simulator } = await start({ personality: 'esxi-7.0', machines: 3_000 });
    const machines = simulator.control.machines();
    expect(new Set(machines.map((machine) => machine.name)).size).toBe(3_000);
    expect(new Set(machines.map((machine) => machine.moid)).size).toBe(3_000);
    expect(machines.every((machine) => /^\d+$/.test(machine.moid))).toBe(true);
  });

  it('make up the demo: three hosts of three releases and a vCenter', async () => {
    const presets = createFleetPersonality();
    const started = await Promise.all(presets.map((preset) => start(preset)));
    const versions = await Promise.all(started.map(async ({ client }) => pick(await client.call(fixture('service-content')), 'version')));
    expect(versions).toEqual(['8.0.2', '7.0.3', '6.7.0', '8.0.2']);
    expect(started.map(({ simulator }) => simulator.control.machines().length)).toEqual([24, 18, 12, 48]);
  });
});

describe('versions', () => {
  it('leave fields out of a value that the version asked for does not know', async () => {
    const { client } = await start({ personality: 'esxi-8.0' });
    await client.login();
    const view = await client.createView();
    client.soapAction = 'urn:vim25/7.0.2.0';
    expect(await client.retrieve({ view, paths: ['summary.quickStats'] })).not.toContain('<activeMemory>');
    client.soapAction = 'urn:vim25/7.0.3.0';
    expect(await client.retrieve({ view, paths: ['summary.quickStats'] })).toContain('<activeMemory>');
  });

  it('give fingerprints in tickets by SHA-256 only where the field exists', async () => {
    const { client, simulator } = await start({ personality: 'esxi-8.0' });
    await client.login();
    const ticket = '<AcquireTicket xmlns="urn:vim25"><_this type="VirtualMachine">1</_this><ticketType>webmks</ticketType></AcquireTicket>';
    expect(await client.call(ticket)).not.toContain('certThumbprintList');
    client.soapAction = 'urn:vim25/8.0.2.0';
    expect(await client.call(ticket)).toContain(
      `<thumbprint>${simulator.certificateSha256}</thumbprint><hashAlgorithm>sha256</hashAlgorithm>`,
    );
  });
});

describe('vCenter', () => {
  it('pages updates by a hundred even when nobody asks for it', async () => {
    const { client } = await startCenter({ machines: 150 });
    const view = await client.createView('group-d1');
    const collector = pick(
      await client.call(
        toCenter(
          '<CreatePropertyCollector xmlns="urn:vim25"><_this type="PropertyCollector">ha-property-collector</_this></CreatePropertyCollector>',
        ),
      ),
      'returnval',
    );
    await client.call(
      `<CreateFilter xmlns="urn:vim25"><_this type="PropertyCollector">${collector}</_this><spec>${filterSpec({ view, paths: ['name'] })}</spec><partialUpdates>false</partialUpdates></CreateFilter>`,
    );
    const first = await client.wait(collector, { version: '' });
    expect([pickAll(first, 'kind').length, pick(first, 'truncated')]).toEqual([100, 'true']);
    expect(pickAll(await client.wait(collector, { version: pick(first, 'version') }), 'kind')).toHaveLength(50);
  });

  it('powers several machines on through their datacenter, with a task for each', async () => {
    const { client, simulator, clock } = await startCenter();
    const off = simulator.control
      .machines()
      .filter((machine) => machine.powerState === 'poweredOff' && machine.connection === 'connected')
      .slice(0, 2);
    const vms = off.map((machine) => `<vm type="VirtualMachine">${machine.moid}</vm>`).join('');
    const answer = await client.call(
      `<PowerOnMultiVM_Task xmlns="urn:vim25"><_this type="Datacenter">datacenter-2</_this>${vms}</PowerOnMultiVM_Task>`,
    );
    await clock.advance(1_300);
    expect(await taskInfo(client, { task: pick(answer, 'returnval'), collector: 'propertyCollector' })).toContain(
      '<result xsi:type="ClusterPowerOnVmResult"><attempted>',
    );
    await clock.advance(1_300);
    expect(off.map((machine) => simulator.control.findMachine(machine.moid)?.powerState)).toEqual(['poweredOn', 'poweredOn']);
  });

  it('refuses a name twice', async () => {
    const { client, clock } = await startCenter();
    const task = pick(
      await client.call(
        '<Rename_Task xmlns="urn:vim25"><_this type="VirtualMachine">vm-101</_this><newName>web-01</newName></Rename_Task>',
      ),
      'returnval',
    );
    await clock.advance(1_300);
    expect(await taskInfo(client, { task, collector: 'propertyCollector' })).toContain(
      '<fault xsi:type="DuplicateName"><name>web-01</name>',
    );
  });

  it('knows its sessions by their keys', async () => {
    const { client } = await startCenter();
    const session = await client.call(
      '<RetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">propertyCollector</_this><specSet><propSet><type>SessionManager</type><pathSet>currentSession</pathSet></propSet><objectSet><obj type="SessionManager">SessionManager</obj></objectSet></specSet><options></options></RetrievePropertiesEx>',
    );
    const isActive = (key: string) =>
      client.call(
        `<SessionIsActive xmlns="urn:vim25"><_this type="SessionManager">SessionManager</_this><sessionID>${key}</sessionID><userName>root</userName></SessionIsActive>`,
      );
    expect(pick(await isActive(pick(session, 'key')), 'returnval')).toBe('true');
    expect(pick(await isActive('other'), 'returnval')).toBe('false');
  });
});

describe('what a host refuses', () => {
  async function startHost(limits: SimulatorOptions['limits'] = {}) {
    const started = await start({ personality: 'esxi-8.0', limits });
    await started.client.login();
    return started;
  }

  it('more sessions than its limit', async () => {
    const { simulator } = await startHost({ maxSessions: 2 });
    expect(pick(await new SoapClient(simulator).login(), 'userName')).toBe('root');
    expect(faultOf(await new SoapClient(simulator).login())).toBe('SystemError');
  });

  it('writes while a vCenter manages it, naming that vCenter', async () => {
    const { client, simulator } = await startHost();
    simulator.control.limits.managedBy = '192.0.2.1';
    const answer = await client.call('<PowerOffVM_Task xmlns="urn:vim25"><_this type="VirtualMachine">1</_this></PowerOffVM_Task>');
    expect(faultOf(answer)).toBe('HostAccessRestrictedToManagementServer');
    expect(pick(answer, 'managementServer')).toBe('192.0.2.1');
  });

  it('a change based on an old version of the configuration', async () => {
    const { client, clock } = await startHost();
    const change =
      '<ReconfigVM_Task xmlns="urn:vim25"><_this type="VirtualMachine">1</_this><spec><changeVersion>2001-01-01T00:00:00Z</changeVersion><annotation></annotation></spec></ReconfigVM_Task>';
    const task = pick(await client.call(change), 'returnval');
    await clock.advance(1_300);
    expect(await taskInfo(client, { task, collector: 'ha-property-collector' })).toContain('ConcurrentAccess');
  });

  it('tokens, views and collectors that are gone', async () => {
    const { client } = await startHost();
    const view = await client.createView();
    const token = pick(await client.retrieve({ view, paths: ['name'], maxObjects: 1 }), 'token');
    const cancel = `<CancelRetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">ha-property-collector</_this><token>${token}</token></CancelRetrievePropertiesEx>`;
    expect(await client.call(cancel)).toContain('CancelRetrievePropertiesExResponse');
    expect(faultOf(await client.call(cancel))).toBe('InvalidArgument');
    const destroy = `<DestroyView xmlns="urn:vim25"><_this type="ContainerView">${view}</_this></DestroyView>`;
    expect(await client.call(destroy)).toContain('DestroyViewResponse');
    expect(faultOf(await client.call(destroy))).toBe('ManagedObjectNotFound');
    expect(faultOf(await client.retrieve({ view, paths: ['name'] }))).toBe('ManagedObjectNotFound');
    expect(faultOf(await client.wait('session[x]y', { version: '' }))).toBe('ManagedObjectNotFound');
  });

  it('a second sign-in with a session that is signed in, without counting it as a wrong password', async () => {
    const { client, simulator } = await startHost();
    expect(faultOf(await client.login())).toBe('InvalidLogin');
    expect(simulator.control.report().logins).toEqual({ attempts: 1, failures: 0, lockouts: 0 });
  });

  it('sizes out of range', async () => {
    const { client } = await startHost();
    const view = await client.createView();
    expect(faultOf(await client.retrieve({ view, paths: ['name'], maxObjects: 0 }))).toBe('InvalidArgument');
    expect((await client.http('/screen?id=1&w=0')).status).toBe(400);
    expect((await client.http('/screen?id=1&w=99999')).status).toBe(400);
  });
});
