import type { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { ManualClock } from '@breakwater/kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { type SimulatorOptions, startVsphereSimulator, type VsphereSimulator } from './simulator.ts';
import { fixture, pick, pickAll, SoapClient } from './test-support/soap-client.ts';

const running: VsphereSimulator[] = [];

async function start(
  options: Partial<SimulatorOptions> = {},
): Promise<{ simulator: VsphereSimulator; client: SoapClient; clock: ManualClock }> {
  const clock = new ManualClock();
  const simulator = await startVsphereSimulator({ personality: 'esxi-8.0', machines: 20, clock, ...options });
  running.push(simulator);
  return { simulator, client: new SoapClient(simulator), clock };
}

async function startSignedIn(options: Partial<SimulatorOptions> = {}) {
  const started = await start(options);
  await started.client.login();
  return started;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.stop()));
});

const faultOf = (xml: string): string => /xsi:type="(\w+)"/.exec(/<detail>.*<\/detail>/s.exec(xml)?.[0] ?? '')?.[1] ?? '';

/** Waits for something on the other side of a socket, without a clock. */
async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    if (turn > 20_000) throw new Error('It never happened.');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('signing in', () => {
  it('lists its versions and its content to anybody', async () => {
    const { client } = await start({ personality: 'esxi-7.0' });
    const versions = (await client.http('/sdk/vimServiceVersions.xml')).body.toString();
    expect(versions).toContain('<name>urn:vim25</name><version>7.0.3.0</version><priorVersions><version>7.0.2.1</version>');
    const content = await client.call(fixture('service-content'));
    expect(pick(content, 'apiType')).toBe('HostAgent');
    expect(pick(content, 'rootFolder')).toBe('ha-folder-root');
  });

  it('gives out a quoted cookie for the whole site and wants it back', async () => {
    const { client } = await start();
    const answer = await client.post(fixture('login', { user: 'root', password: 'simulated' }));
    expect(answer.headers['set-cookie']?.[0]).toMatch(/^vmware_soap_session="[0-9a-f]+"; Path=\/; HttpOnly; Secure;/);
    expect(await client.call(CURRENT_TIME)).toContain('2026-01-01T');
    client.cookie = client.cookie.replaceAll('"', '');
    expect(faultOf(await client.call(CURRENT_TIME))).toBe('NotAuthenticated');
  });

  it('locks an account after five wrong passwords for a quarter of an hour, and counts', async () => {
    const { client, simulator, clock } = await start();
    for (let attempt = 0; attempt < 5; attempt++) expect(faultOf(await client.login('wrong'))).toBe('InvalidLogin');
    expect(faultOf(await client.login())).toBe('InvalidLogin');
    expect(simulator.control.report().logins).toEqual({ attempts: 6, failures: 6, lockouts: 1 });
    await clock.advance(900_000);
    expect(pick(await client.login(), 'userName')).toBe('root');
  });

  it('forgets a session that was idle too long, in either of the two ways of real hosts', async () => {
    const { client, simulator, clock } = await startSignedIn({ limits: { sessionIdleMs: 60_000 } });
    const view = await client.createView();
    await clock.advance(60_001);
    expect(faultOf(await client.retrieve({ view, paths: ['name'] }))).toBe('NotAuthenticated');
    simulator.control.limits.expiryAnswer = 'empty-reply';
    expect(await client.retrieve({ view, paths: ['name'] })).toContain(
      '<RetrievePropertiesExResponse xmlns="urn:vim25"></RetrievePropertiesExResponse>',
    );
    expect(simulator.control.report().openSessions).toBe(0);
  });

  it('refuses direct logins under lockdown and writes under a free licence', async () => {
    const { client, simulator } = await startSignedIn();
    simulator.control.limits.license = 'free';
    expect(faultOf(await client.call(power('PowerOffVM_Task', '1')))).toBe('RestrictedVersion');
    simulator.control.limits.lockdown = 'on';
    expect(faultOf(await new SoapClient(simulator).login())).toBe('NoPermission');
  });
});

