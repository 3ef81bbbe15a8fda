import { ManualClock, OpsError, Secret, silentLogger } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import type { API_VERSIONS } from '../schema/index.ts';
import { Session } from '../session/index.ts';
import { type FakeAnswer, FakeServer, property, soapFault, soapReply } from '../testing/fake-server.ts';
import { WorkSlicer } from '../wire/index.ts';
import { ObjectView } from './object-view.ts';
import { selectKnownPaths } from './property-paths.ts';
import { type ObjectSnapshot, PropertyReader } from './property-reader.ts';

const SETS = [{ type: 'VirtualMachine', paths: ['name', 'runtime.powerState'] }] as const;
const READ = { priority: 'normal' } as const;

const machine = (moid: string, name: string): string =>
  `<objects><obj type="VirtualMachine">${moid}</obj><propSet>${property('name', 'xsd:string', name)}</propSet></objects>`;
const page = (method: string, objects: string, token?: string): FakeAnswer =>
  soapReply(method, `<returnval>${token === undefined ? '' : `<token>${token}</token>`}${objects}</returnval>`);

function start(server: FakeServer): PropertyReader {
  const clock = new ManualClock();
  const session = new Session({
    transport: server,
    user: 'root',
    password: new Secret('x'),
    clock,
    logger: silentLogger,
    keepAliveAfterMs: 600_000,
    slicer: new WorkSlicer({ clock, yieldTurn: () => Promise.resolve() }),
  });
  return new PropertyReader({ session, view: new ObjectView(session) });
}

