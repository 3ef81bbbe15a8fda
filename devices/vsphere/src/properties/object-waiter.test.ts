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