const CURRENT_TIME = '<CurrentTime xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this></CurrentTime>';
const power = (method: string, moid: string): string =>
  `<${method} xmlns="urn:vim25"><_this type="VirtualMachine">${moid}</_this></${method}>`;

describe('strictness', () => {
  it.each([
    [
      'an element out of order',
      '<Login xmlns="urn:vim25"><_this type="SessionManager">ha-sessionmgr</_this><password>x</password><userName>root</userName></Login>',
      /out of order/,
    ],
    [
      'an unknown element',
      '<Login xmlns="urn:vim25"><_this type="SessionManager">ha-sessionmgr</_this><userName>root</userName><password>x</password><domain>d</domain></Login>',
      /unknown/,
    ],
    [
      'a missing element',
      '<Login xmlns="urn:vim25"><_this type="SessionManager">ha-sessionmgr</_this><userName>root</userName></Login>',
      /Required property password/,
    ],
    [
      'an empty optional element',
      '<Login xmlns="urn:vim25"><_this type="SessionManager">ha-sessionmgr</_this><userName>root</userName><password>x</password><locale/></Login>',
      /empty/,
    ],
    [
      'a method on the wrong object',
      '<Login xmlns="urn:vim25"><_this type="ViewManager">ViewManager</_this><userName>root</userName><password>x</password></Login>',
      /not found on type/,
    ],
    [
      'an unknown method',
      '<NoSuchThing xmlns="urn:vim25"><_this type="ViewManager">ViewManager</_this></NoSuchThing>',
      /WSDL method name NoSuchThing/,
    ],
  ])('refuses %s', async (_, xml, reason) => {
    const { client, simulator } = await start();
    const answer = await client.post(xml);
    expect(answer.status).toBe(500);
    expect(faultOf(answer.body.toString())).toBe('InvalidRequest');
    expect(pick(answer.body.toString(), 'faultstring')).toMatch(reason);
    expect(simulator.control.report().logins.attempts).toBe(0);
  });

  it('refuses versions that it does not list', async () => {
    const { client } = await start({ personality: 'esxi-6.7' });
    client.soapAction = 'urn:vim25/8.0.2.0';
    expect(faultOf(await client.login())).toBe('InvalidRequest');
    client.soapAction = '"urn:vim25/6.7"';
    expect(pick(await client.login(), 'userName')).toBe('root');
  });

  it('fails the whole call for a property that this version does not know', async () => {
    const { client } = await startSignedIn({ personality: 'esxi-7.0' });
    const view = await client.createView();
    client.soapAction = 'urn:vim25/7.0.1.0';
    const answer = await client.retrieve({ view, paths: ['name', 'guest.customizationInfo'] });
    expect(faultOf(answer)).toBe('InvalidProperty');
    expect(pick(answer, 'name')).toBe('guest.customizationInfo');
    client.soapAction = 'urn:vim25/7.0.2.0';
    expect(await client.retrieve({ view, paths: ['name', 'guest.customizationInfo'] })).toContain('TOOLSDEPLOYPKG_IDLE');
  });

  it('does not clone on a host', async () => {
    const { client } = await startSignedIn();
    expect(faultOf(await client.call('<CloneVM_Task xmlns="urn:vim25"><_this type="VirtualMachine">1</_this></CloneVM_Task>'))).toBe(
      'NotSupported',
    );
  });
});

