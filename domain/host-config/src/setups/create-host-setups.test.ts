import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import type { HostSetup } from '@breakwater/contract';
import { isOpsError, ManualClock, OpsError } from '@breakwater/kernel';
import { beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { HostModule } from '../plan/module.ts';
import type { Step } from '../plan/step.ts';
import { createFileStep } from '../resources/file/file-step.ts';
import { MemoryActJournal } from '../testing/memory-act-journal.ts';
import { createSetupBed, type SetupBed, toPublicKey } from '../testing/setup-bed.ts';
import type { HostSetups } from './host-setups.ts';

const ANNA = { actor: 'anna', signal: new AbortController().signal };
const KEY = '-----BEGIN OPENSSH PRIVATE KEY-----\ncanary-7f3a\n-----END OPENSSH PRIVATE KEY-----\n';
const MACHINE = { server_id: 's1', moid: 'vm-1', host: '10.0.0.7', port: 22 };

let clock: ManualClock;
let journal: MemoryActJournal;
let bed: SetupBed;
/** Steps that wait until a test lets them go on, by the machine's file that they write. */
let gate: PromiseWithResolvers<void> | null;
let isAtGate: boolean;
let applied: string[];

/** Writes two files; between them it waits for the gate. */
const twoFiles: HostModule = {
  name: 'two_files',
  description: 'Two files',
  priority: 1,
  dependsOn: [],
  schema: z.strictObject({ text: z.string().default('one') }),
  services: () => [],
  validate: () => [],
  steps(config) {
    const { text } = config as { readonly text: string };
    return [
      counted(createFileStep({ path: '/opt/first', content: `${text}\n` })),
      counted(createFileStep({ path: '/opt/second', content: text })),
    ];
  },
};

function counted(step: Step): Step {
  return {
    ...step,
    async apply(context, change) {
      if (step.id.endsWith('second')) await waitForGate(context.signal);
      applied.push(step.id);
      await step.apply(context, change);
    },
  };
}

async function waitForGate(signal: AbortSignal): Promise<void> {
  if (gate === null) return;
  isAtGate = true;
  await Promise.race([
    gate.promise,
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    }),
  ]);
}

beforeEach(() => {
  clock = new ManualClock();
  journal = new MemoryActJournal(clock);
  bed = createSetupBed({ clock, journal, modules: [twoFiles] });
  gate = null;
  isAtGate = false;
  applied = [];
});

const CONFIG = 'modules: { enabled: [two_files] }';

async function addLogin(setups: HostSetups): Promise<string> {
  return (await setups.logins.add({ name: 'root', user: 'root', private_key: KEY, passphrase: null }, ANNA)).id;
}

const trust = (setups: HostSetups, machine = MACHINE) =>
  setups.keys.trust({ ...machine, fingerprint: bed.door.hostKey.fingerprint, replaces: null }, ANNA);

/** Hashes are made in other threads, so turns of the loop are needed beside those of the clock. */
async function until<T>(look: () => Promise<T | null> | T | null): Promise<T> {
  for (let turn = 0; turn < 5_000; turn++) {
    const found = await look();
    if (found !== null) return found;
    await turnOfTheLoop();
    await clock.advance(10);
  }
  throw new Error('It never happens.');
}

const ended = (setups: HostSetups, id: string): Promise<HostSetup> =>
  until(async () => {
    const setup = await setups.find(id);
    return !setup.actions.includes('cancel') && journal.operations.get(setup.operation_id)?.state !== 'running' ? setup : null;
  });

interface Wish {
  readonly config?: string;
  readonly profile?: string | null;
  readonly moid?: string;
}

