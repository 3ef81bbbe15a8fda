import { isOpsError, ManualClock, OpsError, Secret, silentLogger } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { Session } from '../session/index.ts';
import { type FakeAnswer, FakeServer, property, soapFault, soapReply } from '../testing/fake-server.ts';
import { letPass } from '../testing/let-pass.ts';
import { WorkSlicer } from '../wire/index.ts';
import { ObjectView } from './object-view.ts';
import { type Update, UpdateStream } from './update-stream.ts';

const NEVER = (): Promise<FakeAnswer> => new Promise(() => undefined);
const QUIET = soapReply('WaitForUpdatesEx');
const RESET = new OpsError({ code: 'TRANSPORT_RESET', message: 'reset' });

interface Step {
  readonly version: string;
  readonly objects: readonly string[];
  readonly truncated?: true;
}

const entered = (moid: string, name: string): string =>
  `<objectSet><kind>enter</kind><obj type="VirtualMachine">${moid}</obj><changeSet>${property('name', 'xsd:string', name).replace('<val', '<op>assign</op><val')}</changeSet></objectSet>`;
const left = (moid: string): string => `<objectSet><kind>leave</kind><obj type="VirtualMachine">${moid}</obj></objectSet>`;
const unset = (moid: string, path: string): string =>
  `<objectSet><kind>modify</kind><obj type="VirtualMachine">${moid}</obj><changeSet><name>${path}</name><op>assign</op></changeSet></objectSet>`;

function updates(step: Step): FakeAnswer {
  const more = step.truncated === true ? '<truncated>true</truncated>' : '';
  return soapReply(
    'WaitForUpdatesEx',
    `<returnval><version>${step.version}</version><filterSet><filter type="PropertyFilter">f</filter>${step.objects.join('')}</filterSet>${more}</returnval>`,
  );
}

function start(server: FakeServer) {
  const clock = new ManualClock();
  const shared = { transport: server, user: 'root', password: new Secret('x'), clock, logger: silentLogger, keepAliveAfterMs: 600_000 };
  const session = new Session({ ...shared, slicer: new WorkSlicer({ clock, yieldTurn: () => Promise.resolve() }) });
  const view = new ObjectView(session);
  const sets = [{ type: 'VirtualMachine', paths: ['name', 'guest.customizationInfo'] }] as const;
  const stream = new UpdateStream({ session, view, sets, clock, logger: silentLogger, maxWaitMs: 240_000 });
  const controller = new AbortController();
  const news: Update[] = [];
  const follow = async (): Promise<string> => {
    try {
      for await (const update of stream.follow({ signal: controller.signal })) news.push(update);
      return 'ended';
    } catch (error) {
      return isOpsError(error) ? error.code : String(error);
    }
  };
  return { clock, session, view, stream, controller, news, follow };
}

/** Versions handed back to the server, `-` for none. */
const versions = (server: FakeServer): string[] =>
  server.sent('WaitForUpdatesEx').map((body) => /<version>(.*?)<\/version>/.exec(body)?.[1] ?? '-');

const loaded = (news: readonly Update[]): string[][] =>
  news.flatMap((update) => (update.kind === 'loaded' ? [update.objects.map((object) => String(object.properties['name']))] : []));

