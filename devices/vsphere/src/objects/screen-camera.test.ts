import { isOpsError, OpsError, toMoid } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { classifyVsphereOutcome } from '../classify.ts';
import { type FakeAnswer, FakeServer, property, soapFault, soapReply } from '../testing/fake-server.ts';
import { letPass } from '../testing/let-pass.ts';
import { makeClient } from '../testing/make-client.ts';
import type { Screen } from './screen-camera.ts';

const MAGIC = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const PNG = Uint8Array.from([...MAGIC, 1, 2, 3, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82]);
const PICTURE: FakeAnswer = { status: 200, body: PNG };

const taskDone = (task: string, result?: string): string => {
  const state = `<changeSet>${property('info.state', 'TaskInfoState', 'success').replace('<val', '<op>assign</op><val')}</changeSet>`;
  const value =
    result === undefined
      ? ''
      : `<changeSet>${property('info.result', 'xsd:string', result).replace('<val', '<op>assign</op><val')}</changeSet>`;
  return `<objectSet><kind>enter</kind><obj type="Task">${task}</obj>${state}${value}</objectSet>`;
};
const news = (...objects: readonly string[]): FakeAnswer =>
  soapReply(
    'WaitForUpdatesEx',
    `<returnval><version>1</version><filterSet><filter type="PropertyFilter">f</filter>${objects.join('')}</filterSet></returnval>`,
  );
const taskOf = (method: string, task: string): FakeAnswer => soapReply(method, `<returnval type="Task">${task}</returnval>`);

function start(server: FakeServer) {
  const { client, clock } = makeClient(server);
  const capture = async (moid: string, signal = new AbortController().signal): Promise<Screen | null | string> => {
    const work = client
      .machine(toMoid(moid))
      .captureScreen({ width: 200, height: 150, priority: 'low', signal })
      .catch((error: unknown) => (isOpsError(error) ? error.code : String(error)));
    await letPass(clock, 2_000);
    return work;
  };
  return { capture, clock };
}

/** A server without /screen that takes pictures by task. */
const byTask = (result = '[ssd 1] web 01/web 01-1.png'): FakeServer =>
  new FakeServer()
    .on('GET /screen', () => ({ status: 404 }))
    .on('CreateScreenshot_Task', () => taskOf('CreateScreenshot_Task', 'task-1'))
    .on('DeleteDatastoreFile_Task', () => taskOf('DeleteDatastoreFile_Task', 'task-2'))
    .on('WaitForUpdatesEx', () => news(taskDone('task-1', result), taskDone('task-2')))
    .on('GET /folder', () => PICTURE);