describe('reading', () => {
  it('pages through a retrieve and escapes hostile names', async () => {
    const { client, simulator } = await startSignedIn({ machines: 90 });
    const view = await client.createView();
    const names: string[] = [];
    let page = await client.retrieve({ view, paths: ['name'], maxObjects: 40 });
    let pages = 1;
    for (;;) {
      names.push(...pickAll(page, 'val'));
      const token = pick(page, 'token');
      if (token === '') break;
      pages++;
      page = await client.call(
        `<ContinueRetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">ha-property-collector</_this><token>${token}</token></ContinueRetrievePropertiesEx>`,
      );
    }
    expect(pages).toBe(3);
    expect(names).toHaveLength(90);
    expect(names).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(names).toContain('backup%2fnightly');
    expect(simulator.control.report().byName['ContinueRetrievePropertiesEx']).toBe(2);
  });

  it('compresses when asked', async () => {
    const { client } = await startSignedIn();
    const view = await client.createView();
    const answer = await client.http('/sdk', {
      method: 'POST',
      body: fixture('envelope', {
        call: `<RetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">ha-property-collector</_this><specSet>${fixture('filter-spec', { view, paths: '<pathSet>summary</pathSet>' })}</specSet><options></options></RetrievePropertiesEx>`,
      }),
      headers: { soapaction: client.soapAction, 'accept-encoding': 'gzip, deflate' },
    });
    expect(answer.headers['content-encoding']).toBe('gzip');
    expect(answer.body.toString()).toContain('VirtualMachineSummary');
  });

  it('shows several hosts, one of them away, and templates on a vCenter', async () => {
    const { client, simulator } = await start({ personality: 'vcenter-8.0', machines: 60, users: { root: 'simulated' } });
    await client.call(fixture('login', { user: 'root', password: 'simulated' }).replace('ha-sessionmgr', 'SessionManager'));
    const view = await client.createView('group-d1');
    const hosts = await client.call(
      `<RetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">propertyCollector</_this><specSet>${fixture('filter-spec', { view, paths: '<pathSet>runtime.connectionState</pathSet>' }).replace('VirtualMachine', 'HostSystem')}</specSet><options></options></RetrievePropertiesEx>`,
    );
    expect(pickAll(hosts, 'val')).toEqual(['connected', 'connected', 'connected', 'disconnected']);
    expect(simulator.control.machines().some((machine) => machine.connection === 'disconnected')).toBe(true);
  });
});

