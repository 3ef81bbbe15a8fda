import { isOpsError, ManualClock, OpsError, Secret, silentLogger } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { SERVICE_INSTANCE } from '../schema/index.ts';
import { type FakeAnswer, FakeServer, soapFault, soapReply } from '../testing/fake-server.ts';
import { WorkSlicer } from '../wire/index.ts';
import { Session } from './session.ts';

const READ = { priority: 'normal', idempotent: true } as const;
const WRITE = { priority: 'critical', idempotent: false } as const;
const MACHINE = { type: 'VirtualMachine', value: '12' } as const;
const COLLECTOR = { type: 'PropertyCollector', value: 'ha-property-collector' } as const;
const NOT_AUTHENTICATED = soapFault('NotAuthenticated');
const READ_ARGS = {
  specSet: [{ propSet: [{ type: 'Folder', pathSet: ['name'] }], objectSet: [{ obj: { type: 'Folder', value: 'f' } }] }],
  options: { maxObjects: 1 },
};

function openSession(server: FakeServer, clock = new ManualClock()): Session {
  return new Session({
    transport: server,
    user: 'root',
    password: new Secret('hunter2 <&>'),
    clock,
    logger: silentLogger,
    keepAliveAfterMs: 600_000,
    slicer: new WorkSlicer({ clock, yieldTurn: () => Promise.resolve() }),
  });
}

const readTime = (session: Session): Promise<string | undefined> =>
  session.call({ method: 'CurrentTime', self: SERVICE_INSTANCE, args: {} }, READ);

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'resolved';
  } catch (error) {
    return isOpsError(error) ? error.code : String(error);
  }
}