describe('UpdateStream', () => {
  it('loads everything first, then waits for news in a parked call that outlives the wait', async () => {
    const server = new FakeServer().script(
      'WaitForUpdatesEx',
      updates({ version: '1', objects: [entered('12', 'a'), entered('13', 'b')] }),
      NEVER,
    );
    const { clock, news, follow } = start(server);
    void follow();
    await letPass(clock, 1_000);
    expect(loaded(news)).toEqual([['a', 'b']]);
    expect(versions(server)).toEqual(['-', '1']);
    const [load, wait] = server.requests.filter((request) => request.operation === 'WaitForUpdatesEx');
    expect(load).toMatchObject({ lane: 'call', idempotent: true });
    expect(load?.body).toContain('<maxWaitSeconds>0</maxWaitSeconds>');
    expect(wait).toMatchObject({ lane: 'parked', timeoutMs: 300_000 });
    expect(wait?.body).toContain('<maxWaitSeconds>240</maxWaitSeconds><maxObjectUpdates>200</maxObjectUpdates>');
  });

  it('asks for the properties that the version knows, through a view that it skips', async () => {
    const server = new FakeServer({ version: '6.7' }).script('WaitForUpdatesEx', NEVER);
    const { clock, follow } = start(server);
    void follow();
    await letPass(clock, 0);
    expect(server.sent('CreateFilter')[0]).toContain('<pathSet>name</pathSet></propSet>');
    expect(server.sent('CreateFilter')[0]).not.toContain('customizationInfo');
    expect(server.sent('CreateFilter')[0]).toContain('<skip>true</skip><selectSet xsi:type="TraversalSpec">');
    expect(server.sent('CreateFilter')[0]).toContain('<partialUpdates>false</partialUpdates>');
  });

  it('puts the pages of one load together and asks for the next at once', async () => {
    const server = new FakeServer().script(
      'WaitForUpdatesEx',
      updates({ version: 'p1', objects: [entered('12', 'a')], truncated: true }),
      updates({ version: 'p2', objects: [entered('13', 'b'), entered('12', 'a2')], truncated: true }),
      updates({ version: '1', objects: [entered('14', 'c')] }),
      NEVER,
    );
    const { clock, news, follow } = start(server);
    void follow();
    await letPass(clock, 0);
    expect(loaded(news)).toEqual([['a2', 'b', 'c']]);
    expect(versions(server).slice(0, 3)).toEqual(['-', 'p1', 'p2']);
    const pages = server.requests.filter((request) => request.operation === 'WaitForUpdatesEx');
    // A version that announced more is good once, so its answer cannot be asked for again.
    expect(pages.slice(0, 3).map((request) => request.idempotent)).toEqual([true, false, false]);
  });

  it('reports changes in order, unset properties as undefined, and departures', async () => {
    const server = new FakeServer().script(
      'WaitForUpdatesEx',
      updates({ version: '1', objects: [entered('12', 'a')] }),
      updates({ version: '2', objects: [entered('12', 'b'), unset('12', 'guest.ipAddress'), left('12'), entered('12', 'c')] }),
      NEVER,
    );
    const { clock, news, follow } = start(server);
    void follow();
    await letPass(clock, 1_000);
    const change = news[1];
    expect(change).toEqual({
      kind: 'changed',
      changes: [
        { kind: 'assigned', ref: { type: 'VirtualMachine', value: '12' }, properties: { name: 'b' } },
        { kind: 'assigned', ref: { type: 'VirtualMachine', value: '12' }, properties: { 'guest.ipAddress': undefined } },
        { kind: 'left', ref: { type: 'VirtualMachine', value: '12' } },
        { kind: 'assigned', ref: { type: 'VirtualMachine', value: '12' }, properties: { name: 'c' } },
      ],
    });
  });

  it('says that what is known was confirmed when a wait ends without news, and does not hurry a server that never waits', async () => {
    const server = new FakeServer().script('WaitForUpdatesEx', updates({ version: '1', objects: [entered('12', 'a')] }), QUIET);
    const { clock, news, follow, controller } = start(server);
    const end = follow();
    await letPass(clock, 10_000);
    controller.abort();
    await letPass(clock, 0);
    expect(news.slice(1).every((update) => update.kind === 'confirmed')).toBe(true);
    expect(news.length).toBeLessThan(45);
    expect(news.length).toBeGreaterThan(30);
    expect(await end).toBe('ended');
  });

  it('goes on after a broken connection from the last whole version, so that nothing is lost', async () => {
    const server = new FakeServer().script(
      'WaitForUpdatesEx',
      updates({ version: '1', objects: [entered('12', 'a')] }),
      updates({ version: '2', objects: [entered('12', 'b')] }),
      updates({ version: 'x', objects: [entered('13', 'c')], truncated: true }),
      RESET,
      updates({ version: '3', objects: [entered('13', 'c'), entered('14', 'd')] }),
      NEVER,
    );
    const { clock, news, follow } = start(server);
    const first = follow();
    await letPass(clock, 1_000);
    expect(await first).toBe('TRANSPORT_RESET');
    void follow();
    await letPass(clock, 1_000);
    expect(versions(server)).toEqual(['-', '1', '2', 'x', '2', '3']);
    expect(loaded(news)).toHaveLength(1);
    expect(server.sent('CreateFilter')).toHaveLength(1);
    expect(server.sent('DestroyPropertyCollector')).toHaveLength(0);
  });

  it('begins a load anew, with a new filter, when it was broken off in the middle', async () => {
    const server = new FakeServer().script(
      'WaitForUpdatesEx',
      updates({ version: 'p1', objects: [entered('12', 'gone meanwhile')], truncated: true }),
      RESET,
      updates({ version: '1', objects: [entered('13', 'b')] }),
      NEVER,
    );
    const { clock, news, follow } = start(server);
    const first = follow();
    await letPass(clock, 0);
    expect(await first).toBe('TRANSPORT_RESET');
    void follow();
    await letPass(clock, 1_000);
    expect(versions(server).slice(0, 3)).toEqual(['-', 'p1', '-']);
    expect(loaded(news)).toEqual([['b']]);
    expect(server.sent('DestroyPropertyCollector')).toHaveLength(1);
  });

  it('starts over when the server no longer knows the version', async () => {
    const server = new FakeServer().script(
      'WaitForUpdatesEx',
      updates({ version: '1', objects: [entered('12', 'a')] }),
      soapFault('InvalidCollectorVersion'),
      updates({ version: '1', objects: [entered('13', 'b')] }),
      NEVER,
    );
    const { clock, news, follow } = start(server);
    void follow();
    await letPass(clock, 1_000);
    expect(loaded(news)).toEqual([['a'], ['b']]);
    expect(server.sent('CreateFilter')).toHaveLength(2);
  });

  it('rebuilds view, collector and filter in a new session when the old one has ended', async () => {
    const server = new FakeServer().script(
      'WaitForUpdatesEx',
      updates({ version: '1', objects: [entered('12', 'a')] }),
      soapFault('NotAuthenticated'),
      updates({ version: '1', objects: [entered('12', 'a')] }),
      NEVER,
    );
    const { clock, news, follow } = start(server);
    void follow();
    await letPass(clock, 1_000);
    expect(loaded(news)).toEqual([['a'], ['a']]);
    expect(server.signIns).toBe(2);
    expect(server.sent('CreateContainerView')).toHaveLength(2);
    expect(server.sent('WaitForUpdatesEx').at(-1)).toContain('session[2]pc');
  });

  it('gives the collector back when the server no longer knows the view', async () => {
    const server = new FakeServer().script(
      'WaitForUpdatesEx',
      updates({ version: '1', objects: [entered('12', 'a')] }),
      soapFault('ManagedObjectNotFound', { fields: '<obj type="ContainerView">session[1]view-1</obj>' }),
      updates({ version: '1', objects: [entered('13', 'b')] }),
      NEVER,
    );
    const { clock, news, follow } = start(server);
    void follow();
    await letPass(clock, 1_000);
    expect(loaded(news)).toEqual([['a'], ['b']]);
    expect(server.sent('CreateContainerView')).toHaveLength(2);
    expect(server.sent('DestroyPropertyCollector')).toEqual([expect.stringContaining('pc-2<')]);
    expect(server.signIns).toBe(1);
  });

  it('does not turn pages for ever, neither of a load nor of news', async () => {
    const page = updates({ version: 'p', objects: [], truncated: true });
    const endless = new FakeServer().on('WaitForUpdatesEx', () => page);
    const first = start(endless);
    expect(await first.follow()).toBe('VSPHERE_ANSWER_TOO_LARGE');
    const later = new FakeServer().script('WaitForUpdatesEx', updates({ version: '1', objects: [entered('12', 'a')] }), page);
    const second = start(later);
    const end = second.follow();
    await letPass(second.clock, 1_000);
    expect(await end).toBe('VSPHERE_ANSWER_TOO_LARGE');
    expect(later.sent('WaitForUpdatesEx').length).toBeLessThan(1_200);
  });

  it('refuses news without a version, which would have everything told again and again', async () => {
    const server = new FakeServer().on('WaitForUpdatesEx', () => updates({ version: '', objects: [entered('12', 'a')] }));
    const { follow } = start(server);
    expect(await follow()).toBe('VSPHERE_NOT_SOAP');
  });

  it('gives up on a server that ends every session, rather than signing in for ever', async () => {
    const server = new FakeServer().on('WaitForUpdatesEx', () => soapFault('NotAuthenticated'));
    const { clock, follow } = start(server);
    const end = follow();
    await letPass(clock, 1_000);
    expect(await end).toBe('VSPHERE_SESSION_EXPIRED');
    expect(server.signIns).toBe(3);
  });

  it('brings the whole state again when asked to, out of a wait', async () => {
    let endWait: (answer: FakeAnswer) => void = () => undefined;
    const server = new FakeServer()
      .script(
        'WaitForUpdatesEx',
        updates({ version: '1', objects: [entered('12', 'a')] }),
        () => new Promise((resolve) => (endWait = resolve)),
        updates({ version: '1', objects: [entered('12', 'b')] }),
        NEVER,
      )
      .on('CancelWaitForUpdates', () => {
        endWait(soapFault('RequestCanceled'));
        return soapReply('CancelWaitForUpdates');
      });
    const { clock, news, stream, follow } = start(server);
    void follow();
    await letPass(clock, 1_000);
    stream.restart();
    await letPass(clock, 1_000);
    expect(loaded(news)).toEqual([['a'], ['b']]);
  });

  it('leaves nothing behind on the server when it is stopped', async () => {
    const server = new FakeServer().script('WaitForUpdatesEx', updates({ version: '1', objects: [entered('12', 'a')] }), NEVER);
    const { clock, controller, view, session, follow } = start(server);
    const end = follow();
    await letPass(clock, 1_000);
    expect(server.isPending('WaitForUpdatesEx')).toBe(true);
    controller.abort();
    expect(await end).toBe('ended');
    expect(server.isPending('WaitForUpdatesEx')).toBe(false);
    expect(server.sent('DestroyPropertyCollector')).toHaveLength(1);
    await view.close();
    expect(server.sent('DestroyView')[0]).toContain('session[1]view-1');
    await session.close();
    expect(clock.pendingCount).toBe(0);
  });

  it('reports an inventory without anything as loaded and empty', async () => {
    const server = new FakeServer().script('WaitForUpdatesEx', QUIET, NEVER);
    const { clock, news, follow } = start(server);
    void follow();
    await letPass(clock, 1_000);
    expect(news).toEqual([{ kind: 'loaded', objects: [] }]);
    expect(server.requests.at(-1)).toMatchObject({ operation: 'WaitForUpdatesEx', lane: 'parked' });
  });
});