async function plan(setups: HostSetups, { config = CONFIG, moid = 'vm-1', profile = null }: Wish = {}): Promise<HostSetup> {
  const machine = { ...MACHINE, moid };
  const [login] = await setups.logins.list();
  const login_id = login?.id ?? (await addLogin(setups));
  await trust(setups, machine);
  const begun = await setups.plan({ ...machine, login_id, profile, config, boot_wait_seconds: 0 }, ANNA);
  expect(begun).toMatchObject({ state: 'planning', actions: ['cancel'] });
  return await ended(setups, begun.id);
}

const toApply = ({ plan_hash: hash }: HostSetup) => ({ plan_hash: hash ?? '', accept_dangers: false, keep_going: false });

async function untilGate(setups: HostSetups, setup: HostSetup): Promise<void> {
  gate = Promise.withResolvers();
  await setups.apply(setup.id, toApply(setup), ANNA);
  await until(() => (isAtGate ? true : null));
}

const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  const error: unknown = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return isOpsError(error) ? error.code : String(error);
};

describe('setting up a machine', () => {
  test('plans, applies, finds nothing more to do, and takes everything back', async () => {
    const { setups } = bed;
    const before = bed.debian.host.snapshot();
    const planned = await plan(setups);
    expect(planned).toMatchObject({ state: 'planned', actions: ['apply'], counts: { changes: 2, unchanged: 0, problems: 0 } });
    expect(planned.plan?.modules[0]?.steps[0]?.outcome).toMatchObject({
      kind: 'change',
      details: [{ kind: 'file', diff: expect.stringContaining('+one') }],
    });
    expect(bed.debian.host.snapshot()).toEqual(before);
    await setups.apply(planned.id, toApply(planned), ANNA);
    const done = await ended(setups, planned.id);
    expect(done).toMatchObject({ state: 'succeeded', actions: ['roll_back'], steps: [{ result: 'changed' }, { result: 'changed' }] });
    expect(bed.debian.host.text('/opt/first')).toBe('one\n');
    expect(await plan(setups)).toMatchObject({ state: 'planned', actions: [], counts: { changes: 0 } });
    await setups.rollBack(done.id, { when_changed: 'refuse' }, ANNA);
    expect(await ended(setups, done.id)).toMatchObject({ state: 'rolled_back', actions: [], error: null });
    expect(bed.debian.host.snapshot()).toEqual(before);
  });

  test('is an operation of the journal, with who, which machine, and how far it is', async () => {
    const { setups } = bed;
    const planned = await plan(setups);
    await untilGate(setups, planned);
    const operation = journal.operations.get((await setups.find(planned.id)).operation_id);
    expect(operation).toMatchObject({
      kind: 'host.apply',
      actor: 'anna',
      server_id: 's1',
      moid: 'vm-1',
      machine_name: 'machine vm-1',
      state: 'running',
      progress_percent: 50,
      details: { setup_id: planned.id, phase: 'working', steps_done: 1, steps_total: 2, module: 'two_files', step: expect.any(String) },
    });
    gate?.resolve();
    const { operation_id: id } = await ended(setups, planned.id);
    expect(journal.operations.get(id)).toMatchObject({ state: 'succeeded', details: { phase: 'over', steps_done: 2 } });
  });

  test('a host that has moved on since the plan is left alone', async () => {
    const { setups } = bed;
    const planned = await plan(setups);
    bed.debian.host.put('/opt/first', 'somebody else\n');
    await setups.apply(planned.id, toApply(planned), ANNA);
    expect(await ended(setups, planned.id)).toMatchObject({ state: 'plan_failed', error_code: 'HOST_PREFLIGHT_PLAN_MOVED', run_id: null });
    expect(bed.debian.host.text('/opt/first')).toBe('somebody else\n');
    expect(await codeOf(setups.apply(planned.id, toApply(planned), ANNA))).toBe('HOST_SETUP_STATE');
  });

  test('another plan than the one that was seen is refused at once', async () => {
    const planned = await plan(bed.setups);
    expect(await codeOf(bed.setups.apply(planned.id, { ...toApply(planned), plan_hash: 'other' }, ANNA))).toBe('HOST_PREFLIGHT_PLAN_MOVED');
  });

  test('a profile is planned with the text over it', async () => {
    const planned = await plan(bed.setups, { profile: 'minimal', config: 'modules: { system_base: { hostname: web-1 } }' });
    expect(planned.error).toBe(null);
    expect(planned.plan?.modules.map(({ name }) => name)).toEqual(expect.arrayContaining(['system_base', 'time_sync', 'users_ssh']));
    expect(JSON.stringify(planned.plan)).toContain('web-1');
  });

  test.each([
    ['modules: { enabled: [two_file] }', 'HOST_MODULE_UNKNOWN'],
    ['modules: { enabled: [two_files], two_files: { txt: 1 } }', 'HOST_CONFIG_INVALID'],
    ['plugins: [/tmp/evil.ts]', 'HOST_SETUP_PLUGINS'],
    ['', 'HOST_CONFIG_EMPTY'],
    ['a: [', 'HOST_CONFIG_INVALID'],
  ])('the text %j is refused before the machine is asked', async (config, code) => {
    const login_id = await addLogin(bed.setups);
    await trust(bed.setups);
    const wish = { ...MACHINE, login_id, profile: null, config, boot_wait_seconds: 0 };
    expect(await codeOf(bed.setups.plan(wish, ANNA))).toBe(code);
    expect(bed.door.opened).toEqual([]);
  });

  test('one machine is worked on once at a time, and two over all', async () => {
    const { setups } = bed;
    const [first, second, third] = [await plan(setups), await plan(setups, { moid: 'vm-2' }), await plan(setups, { moid: 'vm-3' })];
    await untilGate(setups, first);
    expect(
      await codeOf(setups.plan({ ...MACHINE, login_id: first.login_id, profile: null, config: CONFIG, boot_wait_seconds: 0 }, ANNA)),
    ).toBe('HOST_SETUP_BUSY');
    const stateOf = async ({ id }: HostSetup) => journal.operations.get((await setups.find(id)).operation_id)?.state;
    await setups.apply(second.id, toApply(second), ANNA);
    await setups.apply(third.id, toApply(third), ANNA);
    await clock.advance(100);
    expect(await stateOf(third)).toBe('queued');
    await setups.cancel(third.id, ANNA);
    expect(await ended(setups, third.id)).toMatchObject({
      state: 'planned',
      error_code: 'HOST_SETUP_CANCELED',
      error: 'Canceled by anna.',
    });
    expect(await stateOf(third)).toBe('canceled');
    gate?.resolve();
    expect(await ended(setups, first.id)).toMatchObject({ state: 'succeeded' });
  });

  test('what is canceled in the middle says so, and can be gone on with or taken back', async () => {
    const { setups } = bed;
    const before = bed.debian.host.snapshot();
    const planned = await plan(setups);
    await untilGate(setups, planned);
    await setups.cancel(planned.id, { actor: 'boris' });
    const canceled = await ended(setups, planned.id);
    expect(canceled).toMatchObject({ state: 'canceled', error: 'Canceled by boris.', actions: ['resume', 'roll_back'] });
    expect(journal.operations.get(canceled.operation_id)?.state).toBe('canceled');
    await setups.rollBack(planned.id, { when_changed: 'refuse' }, ANNA);
    expect(await ended(setups, planned.id)).toMatchObject({ state: 'rolled_back' });
    expect(bed.debian.host.snapshot()).toEqual(before);
  });

  test('after a crash it is interrupted with what was done, and a resumed run does no step twice', async () => {
    const planned = await plan(bed.setups);
    await untilGate(bed.setups, planned);
    bed.runs.letGo();
    const later = bed.restart();
    await later.start();
    const left = await later.find(planned.id);
    expect(left).toMatchObject({
      state: 'interrupted',
      error_code: 'HOST_SETUP_INTERRUPTED',
      actions: ['resume', 'roll_back'],
      run_id: 'run-1',
    });
    expect(left.steps).toMatchObject([{ result: 'changed', title: expect.any(String) }]);
    expect(journal.operations.get(left.operation_id)).toMatchObject({ state: 'unknown', error_code: 'HOST_SETUP_INTERRUPTED' });
    gate = null;
    await later.resume(planned.id, ANNA);
    expect(await ended(later, planned.id)).toMatchObject({ state: 'succeeded', steps: [{ result: 'unchanged' }, { result: 'changed' }] });
    expect(applied.filter((id) => id.endsWith('first'))).toHaveLength(1);
  });

  test('a resumed run waits for commands that the interrupted one has left running', async () => {
    const planned = await plan(bed.setups);
    await untilGate(bed.setups, planned);
    await bed.setups.cancel(planned.id, ANNA);
    await ended(bed.setups, planned.id);
    gate = null;
    bed.door.leftOvers = 1;
    await bed.setups.resume(planned.id, ANNA);
    const { operation_id: id } = await bed.setups.find(planned.id);
    await until(() => (JSON.stringify(journal.operations.get(id)?.details).includes('before the interruption') ? true : null));
    const opened = bed.debian.host.commands.length;
    for (let turn = 0; turn < 200; turn++) {
      await turnOfTheLoop();
      await clock.advance(100);
    }
    expect([bed.debian.host.commands.length, bed.debian.host.text('/opt/second')]).toEqual([opened, null]);
    bed.door.leftOvers = 0;
    expect(await ended(bed.setups, planned.id)).toMatchObject({ state: 'succeeded' });
  });

  test('a plan that a crash has cut short is no plan', async () => {
    const { setups } = bed;
    const login_id = await addLogin(setups);
    await trust(setups);
    const begun = await setups.plan({ ...MACHINE, login_id, profile: null, config: CONFIG, boot_wait_seconds: 0 }, ANNA);
    const later = bed.restart();
    await later.start();
    expect(await later.find(begun.id)).toMatchObject({ state: 'plan_failed', error_code: 'HOST_SETUP_INTERRUPTED', actions: [] });
  });

  test('a stop of the portal interrupts in order', async () => {
    const planned = await plan(bed.setups);
    await untilGate(bed.setups, planned);
    await bed.setups.stop();
    expect(await bed.setups.find(planned.id)).toMatchObject({
      state: 'interrupted',
      error_code: 'HOST_SETUP_STOPPED',
      actions: ['resume', 'roll_back'],
    });
    expect(await codeOf(bed.setups.resume(planned.id, ANNA))).toBe('HOST_SETUP_STOPPED');
  });

  test('a machine that is off fails the plan with what is wrong', async () => {
    const { setups } = bed;
    const login_id = await addLogin(setups);
    await trust(setups);
    bed.door.trouble = new OpsError({ code: 'HOST_SSH_UNREACHABLE', message: 'The host does not answer.' });
    const begun = await setups.plan({ ...MACHINE, login_id, profile: null, config: CONFIG, boot_wait_seconds: 0 }, ANNA);
    expect(await ended(setups, begun.id)).toMatchObject({ state: 'plan_failed', error_code: 'HOST_SSH_UNREACHABLE' });
  });

  test('a machine that is starting is waited for as long as was said', async () => {
    const { setups } = bed;
    const login_id = await addLogin(setups);
    await trust(setups);
    bed.debian.host.addScript(({ argv }) => (argv[0] === 'cloud-init' ? { exitCode: 2 } : undefined));
    bed.door.trouble = new OpsError({ code: 'HOST_SSH_UNREACHABLE', message: 'The host does not answer.' });
    const begun = await setups.plan({ ...MACHINE, login_id, profile: null, config: CONFIG, boot_wait_seconds: 60 }, ANNA);
    await clock.advance(20_000);
    bed.door.trouble = null;
    await clock.advance(10_000);
    expect(await ended(setups, begun.id)).toMatchObject({ state: 'planned' });
    expect(bed.debian.host.commands).toContainEqual(['cloud-init', 'status', '--wait']);
  });
});

