import { describe, expect, test } from 'vitest';
import { createStepBed } from '../../testing/step-bed.ts';
import { hashBytes, MAX_KEPT_BYTES } from '../file/saved-file.ts';
import { createArchiveStep } from './archive-step.ts';
import { createCheckoutStep } from './checkout-step.ts';
import { createDownloadStep } from './download-step.ts';
import { toServiceOfUrl } from './service-of-url.ts';

const URL = 'https://example.org/tool';
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const leftovers = (tree: Readonly<Record<string, string>>): readonly string[] =>
  Object.keys(tree).filter((path) => path.includes('vpscfg'));

describe('a download', () => {
  const order = async (text: string, more: { readonly path?: string } = {}) =>
    createDownloadStep({
      urls: [URL],
      path: '/usr/local/bin/tool',
      sha256: await hashBytes(bytesOf(text)),
      attributes: { mode: 0o755 },
      service: 's',
      ...more,
    });

  test('comes once, with its mode, and goes', async () => {
    const bed = createStepBed();
    const before = bed.snapshot();
    bed.network.web.files.set(URL, bytesOf('v1'));
    const records = await bed.apply(await order('v1'));
    expect(await bed.host.files.stat('/usr/local/bin/tool')).toMatchObject({ mode: 0o755 });
    expect(await bed.plan(await order('v1'))).toBeNull();
    expect(bed.network.requests).toHaveLength(1);
    expect(leftovers(bed.snapshot())).toEqual([]);
    await bed.undo(records);
    expect(bed.snapshot()).toEqual(before);
  });

  test('with another hash never comes, and what was there stays', async () => {
    const bed = createStepBed({ files: { '/usr/local/bin/tool': 'old' } });
    const before = bed.snapshot();
    bed.network.web.files.set(URL, bytesOf('evil'));
    await expect(bed.apply(await order('v1'))).rejects.toMatchObject({ details: { failureClass: 'security' } });
    expect(bed.snapshot()).toEqual(before);
  });

  test('is checked here too, if the network layer should not have', async () => {
    const bed = createStepBed();
    bed.network.downloadWithRetry = async ({ dest }) => {
      await bed.host.files.write(dest, bytesOf('evil'), { mode: 0o644, uid: 0, gid: 0 });
      return { ok: true, value: { path: dest, sha256: '', sizeBytes: 4, transferredBytes: 4, fromCache: false }, attempts: 1, waitedMs: 0 };
    };
    const before = bed.snapshot();
    await expect(bed.apply(await order('v1'))).rejects.toMatchObject({ code: 'HOST_DOWNLOAD_HASH' });
    expect(bed.snapshot()).toEqual(before);
  });

  test('replaces an older one, which comes back with its mode', async () => {
    const bed = createStepBed({ files: { '/usr/local/bin/tool': 'v0' } });
    const before = bed.snapshot();
    bed.network.web.files.set(URL, bytesOf('v1'));
    await bed.undo(await bed.apply(await order('v1')));
    expect(bed.snapshot()).toEqual(before);
  });

  test('replaces one that is too large to be kept by putting it beside', async () => {
    const hashes = new Map<string, string>();
    const bed = createStepBed({
      files: { '/usr/local/bin/tool': 'x'.repeat(MAX_KEPT_BYTES + 1) },
      scripts: [
        ({ argv }) => (argv[0] === 'sha256sum' ? { stdout: `${hashes.get(argv[2] ?? '') ?? 'f'.repeat(64)}  ${argv[2]}\n` } : undefined),
      ],
    });
    const before = bed.snapshot();
    bed.network.web.files.set(URL, bytesOf('v1'));
    await bed.undo(await bed.apply(await order('v1')));
    expect(bed.snapshot()).toEqual(before);
  });

  test('that is right but for its mode asks nothing of the network', async () => {
    const bed = createStepBed({ files: { '/usr/local/bin/tool': 'v1' } });
    const before = bed.snapshot();
    const records = await bed.apply(await order('v1'));
    expect(bed.network.requests).toEqual([]);
    await bed.undo(records);
    expect(bed.snapshot()).toEqual(before);
  });
});