describe('live updates', () => {
  it('tells a power change to a waiting client, and the boot, tools and address that follow', async () => {
    const { client, simulator, clock } = await startSignedIn();
    const off =
      simulator.control.machines().find((machine) => machine.powerState === 'poweredOff' && machine.connection === 'connected')?.moid ?? '';
    const { collector } = await client.createFilter({
      view: await client.createView(),
      paths: ['runtime.powerState', 'guest.toolsRunningStatus', 'guest.ipAddress'],
    });
    const first = await client.wait(collector, { version: '' });
    expect(pickAll(first, 'kind').every((kind) => kind === 'enter')).toBe(true);
    const waiting = client.wait(collector, { version: pick(first, 'version'), seconds: 60 });
    await until(() => simulator.control.report().parked === 1);
    await client.call(power('PowerOnVM_Task', off));
    await clock.advance(2_000);
    const change = await waiting;
    expect(change).toContain(
      `<kind>modify</kind><obj type="VirtualMachine">${off}</obj><changeSet><name>runtime.powerState</name><op>assign</op><val xsi:type="VirtualMachinePowerState">poweredOn`,
    );
    await clock.advance(20_000);
    const later = await client.wait(collector, { version: pick(change, 'version') });
    expect(later).toContain('guestToolsRunning');
    expect(later).toContain('<name>guest.ipAddress</name>');
  });

  it('gives long answers in pages, and takes each page version once', async () => {
    const { client } = await startSignedIn();
    const { collector } = await client.createFilter({ view: await client.createView(), paths: ['name'] });
    const first = await client.wait(collector, { version: '', maxObjects: 12 });
    expect(pick(first, 'truncated')).toBe('true');
    const second = await client.wait(collector, { version: pick(first, 'version'), maxObjects: 12 });
    expect(pickAll(first, 'kind').length + pickAll(second, 'kind').length).toBe(20);
    expect(pick(second, 'truncated')).toBe('');
    expect(faultOf(await client.wait(collector, { version: pick(first, 'version') }))).toBe('InvalidCollectorVersion');
    expect(await client.wait(collector, { version: pick(second, 'version') })).toContain(
      '<WaitForUpdatesExResponse xmlns="urn:vim25"></WaitForUpdatesExResponse>',
    );
  });

  it('tells the same changes again when the answer was lost', async () => {
    const { client, simulator } = await startSignedIn();
    const { collector } = await client.createFilter({ view: await client.createView(), paths: ['name'] });
    const version = pick(await client.wait(collector, { version: '' }), 'version');
    simulator.control.renameMachine('1', 'renamed');
    expect(await client.wait(collector, { version })).toContain('renamed');
    const again = await client.wait(collector, { version });
    expect(again).toContain('renamed');
    expect(await client.wait(collector, { version: pick(again, 'version') })).not.toContain('renamed');
  });

  it('reports machines that come and go, and properties that become unset', async () => {
    const { client, simulator } = await startSignedIn();
    const { collector } = await client.createFilter({ view: await client.createView(), paths: ['name', 'runtime.question'] });
    simulator.control.askQuestion('1');
    const first = await client.wait(collector, { version: '' });
    const added = simulator.control.addMachine();
    simulator.control.removeMachine('2');
    await client.call(
      '<AnswerVM xmlns="urn:vim25"><_this type="VirtualMachine">1</_this><questionId>1</questionId><answerChoice>2</answerChoice></AnswerVM>',
    );
    const next = await client.wait(collector, { version: pick(first, 'version') });
    expect(next).toContain(`<kind>enter</kind><obj type="VirtualMachine">${added}</obj>`);
    expect(next).toContain('<kind>leave</kind><obj type="VirtualMachine">2</obj>');
    expect(next).toContain('<changeSet><name>runtime.question</name><op>assign</op></changeSet>');
  });

  it('ends a waiting call when another one cancels it', async () => {
    const { client, simulator } = await startSignedIn();
    const { collector } = await client.createFilter({ view: await client.createView(), paths: ['name'] });
    const version = pick(await client.wait(collector, { version: '' }), 'version');
    const waiting = client.wait(collector, { version, seconds: 60 });
    await until(() => simulator.control.report().parked === 1);
    await client.call(
      `<CancelWaitForUpdates xmlns="urn:vim25"><_this type="PropertyCollector">${collector}</_this></CancelWaitForUpdates>`,
    );
    expect(faultOf(await waiting)).toBe('RequestCanceled');
    expect(simulator.control.report().parked).toBe(0);
  });

  it('overwrites a property by the SET hook', async () => {
    const { client, clock } = await startSignedIn();
    const { collector } = await client.createFilter({ view: await client.createView(), paths: ['guest.ipAddress'] });
    const version = pick(await client.wait(collector, { version: '' }), 'version');
    await client.call(
      '<ReconfigVM_Task xmlns="urn:vim25"><_this type="VirtualMachine">1</_this><spec><extraConfig><key>SET.guest.ipAddress</key><value xsi:type="xsd:string">192.0.2.7</value></extraConfig></spec></ReconfigVM_Task>',
    );
    await clock.advance(2_000);
    expect(await client.wait(collector, { version })).toContain('<val xsi:type="xsd:string">192.0.2.7</val>');
  });
});

