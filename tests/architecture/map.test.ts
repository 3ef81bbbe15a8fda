import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

const FLOORS = ['foundation', 'devices', 'simulators', 'domain', 'adapters', 'apps'];

/** The whole map: who may import whom, type-only imports included. Third-party packages with a single home are below. */
const MAP: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  contract: ['kernel'],
  resilience: ['kernel'],
  transport: ['kernel', 'resilience'],
  vsphere: ['kernel', 'transport'],
  'sim-vsphere': ['kernel', 'vsphere'],
  fleet: ['kernel', 'contract', 'resilience'],
  access: ['kernel', 'contract'],
  'host-config': ['kernel', 'contract', 'resilience', 'fleet'],
  'vsphere-fleet': ['kernel', 'contract', 'resilience', 'transport', 'fleet', 'vsphere'],
  storage: ['kernel', 'contract', 'resilience', 'fleet', 'access', 'host-config'],
  images: ['kernel', 'contract', 'fleet'],
  coordination: ['kernel', 'resilience'],
  'local-host': ['kernel', 'transport', 'host-config'],
  ssh: ['kernel', 'host-config'],
  web: ['kernel', 'contract'],
  portal: ['kernel', 'contract', 'resilience', 'transport', 'fleet', 'access', 'host-config', 'vsphere-fleet', 'storage', 'images'],
  'host-config-cli': ['kernel', 'resilience', 'host-config', 'local-host', 'ssh', 'storage'],
  breakwater: [
    'host-config-cli',
    'kernel',
    'contract',
    'resilience',
    'transport',
    'fleet',
    'access',
    'host-config',
    'local-host',
    'ssh',
    'vsphere',
    'vsphere-fleet',
    'storage',
    'images',
    'coordination',
    'sim-vsphere',
    'portal',
  ],
};

const SINGLE_HOMES: Readonly<Record<string, readonly string[]>> = {
  undici: ['transport'],
  ws: ['transport'],
  kysely: ['storage'],
  ioredis: ['coordination'],
  pg: ['storage'],
  fastify: ['portal'],
};

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const readManifest = (folder: string): Manifest => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest;
const shortName = (name: string): string => name.replace('@breakwater/', '');
const workspaces = FLOORS.flatMap((floor) => readdirSync(join(root, floor)).map((name) => `${floor}/${name}`)).filter((folder) =>
  existsSync(join(root, folder, 'package.json')),
);

/** `src/testing` holds what only tests use, so it may stand on what only tests may. */
function listSources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.tsx?$/.test(path) && !/\.test\.tsx?$/.test(path) && !path.includes('node_modules') && !path.startsWith('testing/'))
    .map((path) => join(folder, path));
}

function importsOf(source: string): string[] {
  return [...source.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map((match) => match[1] ?? '');
}

test('every workspace is on the map, and the map names no package that is gone', () => {
  expect(workspaces.map((folder) => shortName(readManifest(folder).name)).toSorted()).toEqual(Object.keys(MAP).toSorted());
});

/** What a package declares and the map does not allow. */
function findForbiddenDependencies({ name, dependencies = {} }: Manifest): readonly string[] {
  const allowed = MAP[shortName(name)] ?? [];
  return Object.keys(dependencies)
    .filter((dependency) => dependency.startsWith('@breakwater/'))
    .map(shortName)
    .filter((dependency) => !allowed.includes(dependency));
}

/** What a source imports and the map does not allow its package. */
function findForbiddenImports(name: string, source: string): readonly string[] {
  const allowed = MAP[shortName(name)] ?? [];
  return importsOf(source)
    .filter((specifier) => specifier.startsWith('@breakwater/'))
    .filter((specifier) => !allowed.includes(specifier.split('/')[1] ?? ''));
}

test.each(workspaces)('%s declares only what the map allows', (folder) => {
  expect(findForbiddenDependencies(readManifest(folder))).toEqual([]);
});

test.each(workspaces)('%s imports only what the map allows', (folder) => {
  const { name } = readManifest(folder);
  const offences = listSources(`${folder}/src`).flatMap((file) =>
    findForbiddenImports(name, readFileSync(join(root, file), 'utf8')).map((specifier) => `${file}: ${specifier}`),
  );
  expect(offences).toEqual([]);
});

// The canary of this gate: an upward edge, a sideways edge, and an unknown package, declared and imported, as value and as type.
test('the map refuses what it must refuse', () => {
  expect(findForbiddenDependencies({ name: '@breakwater/kernel', dependencies: { '@breakwater/contract': '0.1.0' } })).toEqual([
    'contract',
  ]);
  expect(findForbiddenDependencies({ name: '@breakwater/fleet', dependencies: { '@breakwater/access': '0.1.0', zod: '4' } })).toEqual([
    'access',
  ]);
  expect(findForbiddenDependencies({ name: '@breakwater/stranger', dependencies: { '@breakwater/kernel': '0.1.0' } })).toEqual(['kernel']);
  expect(findForbiddenImports('@breakwater/vsphere', "import type { Fleet } from '@breakwater/fleet';")).toEqual(['@breakwater/fleet']);
  expect(findForbiddenImports('@breakwater/web', "const x = await import('@breakwater/transport/deep');")).toEqual([
    '@breakwater/transport/deep',
  ]);
  expect(findForbiddenImports('@breakwater/portal', "export { OpsError } from '@breakwater/kernel';")).toEqual([]);
});

test('libraries with a single home are imported nowhere else', () => {
  const offences = workspaces.flatMap((folder) => {
    const name = shortName(readManifest(folder).name);
    return listSources(`${folder}/src`).flatMap((file) =>
      importsOf(readFileSync(join(root, file), 'utf8'))
        .filter((specifier) => SINGLE_HOMES[specifier]?.includes(name) === false)
        .map((specifier) => `${file}: ${specifier}`),
    );
  });
  expect(offences).toEqual([]);
});

test('the simulator shares the schema of the client and not its codec', () => {
  const offences = listSources('simulators/vsphere/src').filter((file) =>
    importsOf(readFileSync(join(root, file), 'utf8')).some(
      (specifier) => specifier.startsWith('@breakwater/vsphere') && specifier !== '@breakwater/vsphere/schema',
    ),
  );
  expect(offences).toEqual([]);
});

test('the rooms of the vSphere client import only downwards', () => {
  const order = ['schema', 'wire', 'session', 'properties', 'objects'];
  const offences = order.flatMap((room, index) =>
    (existsSync(join(root, 'devices/vsphere/src', room)) ? listSources(`devices/vsphere/src/${room}`) : []).flatMap((file) =>
      importsOf(readFileSync(join(root, file), 'utf8'))
        .filter((specifier) => order.slice(index + 1).some((upper) => specifier.includes(`../${upper}/`)))
        .map((specifier) => `${file}: ${specifier}`),
    ),
  );
  expect(offences).toEqual([]);
});

test('the drawing names every workspace, and every path it names exists', () => {
  const drawing = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  for (const folder of workspaces) expect(drawing, folder).toContain(folder.split('/')[1]);
  const named = [...drawing.matchAll(/`((?:foundation|devices|simulators|domain|adapters|apps|tests|docs|tools)\/[\w./-]+)`/g)].map(
    (match) => match[1] ?? '',
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