describe('Session', () => {
  it('agrees on the newest common version and sends it with every call', async () => {
    const server = new FakeServer({ version: '99.0' });
    await readTime(openSession(server));
    const [versions, content, login, time] = server.requests;
    expect(versions?.path).toBe('/sdk/vimServiceVersions.xml');
    expect(content?.headers?.['soapaction']).toBe('urn:vim25/6.5');
    expect(login?.headers?.['soapaction']).toBe('urn:vim25/6.5');
    expect(time?.headers?.['soapaction']).toBe('urn:vim25/6.5');
  });

  it('refuses a server that speaks no version we know', async () => {
    const server = new FakeServer().on('GET vimServiceVersions.xml', () => ({
      body: '<namespaces><namespace><name>urn:vim25</name><version>4.0</version></namespace></namespaces>',
    }));
    expect(await codeOf(readTime(openSession(server)))).toBe('VSPHERE_VERSION_UNSUPPORTED');
  });

  it('signs in with locale en, gives the cookie back with its quotes and keeps the password out of everything but the call', async () => {
    const server = new FakeServer();
    await readTime(openSession(server));
    expect(server.sent('Login')[0]).toContain('<userName>root</userName><password>hunter2 &lt;&amp;&gt;</password><locale>en</locale>');
    const login = server.requests.find((request) => request.operation === 'Login');
    expect(login?.headers).not.toHaveProperty('cookie');
    expect(server.requests.at(-1)?.headers?.['cookie']).toBe('vmware_soap_session="session-1"');
    expect(JSON.stringify(server.requests.filter((request) => request.operation !== 'Login'))).not.toContain('hunter2');
  });

  it('shares one sign-in among all who need it at the same time', async () => {
    const server = new FakeServer();
    const session = openSession(server);
    await Promise.all([readTime(session), readTime(session), readTime(session)]);
    expect(server.signIns).toBe(1);
  });

  it('lets one caller give up without ending the sign-in of the others', async () => {
    const server = new FakeServer();
    const session = openSession(server);
    const impatient = new AbortController();
    const first = session.open({ signal: impatient.signal });
    const second = session.open();
    impatient.abort(new OpsError({ code: 'TEST_GAVE_UP', message: 'gave up' }));
    expect(await codeOf(first)).toBe('TEST_GAVE_UP');
    expect((await second).epoch).toBe(1);
    expect(server.signIns).toBe(1);
  });

  it('never repeats a refused sign-in until a person asks for it', async () => {
    const server = new FakeServer().script('Login', soapFault('InvalidLogin', { text: 'Login failure' }));
    const session = openSession(server);
    expect(await codeOf(readTime(session))).toBe('VSPHERE_INVALID_LOGIN');
    expect(await codeOf(readTime(session))).toBe('VSPHERE_INVALID_LOGIN');
    expect(await codeOf(session.open())).toBe('VSPHERE_INVALID_LOGIN');
    expect(server.sent('Login')).toHaveLength(1);
    session.retrySignIn();
    expect(await codeOf(readTime(session))).toBe('VSPHERE_INVALID_LOGIN');
    expect(server.sent('Login')).toHaveLength(2);
  });

  it('tries again by itself after a sign-in that was broken off rather than refused', async () => {
    const server = new FakeServer();
    const broken = new OpsError({ code: 'TRANSPORT_RESET', message: 'reset' });
    server.script('RetrieveServiceContent', broken, soapFault('InvalidLogin'));
    const session = openSession(server);
    expect(await codeOf(readTime(session))).toBe('TRANSPORT_RESET');
    expect(await codeOf(readTime(session))).toBe('VSPHERE_FAULT');
    expect(server.sent('RetrieveServiceContent')).toHaveLength(2);
  });

  it('signs in again once for all and repeats reads when the server has forgotten the session', async () => {
    const server = new FakeServer();
    const session = openSession(server);
    await session.open();
    const good = soapReply('CurrentTime', '<returnval>2026-01-02T00:00:00Z</returnval>');
    server.on('CurrentTime', (request) => (request.headers?.['cookie']?.includes('session-1') === true ? NOT_AUTHENTICATED : good));
    const answers = await Promise.all([readTime(session), readTime(session)]);
    expect(answers).toEqual(['2026-01-02T00:00:00Z', '2026-01-02T00:00:00Z']);
    expect(server.signIns).toBe(2);
    // With the cookie of a session that may still live, a sign-in is refused as if the password were wrong.
    const logins = server.requests.filter((request) => request.operation === 'Login');
    expect(logins.map((request) => request.headers?.['cookie'])).toEqual([undefined, undefined]);
  });

  it('does not end the new session for a refusal that was meant for the old one', async () => {
    let answer: (reply: FakeAnswer) => void = () => undefined;
    const good = soapReply('CurrentTime', '<returnval>2026-01-02T00:00:00Z</returnval>');
    const server = new FakeServer().script('CurrentTime', () => new Promise((resolve) => (answer = resolve)), NOT_AUTHENTICATED, good);
    const session = openSession(server);
    const slow = readTime(session);
    await expect.poll(() => server.isPending('CurrentTime')).toBe(true);
    await readTime(session);
    answer(NOT_AUTHENTICATED);
    expect(await slow).toBe('2026-01-02T00:00:00Z');
    expect(server.signIns).toBe(2);
  });

  it('does not sign in without end when the server never accepts its own session', async () => {
    const server = new FakeServer().on('CurrentTime', () => NOT_AUTHENTICATED);
    expect(await codeOf(readTime(openSession(server)))).toBe('VSPHERE_SESSION_EXPIRED');
    expect(server.signIns).toBe(2);
  });

  it('does not repeat a write by itself', async () => {
    const server = new FakeServer().on('PowerOnVM_Task', () => NOT_AUTHENTICATED);
    const session = openSession(server);
    expect(await codeOf(session.call({ method: 'PowerOnVM_Task', self: MACHINE, args: {} }, WRITE))).toBe('VSPHERE_SESSION_EXPIRED');
    expect(server.sent('PowerOnVM_Task')).toHaveLength(1);
  });

  it('does not repeat a call on an object of the ended session', async () => {
    const server = new FakeServer().on('CurrentTime', () => NOT_AUTHENTICATED);
    const session = openSession(server);
    const { epoch } = await session.open();
    const call = { method: 'CurrentTime', self: SERVICE_INSTANCE, args: {} } as const;
    expect(await codeOf(session.call(call, { ...READ, boundTo: epoch }))).toBe('VSPHERE_SESSION_EXPIRED');
    expect(await codeOf(session.call(call, { ...READ, boundTo: epoch }))).toBe('VSPHERE_SESSION_EXPIRED');
    expect(server.sent('CurrentTime')).toHaveLength(1);
  });

  it('takes an answer whose properties are all missing for want of a sign-in as an expired session', async () => {
    const missing =
      '<returnval><objects><obj type="Folder">f</obj><missingSet><path>name</path><fault><fault i:type="NotAuthenticated"></fault></fault></missingSet></objects></returnval>';
    const present =
      '<returnval><objects><obj type="Folder">f</obj><propSet><name>name</name><val i:type="xsd:string">root</val></propSet></objects></returnval>';
    const server = new FakeServer().script(
      'RetrievePropertiesEx',
      soapReply('RetrievePropertiesEx', missing),
      soapReply('RetrievePropertiesEx', present),
    );
    const result = await openSession(server).call({ method: 'RetrievePropertiesEx', self: COLLECTOR, args: READ_ARGS }, READ);
    expect(result?.objects?.[0]?.propSet?.[0]?.val).toBe('root');
    expect(server.signIns).toBe(2);
  });

  it('checks the session when a read answers with nothing, and repeats the read in a new one', async () => {
    const present = '<returnval><objects><obj type="Folder">f</obj></objects></returnval>';
    const server = new FakeServer()
      .script('RetrievePropertiesEx', soapReply('RetrievePropertiesEx'), soapReply('RetrievePropertiesEx', present))
      .script('CurrentTime', NOT_AUTHENTICATED, soapReply('CurrentTime', '<returnval>2026-01-01T00:00:00Z</returnval>'));
    const result = await openSession(server).call({ method: 'RetrievePropertiesEx', self: COLLECTOR, args: READ_ARGS }, READ);
    expect(result?.objects).toHaveLength(1);
    expect(server.signIns).toBe(2);
  });

  it('does not believe an empty answer because somebody else has signed in again meanwhile', async () => {
    let answer: (reply: FakeAnswer) => void = () => undefined;
    const present = '<returnval><objects><obj type="Folder">f</obj></objects></returnval>';
    const server = new FakeServer()
      .script('RetrievePropertiesEx', () => new Promise((resolve) => (answer = resolve)), soapReply('RetrievePropertiesEx', present))
      .script('CurrentTime', NOT_AUTHENTICATED, soapReply('CurrentTime', '<returnval>2026-01-01T00:00:00Z</returnval>'));
    const session = openSession(server);
    const reading = session.call({ method: 'RetrievePropertiesEx', self: COLLECTOR, args: READ_ARGS }, READ);
    await expect.poll(() => server.isPending('RetrievePropertiesEx')).toBe(true);
    await readTime(session);
    expect(server.signIns).toBe(2);
    answer(soapReply('RetrievePropertiesEx'));
    expect((await reading)?.objects).toHaveLength(1);
  });

  it('believes an empty answer of a living session', async () => {
    const server = new FakeServer().on('RetrievePropertiesEx', () => soapReply('RetrievePropertiesEx'));
    const result = await openSession(server).call({ method: 'RetrievePropertiesEx', self: COLLECTOR, args: READ_ARGS }, READ);
    expect(result).toBeUndefined();
    expect(server.signIns).toBe(1);
  });

  it('takes a 401 on a download as an expired session', async () => {
    const server = new FakeServer().script('GET /screen', { status: 401 }, { status: 200, body: 'picture' });
    const session = openSession(server);
    const text = await session.get({ path: '/screen?id=1', operation: 'GET /screen' }, { ...READ, read: (response) => response.text() });
    expect(text).toBe('picture');
    expect(server.signIns).toBe(2);
    expect(server.requests.at(-1)?.headers?.['cookie']).toBe('vmware_soap_session="session-2"');
  });

  it('touches an idle session, and only then', async () => {
    const clock = new ManualClock();
    const server = new FakeServer();
    const session = openSession(server, clock);
    await session.open();
    await clock.advance(599_000);
    expect(server.sent('CurrentTime')).toHaveLength(0);
    await readTime(session);
    await clock.advance(599_000);
    expect(server.sent('CurrentTime')).toHaveLength(1);
    await clock.advance(2_000);
    expect(server.sent('CurrentTime')).toHaveLength(2);
    expect(server.requests.at(-1)).toMatchObject({ priority: 'low', idempotent: true });
    await session.close();
    expect(clock.pendingCount).toBe(0);
  });

  it('signs out on closing and takes no more calls', async () => {
    const server = new FakeServer();
    const session = openSession(server);
    await session.open();
    await session.close();
    await session.close();
    expect(server.operations().filter((operation) => operation === 'Logout')).toHaveLength(1);
    expect(await codeOf(readTime(session))).toBe('VSPHERE_CLOSED');
  });

  it('signs out of a session that the server was giving while the client was closed', async () => {
    const server = new FakeServer();
    let answer: () => void = () => undefined;
    const signedIn = soapReply('Login', '<returnval><key>s1</key><userName>root</userName></returnval>');
    const headers = { 'set-cookie': ['vmware_soap_session="late"; Path=/'] };
    server.on('Login', () => new Promise((resolve) => (answer = () => resolve({ ...signedIn, headers }))));
    const session = openSession(server);
    const reading = codeOf(readTime(session));
    await expect.poll(() => server.isPending('Login')).toBe(true);
    const closing = session.close();
    answer();
    await closing;
    expect(await reading).toBe('VSPHERE_CLOSED');
    expect(server.operations().slice(-2)).toEqual(['Login', 'Logout']);
    expect(server.requests.at(-1)?.headers?.['cookie']).toBe('vmware_soap_session="late"');
  });

  it('sends no sign-in any more once it is closed, and does not wait for one that never ends', async () => {
    const early = new FakeServer().on('RetrieveServiceContent', () => new Promise(() => undefined));
    const notBegun = openSession(early);
    const first = codeOf(readTime(notBegun));
    await expect.poll(() => early.isPending('RetrieveServiceContent')).toBe(true);
    await notBegun.close();
    expect(await first).toBe('VSPHERE_CLOSED');
    expect(early.sent('Login')).toEqual([]);
    const clock = new ManualClock();
    const silent = new FakeServer().on('Login', () => new Promise(() => undefined));
    const hanging = openSession(silent, clock);
    const second = codeOf(readTime(hanging));
    await expect.poll(() => silent.isPending('Login')).toBe(true);
    const closing = hanging.close();
    await clock.advance(5_000);
    await closing;
    expect(await second).toBe('VSPHERE_CLOSED');
    expect(silent.sent('Logout')).toEqual([]);
  });

  it('closes even when the server does not answer the sign-out', async () => {
    const server = new FakeServer().script('Logout', new OpsError({ code: 'TRANSPORT_RESET', message: 'reset' }));
    const session = openSession(server);
    await session.open();
    await expect(session.close()).resolves.toBeUndefined();
  });

  it('tells a front end that is down, a page in place of an answer, and a fault apart', async () => {
    const reason = 'Service Unavailable (Failed to connect to endpoint: [N7Vmacore4Http20NamedPipeServiceSpecE] )';
    const server = new FakeServer().script(
      'CurrentTime',
      { status: 503, statusText: reason, headers: { 'retry-after': '7' } },
      { status: 200, body: '<!DOCTYPE html><html><body>busy</body></html>' },
      { status: 500, body: '<html><body>oops</body></html>' },
      { status: 404 },
      soapFault('SystemError', { text: 'A general system error occurred', fields: '<reason>out of memory</reason>' }),
    );
    const session = openSession(server);
    await expect(readTime(session)).rejects.toMatchObject({
      code: 'VSPHERE_UNAVAILABLE',
      details: { status: 503, reason, retryAfterMs: 7_000 },
    });
    await expect(readTime(session)).rejects.toMatchObject({ code: 'VSPHERE_NOT_XML' });
    await expect(readTime(session)).rejects.toMatchObject({ code: 'VSPHERE_NOT_SOAP' });
    await expect(readTime(session)).rejects.toMatchObject({ code: 'VSPHERE_HTTP_STATUS', details: { status: 404 } });
    await expect(readTime(session)).rejects.toMatchObject({
      code: 'VSPHERE_FAULT',
      details: { fault: 'SystemError', method: 'CurrentTime', fields: { reason: 'out of memory' } },
    });
  });
});
