import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  applyPlan,
  createCommandStep,
  createDirectoryStep,
  createFileBlockStep,
  createFileStep,
  createLinkStep,
  createNetworkOperations,
  type HostEventListener,
  type HostExecutor,
  makePlan,
  type Plan,
  type PlannableModule,
  type RunReport,
  readHostFacts,
  rollBack,
  type Step,
  type StepContext,
} from '@breakwater/host-config';
import { MemoryRun } from '@breakwater/host-config/testing';
import { systemClock } from '@breakwater/kernel';
import { createDownloadDoor, createLocalExecutor } from '@breakwater/local-host';
import { createSshExecutor } from '@breakwater/ssh';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type BedFolder, createBedFolder } from '../bed/host/bed-folder.ts';
import { type SshServer, startSshServer } from '../bed/host/ssh-server.ts';
import { startTcpRelay } from '../bed/host/tcp-relay.ts';
import { readTree } from '../bench/support/read-tree.ts';

let sshd: SshServer;
let bed: BedFolder;
let place: string;

beforeAll(async () => {
  sshd = await startSshServer();
  bed = createBedFolder('parity');
  place = join(bed.path, 'host');
});

afterAll(async () => {
  await sshd.stop();
  bed.remove();
});

beforeEach(() => {
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place);
});

const never = new AbortController().signal;

function openFar(port: number): Promise<HostExecutor> {
  const { keyPath, knownHostsPath, user } = sshd;
  const hostKeyAlias = `[127.0.0.1]:${sshd.port}`;
  // The same name near and far: a plan is for one host.
  return createSshExecutor({ host: '127.0.0.1', hostId: 'local', port, user, keyPath, knownHostsPath, hostKeyAlias, privilege: 'login' });
}

/** Ten steps of every kind that needs nothing but a folder. Each command leaves a line for each time that it ran. */
function createModule(): PlannableModule {
  const attributes = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const command = (id: string): Step =>
    createCommandStep({
      id,
      title: `Run ${id}`,
      argv: ['sh', '-c', `echo ran >>${place}/${id}.log; echo done >${place}/${id}`],
      creates: `${place}/${id}`,
      undo: { argv: ['rm', '-f', '--', `${place}/${id}`, `${place}/${id}.log`], title: `Take ${id} back` },
    });
  const steps = [
    createDirectoryStep({ path: `${place}/folder`, attributes: { ...attributes, mode: 0o750 } }),
    createFileStep({ path: `${place}/folder/it's $1`, content: 'one\ntwo\n', attributes: { ...attributes, mode: 0o640 } }),
    command('first'),
    createFileStep({ path: `${place}/block`, content: '# mine\n', attributes }),
    createFileBlockStep({ path: `${place}/block`, name: 'bed', lines: ['inside'], attributes }),
    createLinkStep({ path: `${place}/link`, target: 'folder/nowhere' }),
    command('second'),
    createFileStep({ path: `${place}/large`, content: 'x'.repeat(300_000), attributes }),
    command('third'),
    createFileStep({ path: `${place}/script`, content: '#!/bin/sh\n', attributes: { ...attributes, mode: 0o755 } }),
  ];
  const rest = { priority: 1, dependsOn: [], isMandatory: false, isExclusive: false, services: [], findings: [] };
  return { name: 'parity', description: 'One folder', ...rest, steps };
}

const toContext = (host: HostExecutor): StepContext => ({
  host,
  network: createNetworkOperations({ host, downloads: createDownloadDoor(), cacheFolder: join(bed.path, 'cache') }),
  signal: never,
  progress: () => undefined,
});

async function plan(host: HostExecutor): Promise<Plan> {
  // The port of the session is a fact that differs rightly: one of the two has none.
  const facts = { ...(await readHostFacts(host, { signal: never })), sshPort: null };
  return await makePlan({ modules: [createModule()], notes: [], facts, profile: null, context: toContext(host) });
}

async function apply(host: HostExecutor, run: MemoryRun, onEvent: HostEventListener = () => undefined): Promise<RunReport> {
  return await applyPlan({
    modules: [createModule()],
    run,
    clock: systemClock,
    context: toContext(host),
    maxWorkers: 1,
    keepsGoing: false,
    onEvent,
  });
}

const takeBack = (host: HostExecutor, run: MemoryRun) =>
  rollBack({ run, clock: systemClock, context: toContext(host), whenChanged: 'refuse', onEvent: () => undefined });

const look = () => Object.fromEntries(readTree(place));

test('near and far there is one plan, one result and one way back', async () => {
  const near = createLocalExecutor();
  const far = await openFar(sshd.port);
  try {
    const seen: Record<'near' | 'far', unknown[]> = { near: [], far: [] };
    for (const [name, host] of [
      ['near', near],
      ['far', far],
    ] as const) {
      const before = await plan(host);
      const run = new MemoryRun();
      const report = await apply(host, run);
      const tree = look();
      const after = await plan(host);
      const { failed } = await takeBack(host, run);
      seen[name].push(
        before.hash,
        report.steps.map(({ result }) => result.kind),
        tree,
        after.hash,
        failed,
        look(),
      );
    }
    expect(seen.far).toEqual(seen.near);
    const [, results, tree, , failed, left] = seen.near;
    expect(results).toEqual(Array.from({ length: 10 }, () => 'changed'));
    expect(Object.keys(tree as object)).toHaveLength(12);
    expect([failed, left]).toEqual([[], {}]);
  } finally {
    await far.close();
  }
});

test('a run whose link is cut in each of its ten steps does every step once and comes to its end', async () => {
  const near = await apply(createLocalExecutor(), new MemoryRun());
  const wanted = look();
  rmSync(place, { recursive: true });
  mkdirSync(place);
  const relay = await startTcpRelay({ port: sshd.port });
  const host = await openFar(relay.port);
  try {
    let cuts = 0;
    const report = await apply(host, new MemoryRun(), (event) => {
      // Somewhere in the answers of the step that begins now.
      if (event.kind === 'step.started') relay.cutAfter(cuts++ * 23);
    });
    expect(report.steps.map(({ result, stepId }) => [stepId, result.kind])).toEqual(
      near.steps.map(({ result, stepId }) => [stepId, result.kind]),
    );
    expect(cuts).toBe(10);
    expect(relay.accepted()).toBeGreaterThanOrEqual(10);
    expect(look()).toEqual(wanted);
    for (const id of ['first', 'second', 'third']) expect(readFileSync(`${place}/${id}.log`, 'utf8')).toBe('ran\n');
  } finally {
    await host.close();
    await relay.stop();
  }
});
