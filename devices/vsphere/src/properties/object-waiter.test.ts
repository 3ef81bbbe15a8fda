import { isOpsError, ManualClock, OpsError, Secret, silentLogger } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { Session } from '../session/index.ts';
import { type FakeAnswer, FakeServer, property, soapFault, soapReply } from '../testing/fake-server.ts';
import { letPass } from '../testing/let-pass.ts';
import { WorkSlicer } from '../wire/index.ts';
import { ObjectWaiter, type WaitOutcome } from './object-waiter.ts';

const SET = { type: 'Task', paths: ['info.state'] } as const;
const taskRef = (value: string) => ({ type: 'Task', value }) as const;
const NEVER = (): Promise<FakeAnswer> => new Promise(() => undefined);

const state = (task: string, word: string): string =>
  `<objectSet><kind>modify</kind><obj type="Task">${task}</obj><changeSet>${property('info.state', 'TaskInfoState', word).replace('<val', '<op>assign</op><val')}</changeSet></objectSet>`;
const gone = (task: string): string => `<objectSet><kind>leave</kind><obj type="Task">${task}</obj></objectSet>`;
const news = (version: string, ...objects: readonly string[]): FakeAnswer =>
  soapReply(
    'WaitForUpdatesEx',
    `<returnval><version>${version}</version><filterSet><filter type="PropertyFilter">f</filter>${objects.join('')}</filterSet></returnval>`,
  );

function start(server: FakeServer) {
  const clock = new ManualClock();
  const shared = { transport: server, user: 'root', password: new Secret('x'), clock, logger: silentLogger, keepAliveAfterMs: 600_000 };
  const session = new Session({ ...shared, slicer: new WorkSlicer({ clock, yieldTurn: () => Promise.resolve() }) });
  const waiter = new ObjectWaiter({ session, clock, logger: silentLogger });
  const wait = (task: string, signal?: AbortSignal): Promise<WaitOutcome<string>> =>
    waiter.waitFor(taskRef(task), {
      set: SET,
      signal,
      judge: (properties) => (properties['info.state'] === 'success' ? 'done' : undefined),
    });
  return { clock, session, wait };
}