describe('keys of hosts', () => {
  test('nothing is planned before a person has confirmed the key', async () => {
    const login_id = await addLogin(bed.setups);
    expect(await bed.setups.keys.lookUp(MACHINE, ANNA)).toMatchObject({ status: 'new', trusted: null });
    expect(await codeOf(bed.setups.plan({ ...MACHINE, login_id, profile: null, config: CONFIG, boot_wait_seconds: 0 }, ANNA))).toBe(
      'HOST_KEY_UNCONFIRMED',
    );
  });

  test('a changed key blocks until it is confirmed by name', async () => {
    const { door, setups } = bed;
    const planned = await plan(setups);
    const old = door.hostKey.fingerprint;
    door.hostKey = toPublicKey('B');
    await setups.apply(planned.id, toApply(planned), ANNA);
    expect(await ended(setups, planned.id)).toMatchObject({ state: 'planned', error_code: 'HOST_KEY_CHANGED', actions: ['apply'] });
    expect(applied).toEqual([]);
    const seen = await setups.keys.lookUp(MACHINE, ANNA);
    expect(seen).toMatchObject({ status: 'changed', trusted: { fingerprint: old, by: 'anna' } });
    expect(await codeOf(trust(setups))).toBe('HOST_KEY_CHANGED');
    await setups.keys.trust({ ...MACHINE, fingerprint: seen.fingerprint, replaces: old }, ANNA);
    await setups.apply(planned.id, toApply(planned), ANNA);
    expect(await ended(setups, planned.id)).toMatchObject({ state: 'succeeded' });
  });

  test('only the key that answers now can be confirmed', async () => {
    const other = { ...MACHINE, fingerprint: toPublicKey('C').fingerprint, replaces: null };
    expect(await codeOf(bed.setups.keys.trust(other, ANNA))).toBe('HOST_KEY_OTHER');
  });

  test('each confirmation is in the journal', async () => {
    await trust(bed.setups);
    expect([...journal.operations.values()]).toMatchObject([
      { kind: 'host.trust_key', actor: 'anna', moid: 'vm-1', state: 'succeeded', details: { fingerprint: bed.door.hostKey.fingerprint } },
    ]);
  });
});

