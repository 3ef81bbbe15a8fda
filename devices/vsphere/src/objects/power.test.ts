import { OpsError, toMoid } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { type FakeAnswer, FakeServer, property, soapFault, soapReply } from '../testing/fake-server.ts';
import { letPass } from '../testing/let-pass.ts';
import { makeClient } from '../testing/make-client.ts';
import type { ActOutcome, PowerVerb } from './power.ts';

const RESET = new OpsError({ code: 'TRANSPORT_RESET', message: 'The server broke the connection', details: { sent: true } });
const TASK = '<returnval type="Task">task-1</returnval>';

const changed = (ref: { readonly type: string; readonly value: string }, ...properties: readonly string[]): FakeAnswer => {
  const changes = properties.map((each) => `<changeSet>${each.replace('<val', '<op>assign</op><val')}</changeSet>`).join('');
  const object = `<objectSet><kind>modify</kind><obj type="${ref.type}">${ref.value}</obj>${changes}</objectSet>`;
  return soapReply(
    'WaitForUpdatesEx',
    `<returnval><version>1</version><filterSet><filter type="PropertyFilter">f</filter>${object}</filterSet></returnval>`,
  );
};
const task = { type: 'Task', value: 'task-1' };
const running = (percent: number): FakeAnswer =>
  changed(task, property('info.state', 'TaskInfoState', 'running'), property('info.progress', 'xsd:int', String(percent)));
const succeeded = changed(task, property('info.state', 'TaskInfoState', 'success'));
const failed = (fault: string, fields = ''): FakeAnswer =>
  changed(
    task,
    property('info.state', 'TaskInfoState', 'error'),
    property('info.error', 'LocalizedMethodFault', `<fault i:type="${fault}">${fields}</fault><localizedMessage>told</localizedMessage>`),
  );
const machineNow = (powerState: string, ...tasks: readonly string[]): FakeAnswer =>
  soapReply(
    'RetrievePropertiesEx',
    `<returnval><objects><obj type="VirtualMachine">12</obj><propSet>${property('runtime.powerState', 'VirtualMachinePowerState', powerState)}</propSet><propSet>${property(
      'recentTask',
      'ArrayOfManagedObjectReference',
      tasks.map((each) => `<ManagedObjectReference type="Task">${each}</ManagedObjectReference>`).join(''),
    )}</propSet></objects></returnval>`,
  );
const taskNow = (state: string, descriptionId: string): FakeAnswer =>
  soapReply(
    'RetrievePropertiesEx',
    `<returnval><objects><obj type="Task">task-9</obj><propSet>${property('info.state', 'TaskInfoState', state)}</propSet><propSet>${property('info.descriptionId', 'xsd:string', descriptionId)}</propSet></objects></returnval>`,
  );

async function act(server: FakeServer, verb: PowerVerb, options: { readonly signal?: AbortSignal; readonly forMs?: number } = {}) {
  const { client, clock } = makeClient(server);
  const progress: (number | null)[] = [];
  const work = client.machine(toMoid('12')).changePower(verb, {
    signal: options.signal ?? new AbortController().signal,
    onProgress: ({ percent }) => progress.push(percent),
    guestGraceMs: 60_000,
  });
  await letPass(clock, options.forMs ?? 2_000);
  const outcome: ActOutcome = await work;
  return { outcome, progress };
}