describe('an archive', () => {
  const pack = (files: Readonly<Record<string, string>>): Uint8Array => bytesOf(JSON.stringify(files));
  const order = async (content: Uint8Array, strip = 1) =>
    createArchiveStep({ urls: [URL], path: '/opt/app', sha256: await hashBytes(content), strip, service: 's' });

  test('becomes a folder, is replaced whole by the next version, and both ways back work', async () => {
    const bed = createStepBed();
    const empty = bed.snapshot();
    const [v1, v2] = [pack({ 'app-1/bin/a': '1', 'app-1/old': 'x' }), pack({ 'app-2/bin/a': '2' })];
    bed.network.web.files.set(URL, v1);
    const first = await bed.apply(await order(v1));
    const one = bed.snapshot();
    bed.network.web.files.set(URL, v2);
    const change = await bed.plan(await order(v2));
    expect(change?.dangers).toEqual(['What is in /opt/app is replaced.']);
    const second = await bed.apply(await order(v2));
    expect(bed.host.text('/opt/app/old')).toBeNull();
    await bed.undo(second);
    expect(bed.snapshot()).toEqual(one);
    await bed.undo(first);
    expect(bed.snapshot()).toEqual(empty);
  });

  test('of which nothing is left is refused', async () => {
    const bed = createStepBed();
    const content = pack({ 'a/b': '' });
    bed.network.web.files.set(URL, content);
    await expect(bed.apply(await order(content, 5))).rejects.toMatchObject({ code: 'HOST_ARCHIVE_EMPTY' });
    expect(await bed.host.files.stat('/opt/app')).toBeNull();
  });
});

describe('a checkout', () => {
  const REPOSITORY = 'https://github.com/example/app.git';
  const [ONE, TWO] = ['1'.repeat(40), '2'.repeat(40)];
  const order = (commit?: string) =>
    createCheckoutStep({ url: REPOSITORY, path: '/opt/app', service: 'github', ...(commit === undefined ? {} : { commit }) });

  test('moves to another commit, and back', async () => {
    const bed = createStepBed();
    const empty = bed.snapshot();
    bed.network.web.repositories.set(REPOSITORY, TWO);
    const first = await bed.apply(order(ONE));
    const one = bed.snapshot();
    const second = await bed.apply(order(TWO));
    expect(bed.host.text('/opt/app/.git/HEAD')).toBe(TWO);
    await bed.undo(second);
    expect(bed.snapshot()).toEqual(one);
    await bed.undo(first);
    expect(bed.snapshot()).toEqual(empty);
  });

  test('in which somebody works is neither replaced nor taken back', async () => {
    const bed = createStepBed();
    bed.network.web.repositories.set(REPOSITORY, ONE);
    const records = await bed.apply(order(ONE));
    bed.host.put('/opt/app/notes', 'mine');
    await expect(bed.plan(order(TWO))).rejects.toMatchObject({ code: 'HOST_CHECKOUT_DIRTY' });
    await expect(bed.undo(records)).rejects.toMatchObject({ code: 'HOST_UNDO_CONFLICT' });
    expect(bed.host.text('/opt/app/notes')).toBe('mine');
    await bed.undo(records, { whenChanged: 'overwrite' });
    expect(await bed.host.files.stat('/opt/app')).toBeNull();
  });

  test('with a commit of somebody is not taken back', async () => {
    const bed = createStepBed();
    bed.network.web.repositories.set(REPOSITORY, ONE);
    const records = await bed.apply(order());
    bed.host.put('/opt/app/.git/HEAD', TWO);
    await expect(bed.undo(records)).rejects.toThrow('has commits that this run has not made');
  });

  test('without a commit is left as it is once it is there', async () => {
    const bed = createStepBed();
    bed.network.web.repositories.set(REPOSITORY, ONE);
    await bed.apply(order());
    bed.network.web.repositories.set(REPOSITORY, TWO);
    expect(await bed.plan(order())).toBeNull();
  });

  test('never takes the place of what is no checkout', async () => {
    const bed = createStepBed({ files: { '/opt/app/data': '' } });
    await expect(bed.plan(order(ONE))).rejects.toMatchObject({ code: 'HOST_FILE_KIND' });
  });

  test('that fails leaves nothing', async () => {
    const bed = createStepBed();
    const before = bed.snapshot();
    await expect(bed.apply(order(ONE))).rejects.toMatchObject({ code: 'HOST_CHECKOUT_FAILED' });
    expect(bed.snapshot()).toEqual(before);
  });
});

test.each([
  ['http://deb.debian.org/debian', 'apt_repository'],
  ['https://raw.githubusercontent.com/x', 'github'],
  ['https://github.com.evil.example/x', 'external_downloads'],
  ['https://user:pw@packages.microsoft.com:443/x', 'microsoft_packages'],
  ['https://download.docker.com/x', 'docker_hub'],
])('%s belongs to %s', (url, service) => {
  expect(toServiceOfUrl(url)).toBe(service);
});