describe('tasks', () => {
  const retrieveTask = (client: SoapClient, task: string) =>
    client.call(
      `<RetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">ha-property-collector</_this><specSet><propSet><type>Task</type><pathSet>info</pathSet></propSet><objectSet><obj type="Task">${task}</obj></objectSet></specSet><options></options></RetrievePropertiesEx>`,
    );

  it('runs with progress, holds the machine, and ends', async () => {
    const { client, clock } = await startSignedIn();
    const task = pick(await client.call(power('ResetVM_Task', '1')), 'returnval');
    await clock.advance(700);
    const halfway = await retrieveTask(client, task);
    expect([pick(halfway, 'state'), pick(halfway, 'progress')]).toEqual(['running', '50']);
    expect(faultOf(await client.call(power('PowerOffVM_Task', '1')))).toBe('TaskInProgress');
    await clock.advance(700);
    expect(pick(await retrieveTask(client, task), 'state')).toBe('success');
    await clock.advance(600_000);
    expect(faultOf(await retrieveTask(client, task))).toBe('ManagedObjectNotFound');
  });

  it('carries the fault of a power verb that does not fit the state', async () => {
    const { client, simulator, clock } = await startSignedIn();
    const off =
      simulator.control.machines().find((machine) => machine.powerState === 'poweredOff' && machine.connection === 'connected')?.moid ?? '';
    const task = pick(await client.call(power('PowerOffVM_Task', off)), 'returnval');
    await clock.advance(2_000);
    const info = await retrieveTask(client, task);
    expect(pick(info, 'state')).toBe('error');
    expect(info).toContain(
      '<fault xsi:type="InvalidPowerState"><requestedState>poweredOff</requestedState><existingState>poweredOff</existingState></fault>',
    );
    expect(faultOf(await client.call(power('ShutdownGuest', off)))).toBe('InvalidPowerState');
  });

  it('stands still until a question is answered', async () => {
    const { client, simulator, clock } = await startSignedIn();
    simulator.control.askQuestion('1');
    const task = pick(await client.call(power('PowerOffVM_Task', '1')), 'returnval');
    await clock.advance(60_000);
    expect(pick(await retrieveTask(client, task), 'state')).toBe('running');
    await client.call(
      '<AnswerVM xmlns="urn:vim25"><_this type="VirtualMachine">1</_this><questionId>1</questionId><answerChoice>2</answerChoice></AnswerVM>',
    );
    expect(pick(await retrieveTask(client, task), 'state')).toBe('success');
  });

  it('lets a guest shut itself down only when its tools run', async () => {
    const { client, simulator, clock } = await startSignedIn();
    await client.call(power('ShutdownGuest', '1'));
    await clock.advance(3_000);
    expect(simulator.control.findMachine('1')?.powerState).toBe('poweredOff');
    await client.call(power('ResetVM_Task', '2'));
    await clock.advance(2_000);
    expect(faultOf(await client.call(power('ShutdownGuest', '2')))).toBe('ToolsUnavailable');
  });
});

describe('screens', () => {
  it('answers a PNG of the size asked for, to signed-in clients, of machines that are on', async () => {
    const { client, simulator } = await startSignedIn();
    const answer = await client.http('/screen?id=1&w=200&h=150');
    expect(answer.headers['content-type']).toBe('image/png');
    expect(answer.body.subarray(0, 8).toString('hex')).toBe('89504e470d0a1a0a');
    expect([answer.body.readUInt32BE(16), answer.body.readUInt32BE(20)]).toEqual([200, 150]);
    expect((await client.http('/screen?id=999')).status).toBe(404);
    simulator.control.powerOff('1');
    expect((await client.http('/screen?id=1')).status).toBe(500);
    expect((await new SoapClient(simulator).http('/screen?id=2')).status).toBe(401);
    const basic = { authorization: `Basic ${Buffer.from('root:simulated').toString('base64')}` };
    expect((await new SoapClient(simulator).http('/screen?id=2', { headers: basic })).status).toBe(200);
  });

  it('leaves a file behind for a screenshot task until somebody deletes it', async () => {
    const { client, simulator, clock } = await startSignedIn();
    await client.call(power('CreateScreenshot_Task', '1'));
    await clock.advance(2_000);
    expect(simulator.control.datastoreFiles()).toEqual(['[datastore1] db-01/db-01-1.png']);
    const path = '/folder/db-01/db-01-1.png?dsName=datastore1&dcPath=ha-datacenter';
    expect((await new SoapClient(simulator).http(path)).status).toBe(401);
    expect((await client.http(path)).body.subarray(1, 4).toString()).toBe('PNG');
    expect((await client.http(path, { method: 'DELETE' })).status).toBe(204);
    expect((await client.http(path)).status).toBe(404);
  });
});