describe('PropertyReader', () => {
  it('reads everything in pages, each asked for by the token of the one before', async () => {
    const server = new FakeServer()
      .script('RetrievePropertiesEx', page('RetrievePropertiesEx', machine('1', 'a'), 't1'))
      .script(
        'ContinueRetrievePropertiesEx',
        page('ContinueRetrievePropertiesEx', machine('2', 'b'), 't2'),
        page('ContinueRetrievePropertiesEx', machine('3', 'c')),
      );
    const objects = await start(server).readAll(SETS, READ);
    expect(objects.map((object) => object.properties['name'])).toEqual(['a', 'b', 'c']);
    expect(server.sent('RetrievePropertiesEx')[0]).toContain('<options><maxObjects>250</maxObjects></options>');
    expect(server.sent('ContinueRetrievePropertiesEx').map((body) => /<token>(.*?)<\/token>/.exec(body)?.[1])).toEqual(['t1', 't2']);
  });

  it('keeps only what is wanted of each object, over all pages and in their order', async () => {
    const server = new FakeServer()
      .script('RetrievePropertiesEx', page('RetrievePropertiesEx', machine('1', 'a') + machine('2', 'b'), 't1'))
      .script('ContinueRetrievePropertiesEx', page('ContinueRetrievePropertiesEx', machine('1', 'c')));
    const toKept = ({ ref, properties }: ObjectSnapshot): string => `${ref.value}=${String(properties['name'])}`;
    expect(await start(server).readEach(SETS, { ...READ, toKept })).toEqual(['1=a', '2=b', '1=c']);
  });

  it('uses one view for all reads of a session', async () => {
    const server = new FakeServer().on('RetrievePropertiesEx', () => page('RetrievePropertiesEx', machine('1', 'a')));
    const reader = start(server);
    await Promise.all([reader.readAll(SETS, READ), reader.readAll(SETS, READ)]);
    await reader.readAll(SETS, READ);
    expect(server.sent('CreateContainerView')).toHaveLength(1);
  });

  it('starts over in a new session when the old one ends between two pages', async () => {
    const server = new FakeServer()
      .script(
        'RetrievePropertiesEx',
        page('RetrievePropertiesEx', machine('1', 'old'), 't1'),
        page('RetrievePropertiesEx', machine('1', 'new')),
      )
      .script('ContinueRetrievePropertiesEx', soapFault('NotAuthenticated'));
    const objects = await start(server).readAll(SETS, READ);
    expect(objects.map((object) => object.properties['name'])).toEqual(['new']);
    expect(server.signIns).toBe(2);
    expect(server.sent('CreateContainerView')).toHaveLength(2);
  });

  it('tries once more when a machine disappears while it is read, and makes a new view only if that is gone', async () => {
    const gone = (type: string): FakeAnswer => soapFault('ManagedObjectNotFound', { fields: `<obj type="${type}">x</obj>` });
    const answer = page('RetrievePropertiesEx', machine('1', 'a'));
    const server = new FakeServer().script('RetrievePropertiesEx', gone('VirtualMachine'), answer, gone('ContainerView'), answer);
    const reader = start(server);
    expect(await reader.readAll(SETS, READ)).toHaveLength(1);
    expect(server.sent('CreateContainerView')).toHaveLength(1);
    expect(await reader.readAll(SETS, READ)).toHaveLength(1);
    expect(server.sent('CreateContainerView')).toHaveLength(2);
  });

  it('tells the server to drop the pages that nobody will fetch', async () => {
    const controller = new AbortController();
    const server = new FakeServer()
      .script('RetrievePropertiesEx', page('RetrievePropertiesEx', machine('1', 'a'), 't1'))
      .on('ContinueRetrievePropertiesEx', () => {
        controller.abort(new Error('enough'));
        return new Promise(() => undefined);
      })
      .on('CancelRetrievePropertiesEx', () => soapReply('CancelRetrievePropertiesEx'));
    await expect(start(server).readAll(SETS, { ...READ, signal: controller.signal })).rejects.toThrow('enough');
    expect(server.sent('CancelRetrievePropertiesEx')[0]).toContain('<token>t1</token>');
  });

  it('does the same when a page is lost, and when pages never end although nothing is on them', async () => {
    const first = page('RetrievePropertiesEx', machine('1', 'a'), 't1');
    const lost = new FakeServer()
      .script('RetrievePropertiesEx', first)
      .script('ContinueRetrievePropertiesEx', new OpsError({ code: 'TRANSPORT_TIMEOUT', message: 'late' }))
      .on('CancelRetrievePropertiesEx', () => soapReply('CancelRetrievePropertiesEx'));
    await expect(start(lost).readAll(SETS, READ)).rejects.toMatchObject({ code: 'TRANSPORT_TIMEOUT' });
    expect(lost.sent('CancelRetrievePropertiesEx')[0]).toContain('<token>t1</token>');
    const endless = new FakeServer()
      .script('RetrievePropertiesEx', first)
      .on('ContinueRetrievePropertiesEx', () => page('ContinueRetrievePropertiesEx', '', 'next'))
      .on('CancelRetrievePropertiesEx', () => soapReply('CancelRetrievePropertiesEx'));
    await expect(start(endless).readAll(SETS, READ)).rejects.toMatchObject({ code: 'VSPHERE_ANSWER_TOO_LARGE' });
    expect(endless.sent('CancelRetrievePropertiesEx')[0]).toContain('<token>next</token>');
  });

  it('leaves out unset and forbidden properties and joins what comes twice', async () => {
    const twice = `${machine('1', 'a')}<objects><obj type="VirtualMachine">1</obj><propSet>${property('runtime.powerState', 'VirtualMachinePowerState', 'poweredOn')}</propSet><missingSet><path>config</path><fault><fault i:type="NoPermission"></fault></fault></missingSet></objects>`;
    const server = new FakeServer().on('RetrievePropertiesEx', () => page('RetrievePropertiesEx', twice));
    expect(await start(server).readAll(SETS, READ)).toEqual([
      { ref: { type: 'VirtualMachine', value: '1' }, properties: { name: 'a', 'runtime.powerState': 'poweredOn' } },
    ]);
  });
});

describe('selectKnownPaths', () => {
  const sets = [{ type: 'VirtualMachine', paths: ['name', 'guest.customizationInfo', 'summary.quickStats.activeMemory'] }] as const;

  it('asks a server only for what its version knows', () => {
    const pathsFor = (version: (typeof API_VERSIONS)[number]): number => selectKnownPaths(sets, version)[0]?.paths.length ?? 0;
    expect(pathsFor('6.7')).toBe(1);
    expect(pathsFor('7.0.1.1')).toBe(1);
    expect(pathsFor('7.0.2.0')).toBe(2);
    expect(pathsFor('7.0.3.0')).toBe(3);
    expect(pathsFor('9.0.0.0')).toBe(3);
  });

  it('drops a path that the schema does not know, because the server would fail the whole call', () => {
    expect(selectKnownPaths([{ type: 'VirtualMachine', paths: ['name', 'no.such'] }], '8.0.2.0')[0]?.paths).toEqual(['name']);
  });
});
