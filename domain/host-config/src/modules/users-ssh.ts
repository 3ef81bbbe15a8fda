import { z } from 'zod';
import type { Finding, HostModule } from '../plan/module.ts';
import type { Step } from '../plan/step.ts';
import { createAuthorizedKeysStep } from '../resources/account/authorized-keys-step.ts';
import { isAuthorizedKey } from '../resources/account/parse-authorized-key.ts';
import { createUserStep } from '../resources/account/user-step.ts';
import { createFileStep } from '../resources/file/file-step.ts';
import { createPackagesStep } from '../resources/packages/packages-step.ts';
import { accountName } from './config-fields.ts';

const user = z.strictObject({
  name: accountName,
  shell: z
    .string()
    .regex(/^(?:\/[A-Za-z0-9._-]+)+$/, 'the path of a shell')
    .default('/bin/bash'),
  groups: z.array(accountName).default([]),
  /** In the group `sudo`. */
  admin: z.boolean().default(false),
  /** Users made here have no password, so an administrator without this cannot use sudo before somebody sets one. */
  passwordless_sudo: z.boolean().default(false),
  keys: z.array(z.string().max(16_384).refine(isAuthorizedKey, 'a line of a public key file, as "ssh-ed25519 AAAA… name"')).default([]),
  /** Other keys of this user are taken away. */
  exclusive_keys: z.boolean().default(false),
});

const schema = z.strictObject({ users: z.array(user).default([]) });

type Config = z.output<typeof schema>;
type User = Config['users'][number];

export const usersSsh: HostModule<Config> = {
  name: 'users_ssh',
  description: 'People: users, groups, keys, sudo',
  priority: 35,
  dependsOn: ['system_base'],
  schema,
  services: ({ users }) => (users.some(needsSudo) ? ['apt_repository'] : []),
  validate({ users }) {
    const twice = users.map(({ name }) => name).filter((name, index, all) => all.indexOf(name) !== index);
    return [
      ...twice.map((name): Finding => ({ severity: 'error', text: `The user ${name} is listed twice.`, hint: 'Keep one of the two.' })),
      ...users.flatMap(warn),
    ];
  },
  steps: ({ users }) => [
    ...(users.some(needsSudo) ? [createPackagesStep({ id: 'packages:sudo', names: ['sudo'] })] : []),
    ...users.flatMap(toSteps),
  ],
};

const needsSudo = ({ admin, passwordless_sudo: isFree }: User): boolean => admin || isFree;

function warn({ admin, keys, name, passwordless_sudo: isFree }: User): readonly Finding[] {
  const findings: Finding[] = [];
  if (keys.length === 0) {
    findings.push({
      severity: 'warning',
      text: `${name} has no key here and no password, so cannot sign in unless one is there already.`,
      hint: 'Add a line to "keys".',
    });
  }
  if (admin && !isFree) {
    findings.push({
      severity: 'warning',
      text: `${name} is an administrator without a password: sudo will ask for one.`,
      hint: 'Set passwordless_sudo, or a password with "passwd" on the host.',
    });
  }
  return findings;
}

function toSteps(each: User): readonly Step[] {
  const { admin, exclusive_keys: isExclusive, groups, keys, name, passwordless_sudo: isFree, shell } = each;
  const sudoers = createFileStep({
    // sudo skips names with a dot in them, and so the candidate that visudo looks at.
    path: `/etc/sudoers.d/90-vps-configurator-${name}`,
    content: `${name} ALL=(ALL:ALL) NOPASSWD: ALL\n`,
    attributes: { mode: 0o440 },
    validate: ['visudo', '-c', '-f', '{}'],
    dangers: [`${name} can become root without a password.`],
  });
  return [
    ...(name === 'root' ? [] : [createUserStep({ name, shell, groups: [...new Set([...(admin ? ['sudo'] : []), ...groups])] })]),
    ...(keys.length === 0 && !isExclusive ? [] : [createAuthorizedKeysStep({ user: name, keys, isExclusive })]),
    ...(isFree ? [sudoers] : []),
  ];
}