describe('logins', () => {
  test('a key goes in, is used, and is shown to nobody', async () => {
    const id = await addLogin(bed.setups);
    await plan(bed.setups);
    expect(bed.door.opened[0]?.privateKey.reveal()).toBe(KEY);
    const told = JSON.stringify([await bed.setups.logins.list(), [...journal.operations.values()], await bed.setups.list({ limit: 9 })]);
    expect(told).toContain(id);
    expect(told).not.toContain('canary-7f3a');
  });

  test('a name is given once, and a locked key needs its passphrase', async () => {
    const { logins } = bed.setups;
    await addLogin(bed.setups);
    expect(await codeOf(addLogin(bed.setups))).toBe('HOST_LOGIN_NAME_TAKEN');
    const locked = { name: 'other', user: 'admin', private_key: `ENCRYPTED ${KEY}`, passphrase: null };
    expect(await codeOf(logins.add(locked, ANNA))).toBe('HOST_LOGIN_PASSPHRASE');
    expect(await logins.add({ ...locked, passphrase: 'open sesame' }, ANNA)).toMatchObject({ name: 'other' });
  });

  test('a set-up whose login is gone says so', async () => {
    const planned = await plan(bed.setups);
    await bed.setups.logins.remove(planned.login_id, ANNA);
    await bed.setups.apply(planned.id, toApply(planned), ANNA);
    expect(await ended(bed.setups, planned.id)).toMatchObject({ state: 'planned', error_code: 'HOST_LOGIN_UNKNOWN' });
  });
});
