import { z } from 'zod';
import type { HostFacts } from '../plan/host-facts.ts';
import type { Finding, HostModule } from '../plan/module.ts';
import type { Step } from '../plan/step.ts';
import { createCommandStep } from '../resources/command/command-step.ts';
import { createFileStep } from '../resources/file/file-step.ts';
import { createLinkStep } from '../resources/file/link-step.ts';
import { createPackagesStep } from '../resources/packages/packages-step.ts';
import { createSwapfileSteps } from '../resources/system/swapfile-steps.ts';
import { createSysctlSteps } from '../resources/system/sysctl-steps.ts';

const schema = z.strictObject({
  /** Null leaves the name of the host alone. A full name (`web.example.org`) is split for /etc/hosts. */
  hostname: z
    .string()
    .max(253)
    .regex(/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/, 'a host name in lower case')
    .nullable()
    .default(null),
  timezone: z
    .string()
    .regex(/^[A-Z][A-Za-z0-9_+-]*(?:\/[A-Z][A-Za-z0-9_+-]*){0,2}$/, 'a time zone, as "Europe/Berlin"')
    .default('UTC'),
  locale: z
    .string()
    .regex(/^(?:C|[a-z]{2,3}_[A-Z]{2})\.UTF-8$/, 'a UTF-8 locale, as "en_US.UTF-8"')
    .default('C.UTF-8'),
  kernel_tuning: z.boolean().default(true),
  sysctl: z
    .record(
      z.string().regex(/^[a-z0-9_]+(?:[./][a-zA-Z0-9_-]+)+$/, 'a kernel parameter'),
      z.union([z.int().transform(String), z.string().regex(/^[ -~]+$/)]),
    )
    .default({}),
  /** 0: none. */
  swap_size_gb: z.number().min(0).max(64).default(0),
});

type Config = z.output<typeof schema>;

/** Modest: keeps programs in memory, lets editors and agents watch many files, survives a flood of half-open connections. */
const TUNING = { 'fs.inotify.max_user_watches': '524288', 'net.ipv4.tcp_syncookies': '1', 'vm.swappiness': '10' };
const SWAPFILE = '/swapfile';
const MIB_PER_GB = 1_024;
/** What must be left of the disk beside a swap file. */
const RESERVE_MIB = 1_024;

export const systemBase: HostModule<Config> = {
  name: 'system_base',
  description: 'Host name, time zone, locale, kernel parameters, swap',
  priority: 10,
  dependsOn: [],
  isMandatory: true,
  schema,
  services: (config) => (toPackages(config).length === 0 ? [] : ['apt_repository']),
  validate(config, facts) {
    const neededMib = config.swap_size_gb * MIB_PER_GB + RESERVE_MIB;
    const findings: Finding[] = [];
    if (facts.osId !== 'debian') {
      findings.push({
        severity: 'warning',
        text: `This host runs "${facts.osId}" and not Debian.`,
        hint: 'The modules are made for Debian 12 and 13.',
      });
    }
    // The swap file may be there already and be part of what is not free.
    if (config.swap_size_gb > 0 && facts.rootFreeMib < neededMib) {
      findings.push({
        severity: 'warning',
        text: `A swap file of ${config.swap_size_gb} GB needs ${neededMib} MiB; ${facts.rootFreeMib} MiB are free.`,
        hint: 'Lower swap_size_gb, unless the file is there already.',
      });
    }
    return findings;
  },
  steps(config, facts) {
    const packages = toPackages(config);
    return [
      ...(packages.length === 0 ? [] : [createPackagesStep({ names: packages })]),
      ...(config.hostname === null ? [] : toHostnameSteps(config.hostname, facts)),
      ...toTimezoneSteps(config.timezone, facts),
      ...toLocaleSteps(config.locale),
      ...toSysctlSteps(config, facts),
      ...(config.swap_size_gb === 0
        ? []
        : createSwapfileSteps({
            path: SWAPFILE,
            sizeMib: Math.round(config.swap_size_gb * MIB_PER_GB),
            isLive: facts.hasSystemd,
          })),
    ];
  },
};