describe('trouble', () => {
  it("answers 503 with the front end's reason beyond its capacity, and remembers the most it worked on at once", async () => {
    const { client, simulator } = await startSignedIn({ limits: { capacity: 2 } });
    simulator.control.addFault({ effect: { kind: 'hang' }, on: ['CurrentTime'], times: 2 });
    const hanging = [0, 1].map(() => client.post(CURRENT_TIME).catch((error: unknown) => error));
    await until(() => simulator.control.report().active === 2);
    const refused = await client.post(CURRENT_TIME);
    expect(refused.status).toBe(503);
    expect(refused.reason).toContain('Failed to connect to endpoint');
    expect(simulator.control.report()).toMatchObject({ maxActive: 2, refused: 1 });
    simulator.control.dropConnections();
    await Promise.all(hanging);
    await until(() => simulator.control.report().active === 0);
  });

  it('answers 503 beyond so many requests a second, and counts them as refused', async () => {
    const { client, simulator } = await startSignedIn();
    simulator.control.limits.requestsPerSecond = 0.001;
    const statuses = [(await client.post(CURRENT_TIME)).status, (await client.post(CURRENT_TIME)).status];
    expect(statuses).toEqual([200, 503]);
    expect(simulator.control.report().refused).toBe(1);
    simulator.control.limits.requestsPerSecond = undefined;
    expect((await client.post(CURRENT_TIME)).status).toBe(200);
  });

  it('does not count a parked long poll as work', async () => {
    const { client, simulator } = await startSignedIn({ limits: { capacity: 1 } });
    const { collector } = await client.createFilter({ view: await client.createView(), paths: ['name'] });
    const version = pick(await client.wait(collector, { version: '' }), 'version');
    const waiting = client.wait(collector, { version, seconds: 60 });
    await until(() => simulator.control.report().parked === 1);
    expect((await client.post(CURRENT_TIME)).status).toBe(200);
    simulator.control.renameMachine('1', 'x');
    simulator.control.expireSessions();
    expect(faultOf(await waiting)).toBe('NotAuthenticated');
  });

  it.each([
    ['html', (answer: string) => answer.startsWith('<!DOCTYPE html>')],
    ['garbage', (answer: string) => answer.includes('<<>&&&')],
    ['entity-bomb', (answer: string) => answer.includes('<!ENTITY a9')],
    ['truncated', (answer: string) => answer.startsWith('<?xml') && !answer.includes('</soapenv:Envelope>')],
  ] as const)('answers %s once when told so', async (kind, looks) => {
    const { client, simulator } = await startSignedIn();
    simulator.control.addFault({ effect: { kind }, on: ['CurrentTime'], times: 1 });
    const answer = await client.post(CURRENT_TIME);
    expect(answer.status).toBe(200);
    expect(looks(answer.body.toString())).toBe(true);
    expect(await client.call(CURRENT_TIME)).toContain('CurrentTimeResponse');
  });

  it('resets connections and hangs in the middle of a body when told so', async () => {
    const { client, simulator } = await startSignedIn();
    simulator.control.addFault({ effect: { kind: 'reset' }, times: 1 });
    await expect(client.post(CURRENT_TIME)).rejects.toThrow(/hang up|ECONNRESET/);
    simulator.control.addFault({ effect: { kind: 'hang-mid-body' }, times: 1 });
    const stuck = client.post(CURRENT_TIME);
    await until(() => simulator.control.report().active === 1);
    simulator.control.dropConnections();
    await expect(stuck).rejects.toThrow(/aborted|ECONNRESET/);
  });

  it('delays answers by the clock', async () => {
    const { client, simulator, clock } = await startSignedIn();
    simulator.control.addFault({ effect: { kind: 'latency', delayMs: 5_000 }, times: 1 });
    let done = false;
    const answer = client.post(CURRENT_TIME).then((value) => {
      done = true;
      return value;
    });
    await until(() => simulator.control.report().active === 1 && clock.pendingCount > 1);
    await clock.advance(4_900);
    expect(done).toBe(false);
    await clock.advance(200);
    expect((await answer).status).toBe(200);
  });

  it('closes sockets beyond its cap before any HTTP', async () => {
    const { client, simulator } = await start({ limits: { connectionCap: 1 } });
    const socket = connect({ port: simulator.port, host: '127.0.0.1', rejectUnauthorized: false });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    await expect(client.http('/sdk/vimServiceVersions.xml')).rejects.toThrow(/ECONNRESET|hang up|EPROTO|disconnected/);
    expect(simulator.control.report()).toMatchObject({ openSockets: 1, refusedSockets: 1 });
    socket.destroy();
    await until(() => simulator.control.report().openSockets === 0);
    expect((await client.http('/sdk/vimServiceVersions.xml')).status).toBe(200);
  });

  it('shows a self-signed certificate that can change while it runs', async () => {
    const { simulator } = await start();
    const peer = async (): Promise<X509Certificate> => {
      const socket = connect({ port: simulator.port, host: '127.0.0.1', rejectUnauthorized: false });
      await new Promise((resolve) => socket.once('secureConnect', resolve));
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate === undefined) throw new Error('No certificate.');
      return certificate;
    };
    const first = await peer();
    expect(first.fingerprint256).toBe(simulator.certificateSha256);
    expect(first.subject).toContain('CN=localhost.localdomain');
    expect(first.verify(first.publicKey)).toBe(true);
    expect(first.checkIP('127.0.0.1')).toBe('127.0.0.1');
    const changed = simulator.control.changeCertificate();
    expect(changed).not.toBe(simulator.certificateSha256);
    expect((await peer()).fingerprint256).toBe(changed);
  });

  it('goes away as a whole and comes back on the same port without its sessions', async () => {
    const { client, simulator } = await startSignedIn();
    await simulator.control.takeDown();
    await expect(client.post(CURRENT_TIME)).rejects.toThrow(/ECONNREFUSED/);
    await simulator.control.bringUp();
    expect(faultOf(await client.call(CURRENT_TIME))).toBe('NotAuthenticated');
  });
});

