import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BundleManifest } from '@breakwater/host-config';
import { createBundleDoor } from '@breakwater/local-host';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type BedFolder, createBedFolder } from '../bed/host/bed-folder.ts';
import { runTool } from '../bed/host/run-tool.ts';

const door = createBundleDoor();
const signal = new AbortController().signal;
const content = Buffer.from('a program\n'.repeat(200));
const sha256 = createHash('sha256').update(content).digest('hex');

const MANIFEST: BundleManifest = {
  format: 'vps-configurator-bundle',
  version: 1,
  createdAt: '2026-01-01T00:00:00.000Z',
  target: { osId: 'debian', osVersion: '12', osCodename: 'bookworm', architecture: 'amd64' },
  asked: { profile: null, modules: ['downloads'], planHash: 'x' },
  packages: [],
  lists: [],
  downloads: [{ urls: ['https://example.org/tool'], wanted: sha256, sha256, sizeBytes: content.length }],
  checkouts: [],
  missing: [],
};

let folder: BedFolder;
let path = '';
beforeEach(() => {
  folder = createBedFolder('pack');
  path = join(folder.path, 'x.bundle');
});
afterEach(() => folder.remove());

const open = () => door.open(path, { folder: join(folder.path, 'open'), sha256: null, signal });

async function write(): Promise<void> {
  const draft = await door.begin(path);
  await draft.add(content);
  await draft.finish(MANIFEST, { signal });
  await draft.close();
}

/** A bundle as somebody else's tar makes it. */
function forge(
  options: { readonly manifest?: unknown; readonly more?: (work: string) => void; readonly args?: readonly string[] } = {},
): void {
  const work = join(folder.path, 'work');
  runTool(['mkdir', '-p', join(work, 'blobs')]);
  writeFileSync(join(work, 'manifest.json'), JSON.stringify(options.manifest ?? MANIFEST));
  writeFileSync(join(work, 'blobs', sha256), content);
  options.more?.(work);
  runTool(['tar', '-C', work, '-cPf', path, 'manifest.json', ...(options.args ?? []), `blobs/${sha256}`]);
}

test('what is packed is found again by its hash, is for its owner only, and goes when the bundle is closed', async () => {
  await write();
  expect(readdirSync(folder.path)).toEqual(['x.bundle']);
  expect(await door.readManifest(path, { signal })).toEqual(MANIFEST);
  const opened = await open();
  expect(opened.manifest).toEqual(MANIFEST);
  expect(readFileSync(opened.pathOf(sha256)).equals(content)).toBe(true);
  await opened.close();
  expect(readdirSync(join(folder.path, 'open'))).toEqual([]);
  await expect(door.begin(path)).rejects.toMatchObject({ code: 'HOST_USAGE_FILE' });
});

test('a bundle of another tar is one as well', async () => {
  forge();
  const opened = await open();
  expect(opened.manifest).toEqual(MANIFEST);
  await opened.close();
});

const outside = (): string => join(folder.path, 'outside');

test.each<[what: string, code: string, forgery: Parameters<typeof forge>[0]]>([
  ['a name that leads out', 'HOST_PREFLIGHT_BUNDLE_REFUSED', { args: ['--transform=s,^extra$,../../outside,', 'extra'] }],
  ['an absolute name', 'HOST_PREFLIGHT_BUNDLE_REFUSED', { args: ['--transform=s,^extra$,/tmp/outside,', 'extra'] }],
  ['a name that is not listed', 'HOST_PREFLIGHT_BUNDLE_REFUSED', { args: ['extra'] }],
  ['a symbolic link', 'HOST_PREFLIGHT_BUNDLE_REFUSED', { args: ['link'] }],
  ['a folder', 'HOST_PREFLIGHT_BUNDLE_REFUSED', { args: ['--no-recursion', 'blobs'] }],
  [
    'the same file twice',
    'HOST_PREFLIGHT_BUNDLE_REFUSED',
    { args: [`blobs/${sha256}`, '--hard-dereference', `./blobs/${sha256}`, `--transform=s,^./,,`] },
  ],
  [
    'more than it can hold',
    'HOST_PREFLIGHT_BUNDLE_DAMAGED',
    { manifest: { ...MANIFEST, downloads: [{ ...MANIFEST.downloads[0], sizeBytes: 2 ** 50 }] } },
  ],
  ['another size', 'HOST_PREFLIGHT_BUNDLE_DAMAGED', { manifest: { ...MANIFEST, downloads: [{ ...MANIFEST.downloads[0], sizeBytes: 5 }] } }],
  [
    'a file that is missing',
    'HOST_PREFLIGHT_BUNDLE_DAMAGED',
    { manifest: { ...MANIFEST, downloads: [...MANIFEST.downloads, { ...MANIFEST.downloads[0], sha256: 'a'.repeat(64), sizeBytes: 1 }] } },
  ],
  ['a newer version', 'HOST_USAGE_BUNDLE', { manifest: { ...MANIFEST, version: 2 } }],
  ['an unknown key', 'HOST_USAGE_BUNDLE', { manifest: { ...MANIFEST, more: 1 } }],
  [
    'a hash that is a path',
    'HOST_USAGE_BUNDLE',
    { manifest: { ...MANIFEST, downloads: [{ ...MANIFEST.downloads[0], sha256: '../../../etc/passwd' }] } },
  ],
])('%s is refused, and nothing of it is left', async (_what, code, forgery) => {
  forge({
    ...forgery,
    more: (work) => {
      writeFileSync(join(work, 'extra'), 'x');
      runTool(['ln', '-s', '/etc/passwd', join(work, 'link')]);
    },
  });
  await expect(open()).rejects.toMatchObject({ code });
  expect(readdirSync(join(folder.path, 'open'))).toEqual([]);
  expect(existsSync(outside())).toBe(false);
});

test('a bundle that is cut off anywhere, or changed by one byte, is damaged', async () => {
  await write();
  const whole = readFileSync(path);
  for (const length of [whole.length - 1_500, 1_600, 700, 100]) {
    writeFileSync(path, whole);
    truncateSync(path, length);
    await expect(open(), `${length}`).rejects.toMatchObject({
      code: expect.stringMatching(/^HOST_(?:PREFLIGHT_BUNDLE_DAMAGED|USAGE_BUNDLE)$/),
    });
  }
  const copy = Buffer.from(whole);
  const place = whole.lastIndexOf('a program');
  copy[place] = (copy[place] ?? 0) ^ 1;
  writeFileSync(path, copy);
  await expect(open()).rejects.toMatchObject({ code: 'HOST_PREFLIGHT_BUNDLE_DAMAGED' });
  writeFileSync(path, whole);
  await expect(door.open(path, { folder: join(folder.path, 'open'), sha256: 'b'.repeat(64), signal })).rejects.toMatchObject({
    code: 'HOST_PREFLIGHT_BUNDLE_DAMAGED',
  });
});

test('what is no tar, or not there, is said to be so', async () => {
  writeFileSync(path, 'x'.repeat(5_000));
  await expect(open()).rejects.toMatchObject({ code: expect.stringMatching(/^HOST_(?:PREFLIGHT_BUNDLE_DAMAGED|USAGE_BUNDLE)$/) });
  writeFileSync(path, '');
  await expect(open()).rejects.toMatchObject({ code: expect.stringMatching(/^HOST_(?:PREFLIGHT_BUNDLE_DAMAGED|USAGE_BUNDLE)$/) });
  path = join(folder.path, 'nothing');
  await expect(open()).rejects.toMatchObject({ code: 'HOST_USAGE_FILE' });
});