const toPackages = ({ locale, timezone }: Config): readonly string[] => [
  ...(timezone === 'UTC' ? [] : ['tzdata']),
  ...(locale === 'C.UTF-8' ? [] : ['locales']),
];

/** The kernel's name first: a rollback goes backwards and then takes it from the file that is back. */
function toHostnameSteps(hostname: string, facts: HostFacts): readonly Step[] {
  const [short = hostname] = hostname.split('.');
  const live = createCommandStep({
    id: 'hostname:live',
    title: `Name this host ${short}`,
    argv: ['hostname', short],
    unless: ['sh', '-c', 'test "$(hostname)" = "$1"', 'sh', short],
    undo: { argv: ['hostname', '-F', '/etc/hostname'], title: 'Take the name of the host from /etc/hostname' },
  });
  const names = short === hostname ? short : `${hostname} ${short}`;
  return [
    ...(facts.hasSystemd ? [live] : []),
    createFileStep({ path: '/etc/hostname', content: `${short}\n` }),
    createFileStep({ path: '/etc/hosts', content: (current) => nameOwnAddress(current, names) }),
  ];
}

/** Debian's way for hosts without a fixed address (reference, 5.1.1). */
function nameOwnAddress(current: string | null, names: string): string {
  const line = `127.0.1.1\t${names}`;
  const lines = (current ?? '127.0.0.1\tlocalhost\n').replace(/\n$/, '').split('\n');
  const index = lines.findIndex((each) => /^127\.0\.1\.1\s/.test(each));
  return `${(index < 0 ? [...lines, line] : lines.with(index, line)).join('\n')}\n`;
}

/** Debian 13 has no /etc/timezone any more. */
function toTimezoneSteps(timezone: string, facts: HostFacts): readonly Step[] {
  const zone = timezone === 'UTC' ? 'Etc/UTC' : timezone;
  const link = createLinkStep({ path: '/etc/localtime', target: `/usr/share/zoneinfo/${zone}` });
  return Number(facts.osVersion) >= 13 ? [link] : [link, createFileStep({ path: '/etc/timezone', content: `${zone}\n` })];
}

function toLocaleSteps(locale: string): readonly Step[] {
  const setting = createFileStep({ path: '/etc/default/locale', content: `LANG=${locale}\n` });
  if (locale === 'C.UTF-8') return [setting];
  const archived = locale.replace('UTF-8', 'utf8');
  const isThere = ['sh', '-c', 'localedef --list-archive | grep -qxF "$1"', 'sh', archived] as const;
  const generate = createCommandStep({
    id: 'locale-gen',
    title: `Make the locale ${locale}`,
    argv: ['locale-gen'],
    unless: isThere,
    undo: { argv: ['localedef', '--delete-from-archive', archived], title: `Remove the locale ${locale}`, onlyIf: isThere },
    timeoutMs: 300_000,
  });
  const line = `${locale} UTF-8`;
  const list = createFileStep({ path: '/etc/locale.gen', content: (current) => addLocale(current, line) });
  return [list, generate, setting];
}

/** The line is there as a comment on Debian. */
function addLocale(current: string | null, line: string): string {
  const lines = (current ?? '').replace(/\n$/, '').split('\n');
  if (lines.some((each) => each.trim() === line)) return current ?? '';
  const index = lines.findIndex((each) => each.replace(/^#\s*/, '').trim() === line);
  const added = index < 0 ? [...lines.filter((each, at) => each !== '' || at > 0), line] : lines.with(index, line);
  return `${added.join('\n')}\n`;
}

function toSysctlSteps(config: Config, facts: HostFacts): readonly Step[] {
  const values = { ...(config.kernel_tuning ? TUNING : {}), ...config.sysctl };
  if (Object.keys(values).length === 0) return [];
  return createSysctlSteps({ name: '60-vps-configurator', values, isLive: facts.hasSystemd });
}
