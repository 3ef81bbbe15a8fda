import { describe, expect, it } from 'vitest';
import { type FakeAnswer, FakeServer, property, soapReply } from '../testing/fake-server.ts';
import { letPass } from '../testing/let-pass.ts';
import { makeClient } from '../testing/make-client.ts';
import type { InventoryNews } from './inventory.ts';

const NEVER = (): Promise<FakeAnswer> => new Promise(() => undefined);
const assign = (name: string, type: string, value: string, attributes = ''): string =>
  `<changeSet>${property(name, type, value, attributes).replace('<val', '<op>assign</op><val')}</changeSet>`;
const unset = (name: string): string => `<changeSet><name>${name}</name><op>assign</op></changeSet>`;
const object = (kind: string, type: string, moid: string, ...changes: readonly string[]): string =>
  `<objectSet><kind>${kind}</kind><obj type="${type}">${moid}</obj>${changes.join('')}</objectSet>`;
const news = (version: string, ...objects: readonly string[]): FakeAnswer =>
  soapReply(
    'WaitForUpdatesEx',
    `<returnval><version>${version}</version><filterSet><filter type="PropertyFilter">f</filter>${objects.join('')}</filterSet></returnval>`,
  );

const MACHINE = [
  assign('name', 'xsd:string', 'web'),
  assign('runtime.powerState', 'VirtualMachinePowerState', 'poweredOn'),
  assign('runtime.host', 'ManagedObjectReference', 'host-1', ' type="HostSystem"'),
  assign('config.hardware.memoryMB', 'xsd:int', '2048'),
  assign('config.instanceUuid', 'xsd:string', '52aa'),
];

async function follow(...answers: readonly FakeAnswer[]): Promise<InventoryNews[]> {
  const server = new FakeServer().script('WaitForUpdatesEx', ...answers, NEVER);
  const { client, clock } = makeClient(server);
  const controller = new AbortController();
  const told: InventoryNews[] = [];
  const work = (async () => {
    for await (const each of client.follow({ signal: controller.signal })) told.push(each);
  })();
  await letPass(clock, 4_000);
  controller.abort();
  await work;
  return told;
}

describe('follow', () => {
  it('tells the whole inventory, then each change as a whole machine', async () => {
    const told = await follow(
      news(
        '1',
        object('enter', 'VirtualMachine', '12', ...MACHINE),
        object('enter', 'HostSystem', 'host-1', assign('name', 'xsd:string', 'esx%2f1')),
      ),
      news('2', object('modify', 'VirtualMachine', '12', assign('runtime.powerState', 'VirtualMachinePowerState', 'poweredOff'))),
    );
    expect(told[0]).toMatchObject({
      kind: 'loaded',
      product: { apiType: 'HostAgent', version: '8.0.2' },
      machines: [{ moid: '12', name: 'web', hostName: 'esx/1', memoryMib: 2_048 }],
    });
    expect(told[1]).toMatchObject({
      kind: 'changed',
      upserted: [{ moid: '12', name: 'web', powerState: 'poweredOff', memoryMib: 2_048 }],
      removed: [],
    });
  });

  it('tells machines that come and go, also those that do both in one answer', async () => {
    const told = await follow(
      news('1', object('enter', 'VirtualMachine', '12', ...MACHINE)),
      news(
        '2',
        object('enter', 'VirtualMachine', '13', assign('name', 'xsd:string', 'short-lived')),
        object('leave', 'VirtualMachine', '13'),
        object('leave', 'VirtualMachine', '12'),
        object('enter', 'VirtualMachine', '14', assign('name', 'xsd:string', 'new')),
      ),
    );
    expect(told[1]).toMatchObject({ kind: 'changed', upserted: [{ moid: '14' }], removed: ['13', '12'] });
  });

  it('forgets everything below a struct that is unset, as when the files of a machine are lost', async () => {
    const told = await follow(
      news('1', object('enter', 'VirtualMachine', '12', ...MACHINE)),
      news(
        '2',
        object(
          'modify',
          'VirtualMachine',
          '12',
          unset('config'),
          assign('runtime.connectionState', 'VirtualMachineConnectionState', 'inaccessible'),
        ),
      ),
    );
    expect(told[1]).toMatchObject({ upserted: [{ name: 'web', memoryMib: null, instanceUuid: null, isAccessible: false }] });
  });

  it('tells the machines of a host anew when the host is renamed, and nothing when only others change', async () => {
    const told = await follow(
      news(
        '1',
        object('enter', 'VirtualMachine', '12', ...MACHINE),
        object('enter', 'VirtualMachine', '13', assign('name', 'xsd:string', 'elsewhere')),
      ),
      news('2', object('modify', 'HostSystem', 'host-1', assign('name', 'xsd:string', 'renamed'))),
      news('3', object('modify', 'HostSystem', 'host-2', assign('name', 'xsd:string', 'other'))),
    );
    expect(told[1]).toMatchObject({ kind: 'changed', upserted: [{ moid: '12', hostName: 'renamed' }], removed: [] });
    expect(told[2]).toEqual({ kind: 'confirmed' });
  });

  it('tells objects of different kinds apart although their ids are the same', async () => {
    const told = await follow(
      news('1', object('enter', 'VirtualMachine', '12', ...MACHINE)),
      news('2', object('modify', 'VirtualMachine', '12', assign('name', 'xsd:string', 'renamed')), object('leave', 'HostSystem', '12')),
    );
    expect(told[1]).toMatchObject({ kind: 'changed', upserted: [{ moid: '12', name: 'renamed' }], removed: [] });
  });
});

describe('load', () => {
  it('reads the same facts in one paged read, without watching', async () => {
    const server = new FakeServer().on('RetrievePropertiesEx', () =>
      soapReply(
        'RetrievePropertiesEx',
        `<returnval><objects><obj type="VirtualMachine">12</obj><propSet>${property('name', 'xsd:string', '&lt;script&gt;')}</propSet></objects></returnval>`,
      ),
    );
    const { client, clock } = makeClient(server);
    expect(await client.load({ priority: 'high' })).toMatchObject({ kind: 'loaded', machines: [{ moid: '12', name: '<script>' }] });
    expect(server.sent('CreateFilter')).toHaveLength(0);
    await client.close();
    expect(server.operations().slice(-2)).toEqual(['DestroyView', 'Logout']);
    expect(clock.pendingCount).toBe(0);
  });

  it('finds the name of a host that is told after its machines, also on a later page', async () => {
    const told = (type: string, moid: string, properties: string): string =>
      `<objects><obj type="${type}">${moid}</obj><propSet>${properties}</propSet></objects>`;
    const machine = (moid: string, host: string): string =>
      told('VirtualMachine', moid, property('runtime.host', 'ManagedObjectReference', host, ' type="HostSystem"'));
    const server = new FakeServer()
      .script(
        'RetrievePropertiesEx',
        soapReply('RetrievePropertiesEx', `<returnval><token>1</token>${machine('12', 'host-1')}${machine('13', 'host-2')}</returnval>`),
      )
      .script(
        'ContinueRetrievePropertiesEx',
        soapReply(
          'ContinueRetrievePropertiesEx',
          `<returnval>${told('HostSystem', 'host-1', property('name', 'xsd:string', 'esx%2f1'))}</returnval>`,
        ),
      );
    const { client } = makeClient(server);
    const { machines } = await client.load({ priority: 'high' });
    expect(machines.map(({ moid, hostName }) => [moid, hostName])).toEqual([
      ['12', 'esx/1'],
      ['13', null],
    ]);
    await client.close();
  });
});
