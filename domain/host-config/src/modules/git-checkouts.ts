import { z } from 'zod';
import type { HostModule } from '../plan/module.ts';
import { createPackagesStep } from '../resources/packages/packages-step.ts';
import { createCheckoutStep } from '../resources/transfer/checkout-step.ts';
import { toServiceOfUrl } from '../resources/transfer/service-of-url.ts';
import { absolutePath, accountName } from './config-fields.ts';

const checkout = z
  .strictObject({
    url: z.string().regex(/^(?:https?|ssh|git|file):\/\/[^\s"'<>\\^`{|}]+$/, 'the address of a repository, with its scheme'),
    path: absolutePath,
    /** The commit that is wanted, whole. */
    commit: z
      .string()
      .regex(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/, 'a whole commit id in lower case')
      .optional(),
    branch: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/, 'the name of a branch')
      .optional(),
    /** Without a commit: whatever the branch is on the day of the clone. Must be said. */
    unpinned: z.boolean().default(false),
    depth: z.int().min(0).default(1),
    owner: accountName.optional(),
    /** The run goes on without it. */
    optional: z.boolean().default(false),
  })
  .refine((each) => (each.commit !== undefined) !== each.unpinned, 'either "commit" or "unpinned: true" is needed');

const schema = z.strictObject({ checkouts: z.array(checkout).default([]) });

type Config = z.output<typeof schema>;

export const gitCheckouts: HostModule<Config> = {
  name: 'git_checkouts',
  description: 'Checkouts of git repositories at pinned commits',
  priority: 94,
  dependsOn: ['apt_sources', 'users_ssh'],
  schema,
  services: ({ checkouts }) =>
    checkouts.length === 0 ? [] : [...new Set(['apt_repository', ...checkouts.map(({ url }) => toServiceOfUrl(url))])],
  validate({ checkouts }) {
    const twice = checkouts.map(({ path }) => path).filter((path, index, all) => all.indexOf(path) !== index);
    return twice.map((path) => ({ severity: 'error', text: `Two checkouts go to ${path}.`, hint: 'Give each a path of its own.' }));
  },
  steps: ({ checkouts }) => [
    ...(checkouts.length === 0 ? [] : [createPackagesStep({ names: ['git', 'ca-certificates'] })]),
    ...checkouts.map(({ branch, commit, depth, optional, owner, path, url }) =>
      createCheckoutStep({
        url,
        path,
        depth,
        service: toServiceOfUrl(url),
        isOptional: optional,
        ...(commit === undefined ? {} : { commit }),
        ...(branch === undefined ? {} : { branch }),
        ...(owner === undefined ? {} : { owner }),
      }),
    ),
  ],
};