describe('performance figures', () => {
  it('come oldest first, as csv too, with -1 from before the guest was on', async () => {
    const { client, simulator, clock } = await startSignedIn();
    simulator.control.powerOff('1');
    simulator.control.powerOn('1');
    await clock.advance(60_000);
    const counters = await client.call(
      '<RetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">ha-property-collector</_this><specSet><propSet><type>PerformanceManager</type><pathSet>perfCounter</pathSet></propSet><objectSet><obj type="PerformanceManager">ha-perfmgr</obj></objectSet></specSet><options></options></RetrievePropertiesEx>',
    );
    const key = pickAll(/<PerfCounterInfo>.*?usagemhz.*?<\/PerfCounterInfo>/s.exec(counters)?.[0] ?? '', 'key').at(-4);
    const query = (format: string) =>
      client.call(
        `<QueryPerf xmlns="urn:vim25"><_this type="PerformanceManager">ha-perfmgr</_this><querySpec><entity type="VirtualMachine">1</entity><maxSample>6</maxSample><metricId><counterId>${key}</counterId><instance></instance></metricId><intervalId>20</intervalId><format>${format}</format></querySpec></QueryPerf>`,
      );
    const normal = await query('normal');
    const stamps = pickAll(normal, 'timestamp');
    expect(stamps).toHaveLength(6);
    expect(stamps).toEqual(stamps.toSorted());
    const samples = (pickAll(await query('csv'), 'value').at(-1) ?? '').split(',').map(Number);
    expect(samples.slice(0, 2)).toEqual([-1, -1]);
    expect(samples.at(-1)).toBeGreaterThan(0);
  });
});
