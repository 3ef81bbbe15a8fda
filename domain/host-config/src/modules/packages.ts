import { z } from 'zod';
import type { HostModule } from '../plan/module.ts';
import { createDebconfStep } from '../resources/packages/debconf-step.ts';
import { createHoldStep } from '../resources/packages/hold-step.ts';
import { createPackagesStep } from '../resources/packages/packages-step.ts';
import { oneLine, packageName, packageVersion } from './config-fields.ts';

const wanted = z.union([
  packageName.transform((name) => ({ name, version: undefined, hold: false })),
  z.strictObject({
    name: packageName,
    version: packageVersion.optional(),
    /** Upgrades leave it alone. */
    hold: z.boolean().default(false),
  }),
]);

const schema = z.strictObject({
  /** What every other part of a set-up takes for granted. */
  essentials: z.boolean().default(true),
  install: z.array(wanted).default([]),
  /** Each alone, and the run goes on without those that cannot be had. */
  optional: z.array(packageName).default([]),
  /** Packages that conflict may be removed. */
  allow_removals: z.boolean().default(false),
  /** Answers to questions that packages ask. */
  debconf: z
    .array(
      z.strictObject({
        owner: packageName,
        question: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9+./_-]+$/, 'the name of a question'),
        type: z.enum(['boolean', 'multiselect', 'note', 'select', 'string']),
        value: oneLine,
      }),
    )
    .default([]),
});

type Config = z.output<typeof schema>;

const ESSENTIALS = ['ca-certificates', 'curl', 'less', 'rsync', 'vim-tiny'];

export const packages: HostModule<Config> = {
  name: 'packages',
  description: 'Debian packages, in given versions where that matters',
  priority: 30,
  dependsOn: ['apt_sources'],
  schema,
  services: (config) => (toNames(config).length + config.optional.length === 0 ? [] : ['apt_repository']),
  validate(config) {
    const twice = config.install.map(({ name }) => name).filter((name, index, all) => all.indexOf(name) !== index);
    return twice.map((name) => ({ severity: 'error', text: `The package ${name} is listed twice.`, hint: 'Keep one of the two.' }));
  },
  steps(config) {
    const names = toNames(config);
    const versions = Object.fromEntries(config.install.flatMap(({ name, version }) => (version === undefined ? [] : [[name, version]])));
    const { allow_removals: allowRemovals } = config;
    return [
      ...config.debconf.map((answer) => createDebconfStep(answer)),
      ...(names.length === 0 ? [] : [createPackagesStep({ names, versions, allowRemovals, isSourceComing: true })]),
      ...config.optional.map((name) =>
        createPackagesStep({ id: `packages:${name}`, names: [name], isOptional: true, isSourceComing: true }),
      ),
      ...config.install.filter(({ hold }) => hold).map(({ name }) => createHoldStep(name)),
    ];
  },
};

const toNames = ({ essentials, install }: Config): readonly string[] => [
  ...new Set([...(essentials ? ESSENTIALS : []), ...install.map(({ name }) => name)]),
];