describe('ScreenCamera', () => {
  it('asks the host for a picture of the wanted size, whatever the id looks like', async () => {
    const server = new FakeServer().on('GET /screen', () => PICTURE);
    expect(await start(server).capture('vm&w=9999#1')).toEqual({ png: Buffer.from(PNG) });
    expect(server.sent('GET /screen')).toEqual(['/screen?id=vm%26w%3D9999%231&w=200&h=150']);
    expect(server.requests.at(-1)).toMatchObject({ priority: 'low', idempotent: true, maxBodyBytes: 16 * 1024 * 1024 });
  });

  it('has no picture of a machine that is off or gone, and no error either', async () => {
    const server = new FakeServer()
      .script('GET /screen', { status: 500 }, { status: 404 })
      .script('CreateScreenshot_Task', soapFault('InvalidPowerState'), soapFault('ManagedObjectNotFound'));
    const { capture } = start(server);
    for (let turn = 0; turn < 3; turn++) expect(await capture('1')).toBeNull();
    expect(server.operations().filter((operation) => operation === 'CreateScreenshot_Task')).toHaveLength(2);
  });

  it('does not take machines that are gone for a door that is missing', async () => {
    const server = byTask().on('CreateScreenshot_Task', () => soapFault('ManagedObjectNotFound'));
    const { capture } = start(server);
    for (const moid of ['1', '2', '3', '4']) expect(await capture(moid)).toBeNull();
    server.on('GET /screen', () => PICTURE);
    expect(await capture('5')).toEqual({ png: Buffer.from(PNG) });
    expect(server.sent('GET /screen')).toHaveLength(5);
  });

  it('does not let a status that may mean trouble pass for a good answer, nor for overload', async () => {
    const verdicts: string[] = [];
    const server = new FakeServer().on('GET /screen', () => ({ status: 500 }));
    const exchange = server.exchange.bind(server);
    server.exchange = async (request, read) => {
      try {
        return await exchange(request, read);
      } catch (error) {
        verdicts.push(classifyVsphereOutcome({ ok: false, error }).kind);
        throw error;
      }
    };
    expect(await start(server).capture('1')).toBeNull();
    expect(verdicts).toEqual(['ignored']);
  });

  it('does not take half a picture for a whole one', async () => {
    const server = new FakeServer().on('GET /screen', () => ({ status: 200, body: PNG.subarray(0, 12) }));
    expect(await start(server).capture('1')).toBe('VSPHERE_SCREEN_INVALID');
  });

  it('does not take a page for a picture, nor a front end that is down for a machine without one', async () => {
    const server = new FakeServer().script(
      'GET /screen',
      { status: 200, body: '<html>busy</html>' },
      { status: 503, statusText: 'Service Unavailable' },
      { status: 403 },
    );
    const { capture } = start(server);
    expect(await capture('1')).toBe('VSPHERE_SCREEN_INVALID');
    expect(await capture('1')).toBe('VSPHERE_UNAVAILABLE');
    expect(await capture('1')).toBe('VSPHERE_HTTP_STATUS');
  });

  it('takes a picture by task for whom the door is not there, and stops asking at it after three machines', async () => {
    const server = byTask();
    const { capture } = start(server);
    for (const moid of ['1', '1', '2']) expect(await capture(moid)).toEqual({ png: Buffer.from(PNG) });
    server.on('GET /screen', () => PICTURE);
    expect(await capture('4')).not.toBeNull();
    expect(server.sent('CreateScreenshot_Task')).toHaveLength(3);
    server.on('GET /screen', () => ({ status: 404 }));
    for (const moid of ['1', '2', '3', '4', '5']) expect(await capture(moid)).not.toBeNull();
    expect(server.sent('GET /screen')).toHaveLength(7);
    expect(server.sent('CreateScreenshot_Task')).toHaveLength(8);
  });

  it('asks no more at a door that is said not to exist', async () => {
    const server = byTask().on('GET /screen', () => ({ status: 501 }));
    const { capture } = start(server);
    for (const moid of ['1', '2']) expect(await capture(moid)).toEqual({ png: Buffer.from(PNG) });
    expect(server.sent('GET /screen')).toHaveLength(1);
  });

  it('fetches the file of a task and removes it', async () => {
    const server = byTask();
    const { capture } = start(server);
    expect(await capture('1')).toEqual({ png: Buffer.from(PNG) });
    expect(server.sent('GET /folder')).toEqual(['/folder/web%2001/web%2001-1.png?dcPath=ha-datacenter&dsName=ssd+1']);
    expect(server.sent('DeleteDatastoreFile_Task')[0]).toContain('<name>[ssd 1] web 01/web 01-1.png</name></DeleteDatastoreFile_Task>');
  });

  it('removes the file also when it cannot be fetched, is no picture, or nobody wants it any more', async () => {
    const server = byTask();
    const { capture } = start(server);
    server.on('GET /folder', () => ({ status: 404 }));
    expect(await capture('1')).toBe('VSPHERE_HTTP_STATUS');
    server.on('GET /folder', () => ({ status: 200, body: 'no picture' }));
    expect(await capture('1')).toBe('VSPHERE_SCREEN_INVALID');
    const controller = new AbortController();
    server.on('GET /folder', () => {
      controller.abort(new OpsError({ code: 'TEST_GAVE_UP', message: 'gave up' }));
      return new Promise(() => undefined);
    });
    expect(await capture('1', controller.signal)).toBe('TEST_GAVE_UP');
    expect(server.sent('DeleteDatastoreFile_Task')).toHaveLength(3);
  });

  it('finds the datastore of a file that is named by its volume', async () => {
    const server = byTask('/vmfs/volumes/5f-aa/web/web-1.png').on('RetrievePropertiesEx', () =>
      soapReply(
        'RetrievePropertiesEx',
        `<returnval><objects><obj type="Datastore">ds-1</obj><propSet>${property('summary', 'DatastoreSummary', '<name>ssd1</name><url>ds:///vmfs/volumes/5f-aa/</url>')}</propSet></objects></returnval>`.replace(
          '<objects>',
          `<objects><obj type="Datastore">ds-0</obj><propSet>${property('summary', 'DatastoreSummary', '<name>other</name><url>ds:///vmfs/volumes/5f-aa-1/</url>')}</propSet></objects><objects>`,
        ),
      ),
    );
    const { capture } = start(server);
    expect(await capture('1')).toEqual({ png: Buffer.from(PNG) });
    expect(server.sent('DeleteDatastoreFile_Task')[0]).toContain('<name>[ssd1] web/web-1.png</name>');
  });

  it('removes nothing but pictures, and takes no more of them when it cannot tell where they are', async () => {
    for (const result of ['[ssd 1] web 01', '[ssd 1] web 01/web 01.vmx', 'nowhere']) {
      const server = byTask(result);
      const { capture } = start(server);
      const moids = Array.from({ length: 12 }, (_, index) => String(index));
      for (const moid of moids) expect(await capture(moid)).toBe('VSPHERE_PATH_INVALID');
      expect(server.sent('DeleteDatastoreFile_Task')).toEqual([]);
      expect(server.sent('CreateScreenshot_Task')).toHaveLength(8);
    }
  });

  it.each([
    ['removes the one of a lost answer', [{ user: 'root', time: '00:00:00.5' }], 1],
    ['leaves that of another account alone', [{ user: 'backup', time: '00:00:00.5' }], 0],
    ['leaves an older one alone', [{ user: 'root', time: '23:59:50', day: '2025-12-31' }], 0],
    [
      'leaves both alone when two could be meant',
      [
        { user: 'root', time: '00:00:00.5' },
        { user: 'root', time: '00:00:00.7' },
      ],
      0,
    ],
    ['leaves what is no picture alone', [{ user: 'root', time: '00:00:00.5', what: 'VirtualMachine.powerOn' }], 0],
  ])('%s', async (_, tasks: readonly { user: string; time: string; day?: string; what?: string }[], removed) => {
    const server = byTask();
    const object = (type: string, value: string, ...properties: readonly string[]): FakeAnswer =>
      soapReply(
        'RetrievePropertiesEx',
        `<returnval><objects><obj type="${type}">${value}</obj>${properties.map((each) => `<propSet>${each}</propSet>`).join('')}</objects></returnval>`,
      );
    const refs = tasks.map((_task, index) => `<ManagedObjectReference type="Task">lost-${index}</ManagedObjectReference>`).join('');
    server
      .script(
        'CreateScreenshot_Task',
        new OpsError({ code: 'TRANSPORT_RESET', message: 'reset', details: { sent: true } }),
        taskOf('CreateScreenshot_Task', 'task-1'),
      )
      .on('RetrievePropertiesEx', (request) => {
        const index = /lost-(\d)/.exec(String(request.body))?.[1];
        if (index === undefined) return object('VirtualMachine', '1', property('recentTask', 'ArrayOfManagedObjectReference', refs));
        const { user, time, day = '2026-01-01', what = 'VirtualMachine.createScreenshot' } = tasks[Number(index)] ?? { user: '', time: '' };
        return object(
          'Task',
          `lost-${index}`,
          property('info.descriptionId', 'xsd:string', what),
          property('info.queueTime', 'xsd:dateTime', `${day}T${time}Z`),
          property('info.reason', 'TaskReasonUser', `<userName>${user}</userName>`),
        );
      })
      .on('WaitForUpdatesEx', () =>
        news(taskDone('task-1', '[ssd 1] b/b-1.png'), taskDone('lost-0', '[ssd 1] a/a-1.png'), taskDone('task-2')),
      );
    const { capture } = start(server);
    expect(await capture('1')).toBe('TRANSPORT_RESET');
    expect(await capture('2')).not.toBeNull();
    expect(server.sent('DeleteDatastoreFile_Task').filter((body) => body.includes('[ssd 1] a/a-1.png'))).toHaveLength(removed);
    expect(server.sent('CreateScreenshot_Task')).toHaveLength(2);
  });

  it('stays aside until the last of several acts on a machine has been given to the server', async () => {
    let answer: (reply: FakeAnswer) => void = () => undefined;
    const server = byTask().script('PowerOffVM_Task', soapFault('TaskInProgress'), () => new Promise((resolve) => (answer = resolve)));
    const { client, clock } = makeClient(server);
    const machine = client.machine(toMoid('1'));
    const { signal } = new AbortController();
    const acts = [machine.changePower('power_off', { signal }), machine.changePower('power_off', { signal })];
    await letPass(clock, 1_000);
    expect(server.sent('PowerOffVM_Task')).toHaveLength(2);
    expect(await machine.captureScreen({ width: 200, height: 150, priority: 'low', signal })).toBeNull();
    answer(soapFault('TaskInProgress'));
    await letPass(clock, 1_000);
    expect(await Promise.all(acts)).toMatchObject([{ kind: 'failed' }, { kind: 'failed' }]);
    const later = machine.captureScreen({ width: 200, height: 150, priority: 'low', signal });
    await letPass(clock, 1_000);
    expect(await later).not.toBeNull();
  });

  it('gives up on pictures for good when the server knows neither way', async () => {
    const server = byTask().on('CreateScreenshot_Task', () => soapFault('MethodNotFound'));
    const { capture } = start(server);
    expect(await capture('1')).toBeNull();
    expect(await capture('2')).toBeNull();
    expect(server.sent('CreateScreenshot_Task')).toHaveLength(1);
    expect(server.sent('GET /screen')).toHaveLength(1);
  });
});