describe('ObjectWaiter', () => {
  it('settles when the object has become what was waited for, and cleans up after the last one', async () => {
    const server = new FakeServer().script('WaitForUpdatesEx', news('1', state('t1', 'running')), news('2', state('t1', 'success')), NEVER);
    const { clock, wait } = start(server);
    const outcome = wait('t1');
    await letPass(clock, 1_000);
    expect(await outcome).toEqual({ kind: 'settled', value: 'done' });
    expect(server.sent('DestroyPropertyCollector')).toHaveLength(1);
    expect(server.requests.find((request) => request.operation === 'WaitForUpdatesEx')).toMatchObject({
      lane: 'parked',
      priority: 'critical',
    });
    await letPass(clock, 60_000);
    expect(server.sent('WaitForUpdatesEx')).toHaveLength(2);
  });

  it('waits for many objects with one collector and one parked call', async () => {
    const server = new FakeServer().script(
      'WaitForUpdatesEx',
      news('1', state('t1', 'success'), state('t2', 'success'), state('t3', 'success')),
    );
    const { clock, wait } = start(server);
    const outcomes = Promise.all([wait('t1'), wait('t2'), wait('t3')]);
    await letPass(clock, 1_000);
    expect(await outcomes).toHaveLength(3);
    expect(server.sent('CreatePropertyCollector')).toHaveLength(1);
    expect(server.sent('CreateFilter')).toHaveLength(3);
    expect(server.sent('WaitForUpdatesEx')).toHaveLength(1);
  });

  it('ends a running wait to take in another object', async () => {
    let endWait: (answer: FakeAnswer) => void = () => undefined;
    const server = new FakeServer()
      .script(
        'WaitForUpdatesEx',
        () => new Promise((resolve) => (endWait = resolve)),
        news('1', state('t1', 'success'), state('t2', 'success')),
      )
      .on('CancelWaitForUpdates', () => {
        endWait(soapFault('RequestCanceled'));
        return soapReply('CancelWaitForUpdates');
      });
    const { clock, wait } = start(server);
    const first = wait('t1');
    await letPass(clock, 100);
    const second = wait('t2');
    await letPass(clock, 1_000);
    expect(await Promise.all([first, second])).toHaveLength(2);
    expect(server.sent('CancelWaitForUpdates')).toHaveLength(1);
  });

  it('does not wait for a server that ignores being told to end the wait', async () => {
    const server = new FakeServer().script('WaitForUpdatesEx', NEVER, news('1', state('t1', 'success'), state('t2', 'success')));
    const { clock, wait } = start(server);
    const first = wait('t1');
    await letPass(clock, 100);
    const outcomes = Promise.all([first, wait('t2'), wait('t3')]);
    await letPass(clock, 2_000);
    expect(server.sent('CancelWaitForUpdates')).toHaveLength(1);
    expect(server.sent('CreatePropertyCollector')).toHaveLength(2);
    // The wait that was left lives on with the server until its collector goes.
    expect(server.sent('DestroyPropertyCollector')).toEqual([expect.stringContaining('pc-1<')]);
    expect(server.sent('CreateFilter').filter((body) => body.includes('pc-3<'))).toHaveLength(3);
    server.on('WaitForUpdatesEx', () => news('2', state('t3', 'success')));
    await letPass(clock, 1_000);
    expect(await outcomes).toHaveLength(3);
    expect(clock.pendingCount).toBe(1);
  });

  it('takes in an object at whatever moment it comes between a filter and the wait', async () => {
    for (let moment = 0; moment < 40; moment++) {
      let endWait: (answer: FakeAnswer) => void = () => undefined;
      const server = new FakeServer()
        .on('WaitForUpdatesEx', () => new Promise((resolve) => (endWait = resolve)))
        .on('CancelWaitForUpdates', () => {
          endWait(soapFault('RequestCanceled'));
          return soapReply('CancelWaitForUpdates');
        });
      let answer: (reply: FakeAnswer) => void = () => undefined;
      server.script(
        'CreateFilter',
        () => new Promise((resolve) => (answer = resolve)),
        soapReply('CreateFilter', '<returnval type="PropertyFilter">f2</returnval>'),
      );
      const { clock, wait } = start(server);
      void wait('t1');
      await letPass(clock, 0);
      answer(soapReply('CreateFilter', '<returnval type="PropertyFilter">f1</returnval>'));
      for (let turn = 0; turn < moment; turn++) await Promise.resolve();
      void wait('t2');
      await letPass(clock, 500);
      expect(server.sent('CreateFilter'), `moment ${moment}`).toHaveLength(2);
    }
  });

  it('stops watching what one gave up on while others still wait', async () => {
    let answer: (reply: FakeAnswer) => void = () => undefined;
    const server = new FakeServer()
      .script(
        'CreateFilter',
        soapReply('CreateFilter', '<returnval type="PropertyFilter">f1</returnval>'),
        soapReply('CreateFilter', '<returnval type="PropertyFilter">f2</returnval>'),
        () => new Promise((resolve) => (answer = resolve)),
      )
      .script('WaitForUpdatesEx', NEVER);
    const { clock, wait } = start(server);
    const [early, late] = [new AbortController(), new AbortController()];
    void wait('t1').catch(() => undefined);
    const failures = [wait('t2', early.signal), wait('t3', late.signal)].map((work) => work.catch(() => 'gave up'));
    await letPass(clock, 100);
    early.abort(new Error('enough'));
    late.abort(new Error('enough'));
    answer(soapReply('CreateFilter', '<returnval type="PropertyFilter">f3</returnval>'));
    await letPass(clock, 100);
    expect(await Promise.all(failures)).toEqual(['gave up', 'gave up']);
    expect(server.sent('DestroyPropertyFilter').map((body) => /PropertyFilter">(f\d)/.exec(body)?.[1])).toEqual(['f2', 'f3']);
  });

  it('says that an object is gone, whether it never was or leaves', async () => {
    const server = new FakeServer()
      .script(
        'CreateFilter',
        soapFault('ManagedObjectNotFound'),
        soapReply('CreateFilter', '<returnval type="PropertyFilter">f2</returnval>'),
      )
      .script('WaitForUpdatesEx', news('1', gone('t2')));
    const { clock, wait } = start(server);
    const outcomes = Promise.all([wait('t1'), wait('t2')]);
    await letPass(clock, 1_000);
    expect(await outcomes).toEqual([{ kind: 'gone' }, { kind: 'gone' }]);
  });

  it('goes on in a new session when the old one ends: what is waited for lives on', async () => {
    const server = new FakeServer().script('WaitForUpdatesEx', soapFault('NotAuthenticated'), news('1', state('t1', 'success')));
    const { clock, wait } = start(server);
    const outcome = wait('t1');
    await letPass(clock, 1_000);
    expect(await outcome).toEqual({ kind: 'settled', value: 'done' });
    expect(server.signIns).toBe(2);
    expect(server.sent('CreateFilter')).toHaveLength(2);
  });

  it('rejects all who wait when the server cannot be asked any more, and works again afterwards', async () => {
    const server = new FakeServer().script(
      'WaitForUpdatesEx',
      new OpsError({ code: 'TRANSPORT_RESET', message: 'reset' }),
      news('1', state('t3', 'success')),
    );
    const { clock, wait } = start(server);
    const outcomes = Promise.allSettled([wait('t1'), wait('t2')]);
    await letPass(clock, 1_000);
    const codes = (await outcomes).map((each) => (each.status === 'rejected' && isOpsError(each.reason) ? each.reason.code : 'resolved'));
    expect(codes).toEqual(['TRANSPORT_RESET', 'TRANSPORT_RESET']);
    const later = wait('t3');
    await letPass(clock, 1_000);
    expect(await later).toEqual({ kind: 'settled', value: 'done' });
  });

  it('stops asking when nobody waits any more', async () => {
    const server = new FakeServer().script('WaitForUpdatesEx', NEVER);
    const { clock, wait } = start(server);
    const controller = new AbortController();
    const outcome = wait('t1', controller.signal);
    const failure = outcome.catch((error: unknown) => error);
    await letPass(clock, 100);
    expect(server.isPending('WaitForUpdatesEx')).toBe(true);
    controller.abort(new Error('enough'));
    expect(await failure).toMatchObject({ message: 'enough' });
    await letPass(clock, 1_000);
    expect(server.isPending('WaitForUpdatesEx')).toBe(false);
    expect(server.sent('DestroyPropertyCollector')).toHaveLength(1);
  });

  it('gives up on a server whose answers never hold a session', async () => {
    const server = new FakeServer().on('WaitForUpdatesEx', () => soapFault('RequestCanceled'));
    const { clock, wait } = start(server);
    const failure = wait('t1').catch((error: unknown) => error);
    await letPass(clock, 10_000);
    expect(await failure).toMatchObject({ code: 'VSPHERE_FAULT', details: { fault: 'RequestCanceled' } });
    expect(server.sent('WaitForUpdatesEx').length).toBeLessThan(5);
  });
});
