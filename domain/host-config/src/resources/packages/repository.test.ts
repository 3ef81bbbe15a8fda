import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Step } from '../../plan/step.ts';
import { createStepBed } from '../../testing/step-bed.ts';
import { toListPrefix } from './lists-step.ts';
import { readKeyFile } from './openpgp-key.ts';
import { createRepositorySteps } from './repository-steps.ts';

const readKey = (name: string): Uint8Array => readFileSync(join(import.meta.dirname, 'fixtures', `${name}.asc`));
/** As gpg prints them. */
const GOOD = 'BA3D2FD9786C6A361AD51B0A87AFEEA6D5E0ABB8';
const OTHER = 'A37E018DE76CFB607945B1B52CC9B16614E54F7A';

describe('a file of keys', () => {
  test('tells the fingerprints that gpg tells, armoured or not', async () => {
    const { binary, fingerprints } = await readKeyFile(readKey('good'));
    expect(fingerprints).toEqual([GOOD]);
    expect((await readKeyFile(binary)).fingerprints).toEqual([GOOD]);
    expect((await readKeyFile(readKey('both'))).fingerprints).toEqual([GOOD, OTHER]);
  });

  test('of several blocks hides none of its keys', async () => {
    const two = new TextEncoder().encode(
      `${new TextDecoder().decode(readKey('good'))}text between\n${new TextDecoder().decode(readKey('other'))}`,
    );
    expect((await readKeyFile(two)).fingerprints).toEqual([GOOD, OTHER]);
  });

  test.each([
    ['a page of a portal', '<html>Please sign in</html>'],
    ['nothing', ''],
    ['armour around nothing', '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n-----END PGP PUBLIC KEY BLOCK-----'],
  ])('%s is none', async (_title, text) => {
    await expect(readKeyFile(new TextEncoder().encode(text))).rejects.toMatchObject({ code: 'HOST_KEY_INVALID' });
  });

  test('that is cut, changed or invented is refused or has another fingerprint, and never hangs', async () => {
    const { binary } = await readKeyFile(readKey('good'));
    const read = async (bytes: Uint8Array) =>
      await readKeyFile(bytes).then(
        (file) => file.fingerprints,
        (error: { code: string }) => error.code,
      );
    await fc.assert(
      // The first two bytes only frame the key: in the other framing of the standard it is the same key.
      fc.asyncProperty(fc.integer({ min: 2, max: 50 }), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        expect(await read(binary.map((byte, index) => (index === at ? byte ^ flip : byte)))).not.toEqual([GOOD]);
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect(await read(bytes)).toBeDefined();
      }),
    );
    expect(await read(binary.subarray(0, binary.length - 1))).toBe('HOST_KEY_INVALID');
  });
});

const URL = 'https://repo.example.org/key.asc';

async function open(key: string, fingerprints: readonly string[] = [GOOD]) {
  const bed = createStepBed();
  bed.network.web.files.set(URL, readKey(key));
  bed.network.web.lists.add('repo.example.org_debian_dists_stable_InRelease');
  const steps = createRepositorySteps({
    name: 'example',
    uri: 'https://repo.example.org/debian',
    suite: 'stable',
    components: ['main'],
    key: { kind: 'url', url: URL },
    fingerprints,
    pin: { packages: '*', priority: 100 },
    service: 'external_downloads',
  });
  return { bed, steps, keyring: steps[0] as Step };
}

describe('a repository', () => {
  test('is trusted for its own source only, and taken back whole', async () => {
    const { bed, steps } = await open('good');
    const before = bed.snapshot();
    const records = [];
    for (const step of steps) records.push(...(await bed.apply(step)));
    expect(bed.host.text('/etc/apt/sources.list.d/example.sources')).toBe(
      'Types: deb\nURIs: https://repo.example.org/debian\nSuites: stable\nComponents: main\nSigned-By: /etc/apt/keyrings/example.gpg\n',
    );
    expect(bed.host.text('/etc/apt/preferences.d/example')).toContain('Pin: origin "repo.example.org"');
    const asked = bed.network.requests.length;
    for (const step of steps) expect(await bed.plan(step)).toBeNull();
    expect(bed.network.requests).toHaveLength(asked);
    await bed.undo(records);
    expect(bed.snapshot()).toEqual(before);
  });

  test.each([
    ['another key than the pinned one', 'other'],
    ['a key beside the pinned one', 'both'],
  ])('%s is never trusted', async (_title, key) => {
    const { bed, keyring } = await open(key);
    await expect(bed.apply(keyring)).rejects.toMatchObject({ code: 'HOST_KEY_MISMATCH', details: { failureClass: 'security' } });
    expect(bed.host.text('/etc/apt/keyrings/example.gpg')).toBeNull();
    expect(Object.keys(bed.snapshot()).filter((path) => path.includes('vpscfg'))).toEqual([]);
  });

  test('whose keys are both pinned may have both', async () => {
    const { bed, keyring } = await open('both', [GOOD.toLowerCase(), OTHER]);
    await bed.apply(keyring);
    expect(await bed.plan(keyring)).toBeNull();
  });

  test('with a foreign key already in its keyring gets the right one', async () => {
    const { bed, keyring } = await open('good');
    await bed.host.files.makeDirectory('/etc/apt/keyrings', { mode: 0o755, uid: 0, gid: 0 });
    await bed.host.files.write('/etc/apt/keyrings/example.gpg', (await readKeyFile(readKey('other'))).binary, {
      mode: 0o644,
      uid: 0,
      gid: 0,
    });
    const before = bed.snapshot();
    await bed.undo(await bed.apply(keyring));
    expect(bed.snapshot()).toEqual(before);
  });

  test('whose lists do not come is a failure', async () => {
    const { bed, steps } = await open('good');
    bed.network.web.lists.clear();
    await expect(bed.apply(steps.at(-1) as Step)).rejects.toMatchObject({ code: 'HOST_APT_UPDATE_FAILED' });
  });
});

test.each([
  ['http://deb.debian.org/debian', 'bookworm', 'deb.debian.org_debian_dists_bookworm_'],
  ['https://user@repo.example.org:8443/a_b/', 'stable', 'repo.example.org:8443_a%5fb_dists_stable_'],
  ['mirror+file:/etc/apt/mirrors/debian.list', 'bookworm', '_etc_apt_mirrors_debian.list_dists_bookworm_'],
  ['https://pkgs.example.org/core/deb', '/', 'pkgs.example.org_core_deb_'],
])('lists of %s %s are found under the name that apt gives them', (uri, suite, prefix) => {
  expect(toListPrefix({ uri, suite })).toBe(prefix);
});