describe('changePower', () => {
  it.each([
    ['power_on', 'PowerOnVM_Task'],
    ['power_off', 'PowerOffVM_Task'],
    ['reset', 'ResetVM_Task'],
    ['suspend', 'SuspendVM_Task'],
  ] as const)('%s submits one task, urgently and once, and follows it to its end', async (verb, method) => {
    const server = new FakeServer()
      .on(method, () => soapReply(method, TASK))
      .script('WaitForUpdatesEx', running(10), running(55), succeeded);
    const { outcome, progress } = await act(server, verb);
    expect(outcome).toEqual({ kind: 'succeeded' });
    expect(progress).toEqual([10, 55]);
    expect(server.requests.filter((request) => request.operation === method)).toMatchObject([{ priority: 'critical', idempotent: false }]);
  });

  it.each([
    ['TaskInProgress', 'VSPHERE_TASK_IN_PROGRESS'],
    ['NoPermission', 'VSPHERE_NO_PERMISSION'],
    ['RestrictedVersion', 'VSPHERE_READ_ONLY_LICENSE'],
    ['HostAccessRestrictedToManagementServer', 'VSPHERE_MANAGED_BY_VCENTER'],
    ['ManagedObjectNotFound', 'VSPHERE_OBJECT_GONE'],
    ['SomethingNew', 'VSPHERE_FAULT'],
  ])('says why when the server refuses with %s', async (fault, code) => {
    const server = new FakeServer().on('PowerOnVM_Task', () =>
      soapFault(fault, {
        text: 'told',
        fields: '<privilegeId>VirtualMachine.Interact.PowerOn</privilegeId><managementServer>10.0.0.2</managementServer>',
      }),
    );
    const { outcome } = await act(server, 'power_on');
    expect(outcome).toMatchObject({ kind: 'failed', code, details: { fault } });
    expect(server.sent('PowerOnVM_Task')).toHaveLength(1);
  });

  it('passes on no more of what a server says than a person can read', async () => {
    const server = new FakeServer().on('PowerOnVM_Task', () =>
      soapFault('FileLocked', { text: 'x'.repeat(100_000), fields: `<file>${'y'.repeat(100_000)}</file>` }),
    );
    const { outcome } = await act(server, 'power_on');
    expect(JSON.stringify(outcome).length).toBeLessThan(2_000);
  });

  it('says why when the task fails', async () => {
    const server = new FakeServer()
      .on('PowerOnVM_Task', () => soapReply('PowerOnVM_Task', TASK))
      .script('WaitForUpdatesEx', failed('FileLocked', '<file>[ds] a.vmdk</file>'));
    expect((await act(server, 'power_on')).outcome).toEqual({
      kind: 'failed',
      code: 'VSPHERE_FILE_LOCKED',
      message: 'FileLocked: told',
      details: { fault: 'FileLocked', file: '[ds] a.vmdk' },
    });
  });

  it('takes what is already so for done, and only that', async () => {
    const state = (existing: string): string => `<requestedState>poweredOff</requestedState><existingState>${existing}</existingState>`;
    const server = new FakeServer()
      .on('PowerOffVM_Task', () => soapReply('PowerOffVM_Task', TASK))
      .script('WaitForUpdatesEx', failed('InvalidPowerState', state('poweredOff')), failed('InvalidPowerState', state('suspended')));
    expect((await act(server, 'power_off')).outcome).toEqual({ kind: 'succeeded' });
    expect((await act(server, 'power_off')).outcome).toMatchObject({ kind: 'failed', code: 'VSPHERE_INVALID_POWER_STATE' });
  });

  it('submits again after a session that had ended, because nothing had happened', async () => {
    const server = new FakeServer()
      .script('PowerOnVM_Task', soapFault('NotAuthenticated'), soapReply('PowerOnVM_Task', TASK))
      .script('WaitForUpdatesEx', succeeded);
    expect((await act(server, 'power_on')).outcome).toEqual({ kind: 'succeeded' });
    expect(server.signIns).toBe(2);
  });

  it('reads back after a lost answer, and finds it done', async () => {
    const server = new FakeServer().script('PowerOnVM_Task', RESET).script('RetrievePropertiesEx', machineNow('poweredOn'));
    expect((await act(server, 'power_on')).outcome).toEqual({ kind: 'succeeded' });
    expect(server.sent('PowerOnVM_Task')).toHaveLength(1);
  });

  it('reads back after a lost answer, and follows the task that is running', async () => {
    const server = new FakeServer()
      .script('ResetVM_Task', RESET)
      .script(
        'RetrievePropertiesEx',
        machineNow('poweredOn', 'task-8', 'task-9'),
        taskNow('success', 'VirtualMachine.reset'),
        taskNow('running', 'VirtualMachine.reset'),
      )
      .script('WaitForUpdatesEx', changed({ type: 'Task', value: 'task-9' }, property('info.state', 'TaskInfoState', 'success')));
    expect((await act(server, 'reset')).outcome).toEqual({ kind: 'succeeded' });
    expect(server.sent('ResetVM_Task')).toHaveLength(1);
  });

  it('does not take another task that is running for its own', async () => {
    const server = new FakeServer()
      .script('ResetVM_Task', RESET)
      .script('RetrievePropertiesEx', machineNow('poweredOn', 'task-9'), taskNow('running', 'VirtualMachine.createScreenshot'))
      .script('WaitForUpdatesEx', changed({ type: 'Task', value: 'task-9' }, property('info.state', 'TaskInfoState', 'success')));
    expect((await act(server, 'reset')).outcome).toMatchObject({ kind: 'unknown', code: 'TRANSPORT_RESET' });
  });

  it('says unknown, and does not repeat, when reading back does not settle it', async () => {
    const server = new FakeServer().script('ResetVM_Task', RESET).script('RetrievePropertiesEx', machineNow('poweredOn'));
    expect((await act(server, 'reset')).outcome).toMatchObject({ kind: 'unknown', code: 'TRANSPORT_RESET' });
    const silent = new FakeServer().script('PowerOnVM_Task', RESET).script('RetrievePropertiesEx', RESET);
    expect((await act(silent, 'power_on')).outcome).toMatchObject({ kind: 'unknown', code: 'TRANSPORT_RESET' });
    expect(silent.sent('PowerOnVM_Task')).toHaveLength(1);
  });

  it('reads back when the connection breaks while the task runs, or the server forgets the task', async () => {
    const broken = new FakeServer()
      .on('PowerOnVM_Task', () => soapReply('PowerOnVM_Task', TASK))
      .script('WaitForUpdatesEx', running(10), RESET)
      .script('RetrievePropertiesEx', machineNow('poweredOn'));
    expect((await act(broken, 'power_on')).outcome).toEqual({ kind: 'succeeded' });
    const forgotten = new FakeServer()
      .on('PowerOffVM_Task', () => soapReply('PowerOffVM_Task', TASK))
      .on('CreateFilter', () => soapFault('ManagedObjectNotFound', { fields: '<obj type="Task">task-1</obj>' }))
      .script('RetrievePropertiesEx', machineNow('poweredOn'));
    expect((await act(forgotten, 'power_off')).outcome).toMatchObject({ kind: 'unknown', code: 'VSPHERE_TASK_GONE' });
  });

  it.each([
    ['TRANSPORT_REFUSED', { sent: false }],
    ['RESILIENCE_CIRCUIT_OPEN', {}],
    ['VSPHERE_INVALID_LOGIN', {}],
  ])('says failed after %s, because nothing was sent', async (code, details) => {
    const server = new FakeServer().script('PowerOnVM_Task', new OpsError({ code, message: code, details }));
    expect((await act(server, 'power_on')).outcome).toMatchObject({ kind: 'failed', code });
    expect(server.sent('RetrievePropertiesEx')).toHaveLength(0);
  });

  it.each([
    ['shut_down_guest', 'ShutdownGuest', 'poweredOff'],
    ['standby_guest', 'StandbyGuest', 'suspended'],
  ] as const)('%s is done when the machine is %s', async (verb, method, state) => {
    const server = new FakeServer()
      .on(method, () => soapReply(method))
      .script(
        'WaitForUpdatesEx',
        changed({ type: 'VirtualMachine', value: '12' }, property('runtime.powerState', 'VirtualMachinePowerState', 'poweredOn')),
        changed({ type: 'VirtualMachine', value: '12' }, property('runtime.powerState', 'VirtualMachinePowerState', state)),
      );
    expect((await act(server, verb)).outcome).toEqual({ kind: 'succeeded' });
  });

  it('reboot_guest is done when the guest has been told', async () => {
    const server = new FakeServer().on('RebootGuest', () => soapReply('RebootGuest'));
    expect((await act(server, 'reboot_guest')).outcome).toEqual({ kind: 'succeeded' });
    expect(server.sent('WaitForUpdatesEx')).toHaveLength(0);
  });

  it('guest verbs need tools, and a guest that does not stop in time has failed', async () => {
    const without = new FakeServer().on('ShutdownGuest', () => soapFault('ToolsUnavailable'));
    expect((await act(without, 'shut_down_guest')).outcome).toMatchObject({ kind: 'failed', code: 'VSPHERE_TOOLS_UNAVAILABLE' });
    const stuck = new FakeServer()
      .on('ShutdownGuest', () => soapReply('ShutdownGuest'))
      .on('WaitForUpdatesEx', () => soapReply('WaitForUpdatesEx'));
    expect((await act(stuck, 'shut_down_guest', { forMs: 61_000 })).outcome).toMatchObject({
      kind: 'failed',
      code: 'VSPHERE_GUEST_STILL_RUNNING',
    });
  });

  it('does not repeat a guest restart whose answer was lost', async () => {
    const server = new FakeServer().script('RebootGuest', RESET);
    expect((await act(server, 'reboot_guest')).outcome).toMatchObject({ kind: 'unknown', code: 'TRANSPORT_RESET' });
    expect(server.sent('RebootGuest')).toHaveLength(1);
  });

  it('is unknown when the caller gives up after the task was submitted', async () => {
    const controller = new AbortController();
    const server = new FakeServer()
      .on('PowerOnVM_Task', () => soapReply('PowerOnVM_Task', TASK))
      .on('WaitForUpdatesEx', () => {
        controller.abort(new OpsError({ code: 'TEST_DEADLINE', message: 'late' }));
        return new Promise(() => undefined);
      });
    expect((await act(server, 'power_on', { signal: controller.signal })).outcome).toMatchObject({
      kind: 'unknown',
      code: 'TEST_DEADLINE',
    });
    expect(server.sent('RetrievePropertiesEx')).toHaveLength(0);
  });
});

describe('answerQuestion', () => {
  const signal = new AbortController().signal;

  it('sends the choice, once', async () => {
    const server = new FakeServer().on('AnswerVM', () => soapReply('AnswerVM'));
    await makeClient(server).client.machine(toMoid('12')).answerQuestion({ questionId: '4', choiceKey: '2' }, { signal });
    expect(server.sent('AnswerVM')[0]).toContain('<questionId>4</questionId><answerChoice>2</answerChoice>');
    expect(server.requests.at(-1)).toMatchObject({ idempotent: false, priority: 'critical' });
  });

  it('says why when the question is gone', async () => {
    const server = new FakeServer().on('AnswerVM', () => soapFault('InvalidState'));
    await expect(
      makeClient(server).client.machine(toMoid('12')).answerQuestion({ questionId: '4', choiceKey: '2' }, { signal }),
    ).rejects.toMatchObject({
      code: 'VSPHERE_INVALID_STATE',
    });
  });
});
