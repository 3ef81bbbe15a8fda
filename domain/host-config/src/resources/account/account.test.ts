import { describe, expect, test } from 'vitest';
import { createStepBed } from '../../testing/step-bed.ts';
import { createAuthorizedKeysStep } from './authorized-keys-step.ts';
import { createGroupStep } from './group-step.ts';
import { createMembershipStep } from './membership-step.ts';
import { isAuthorizedKey, parseAuthorizedKey } from './parse-authorized-key.ts';
import { createUserStep } from './user-step.ts';

const keyOf = (name: string): string => `ssh-ed25519 ${btoa(`\0\0\0\x0bssh-ed25519\0\0\0 ${name.padEnd(32, '.')}`)}`;
const [ANNA, BERTA] = [`${keyOf('anna')} anna@desk`, `${keyOf('berta')} berta`];

describe('a user', () => {
  test('is made with its groups, and goes with those that were made for it', async () => {
    const bed = createStepBed();
    const before = bed.snapshot();
    const records = await bed.apply(createUserStep({ name: 'anna', groups: ['sudo', 'deploy'] }));
    expect(bed.host.text('/etc/group')).toContain('sudo:x:27:anna\n');
    await bed.undo(records);
    expect(bed.snapshot()).toEqual(before);
    await bed.undo(records);
    expect(bed.snapshot()).toEqual(before);
  });

  test('that is there keeps its other groups and gets the new shell, and both come back', async () => {
    const files = {
      '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\nanna:x:1000:1000::/home/anna:/bin/sh\n',
      '/etc/group': 'root:x:0:\nsudo:x:27:\naudio:x:29:anna\nanna:x:1000:\n',
    };
    const bed = createStepBed({ files });
    const before = bed.snapshot();
    const records = await bed.apply(createUserStep({ name: 'anna', shell: '/bin/bash', groups: ['sudo'] }));
    expect(bed.host.text('/etc/group')).toContain('audio:x:29:anna\n');
    expect(bed.host.text('/etc/passwd')).toContain('/home/anna:/bin/bash\n');
    await bed.undo(records);
    expect(bed.snapshot()).toEqual(before);
  });

  test('takes a group of its name that is there already', async () => {
    const bed = createStepBed({ files: { '/etc/group': 'root:x:0:\nanna:x:77:\n' } });
    await bed.apply(createUserStep({ name: 'anna' }));
    expect(bed.host.commands.find(([program]) => program === 'useradd')).toContain('--gid');
  });

  test.each(['-o', 'a b', 'a:b', 'Anna', '', 'a\nb', '../x'])('cannot be named "%s"', (name) => {
    expect(() => createUserStep({ name })).toThrow('cannot be the name');
    expect(() => createGroupStep(name)).toThrow('cannot be the name');
    expect(() => createMembershipStep({ user: 'anna', group: name })).toThrow('cannot be the name');
  });

  test('that is not there is put into no group', async () => {
    const step = createMembershipStep({ user: 'nobody-here', group: 'sudo' });
    await expect(createStepBed().apply(step)).rejects.toMatchObject({ code: 'HOST_ACCOUNT_MISSING' });
  });
});

describe('keys to sign in with', () => {
  const ACCOUNTS = { '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\nanna:x:1000:1000::/home/anna:/bin/bash\n', '/home/anna/.bashrc': '' };

  test('come with a folder that only their owner enters, and go with it', async () => {
    const bed = createStepBed({ files: ACCOUNTS });
    const before = bed.snapshot();
    const records = await bed.apply(createAuthorizedKeysStep({ user: 'anna', keys: [ANNA] }));
    expect(await bed.host.files.stat('/home/anna/.ssh')).toMatchObject({ mode: 0o700, uid: 1_000, gid: 1_000 });
    expect(await bed.host.files.stat('/home/anna/.ssh/authorized_keys')).toMatchObject({ mode: 0o600, uid: 1_000 });
    await bed.undo(records);
    expect(bed.snapshot()).toEqual(before);
  });

  test('leave those of others, unless they are to be the only ones', async () => {
    const bed = createStepBed({ files: { ...ACCOUNTS, '/home/anna/.ssh/authorized_keys': `# mine\n${BERTA}\n` } });
    const before = bed.snapshot();
    const records = await bed.apply(createAuthorizedKeysStep({ user: 'anna', keys: [ANNA] }));
    expect(bed.host.text('/home/anna/.ssh/authorized_keys')).toBe(`# mine\n${BERTA}\n${ANNA}\n`);
    const exclusive = createAuthorizedKeysStep({ user: 'anna', keys: [ANNA], isExclusive: true });
    expect((await bed.plan(exclusive))?.dangers).toHaveLength(1);
    records.concat(await bed.apply(exclusive));
    expect(bed.host.text('/home/anna/.ssh/authorized_keys')).toBe(`${ANNA}\n`);
    await bed.undo(records, { whenChanged: 'overwrite' });
    expect(bed.snapshot()).toEqual(before);
  });

  test('with another comment are the same key and stand there once', async () => {
    const bed = createStepBed({ files: { ...ACCOUNTS, '/home/anna/.ssh/authorized_keys': `${keyOf('anna')} old\n` } });
    await bed.apply(createAuthorizedKeysStep({ user: 'anna', keys: [ANNA] }));
    expect(bed.host.text('/home/anna/.ssh/authorized_keys')).toBe(`${ANNA}\n`);
  });

  test('are not written through a link that the user has laid', async () => {
    const bed = createStepBed({ files: ACCOUNTS });
    await bed.host.files.makeLink('/home/anna/.ssh', '/root/.ssh');
    await expect(bed.apply(createAuthorizedKeysStep({ user: 'anna', keys: [ANNA] }))).rejects.toMatchObject({ code: 'HOST_FILE_KIND' });
    expect(bed.host.text('/root/.ssh/authorized_keys')).toBeNull();
  });

  test('of a user of the same run can be planned before there is one', async () => {
    const step = createAuthorizedKeysStep({ user: 'anna', keys: [ANNA] });
    expect(await createStepBed().plan(step)).not.toBeNull();
    await expect(createStepBed().apply(step)).rejects.toMatchObject({ code: 'HOST_ACCOUNT_MISSING' });
  });

  test.each([ANNA, `from="10.0.0.1,10.0.0.2",no-pty ${ANNA}`, `command="echo \\"a b\\"" ${BERTA}`, keyOf('bare')])(
    '%s is a key',
    (line) => {
      expect(isAuthorizedKey(line)).toBe(true);
      expect(parseAuthorizedKey(line).body).toMatch(/^ssh-ed25519 AAAA\S+$/);
    },
  );

  test.each([
    '',
    '# comment',
    'ssh-ed25519',
    'ssh-ed25519 AAAA',
    ANNA.replace('ed25519', 'rsa'),
    ANNA.slice(0, 40),
    `${ANNA}\n${BERTA}`,
    '-----BEGIN OPENSSH PRIVATE KEY-----',
  ])('%j is no key', (line) => {
    expect(isAuthorizedKey(line)).toBe(false);
  });
});
