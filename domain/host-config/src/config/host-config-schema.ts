import { z } from 'zod';

const DAY_S = 86_400;

const seconds = (fallback: number, what: string) => z.number().min(0.001).max(DAY_S).default(fallback).describe(`${what}, in seconds.`);
const flag = (fallback: boolean, what: string) => z.boolean().default(fallback).describe(what);
const count = (fallback: number, what: string) => z.int().min(1).max(100).default(fallback).describe(what);
const serviceName = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'must be lower snake case, such as apt_repository');
const hostPattern = z.string().regex(/^(?:\*|(?:\*\.)?[A-Za-z0-9.-]{1,253})$/, 'must be a host name, *.domain, or *');

const serviceBreaker = z.strictObject({
  failure_threshold: z.int().min(1).max(100).optional(),
  timeout: z.number().min(0.001).max(DAY_S).optional(),
  success_threshold: z.int().min(1).max(100).optional(),
  max_timeout: z.number().min(0.001).max(DAY_S).optional(),
});

const circuitBreaker = z
  .strictObject({
    enabled: flag(true, 'Stop asking a service that is known to be down.'),
    failure_threshold: count(3, 'Failures in a row after which a breaker opens.'),
    timeout: seconds(60, 'How long an open breaker lets nothing through'),
    success_threshold: count(1, 'Successes of the test request that close a breaker again.'),
    max_timeout: seconds(600, 'The open time doubles each time the test request fails, up to this'),
    services: z
      .record(serviceName, serviceBreaker)
      .default({})
      .describe('Other values for single services: { github: { failure_threshold: 5 } }.'),
  })
  .refine((value) => value.max_timeout >= value.timeout, {
    path: ['max_timeout'],
    message: 'must not be less than timeout',
  });

const networkRetry = z
  .strictObject({
    enabled: flag(true, 'Try again where that can help; off means one attempt.'),
    max_retries: count(3, 'Attempts in all, the first one included.'),
    initial_delay: z.number().min(0).max(DAY_S).default(1).describe('Pause before the second attempt, in seconds.'),
    max_delay: z.number().min(0).max(DAY_S).default(30).describe('No pause is longer than this, in seconds, before jitter.'),
    exponential_base: z.number().min(1).max(10).default(2).describe('Each pause is so many times as long as the one before.'),
    jitter: flag(true, 'Make pauses differ by chance, so that many hosts do not come back at the same moment.'),
    jitter_mode: z
      .enum(['additive10', 'full'])
      .default('additive10')
      .describe('additive10 adds 0 to 10 %; full takes anything from 0 to the whole pause, which spreads a herd far better.'),
    retry_after_cap: z.number().min(0).max(DAY_S).default(120).describe('Longest pause that a service may ask for, in seconds.'),
  })
  .refine((value) => value.max_delay >= value.initial_delay, {
    path: ['max_delay'],
    message: 'must not be less than initial_delay',
  });

const timeouts = z.strictObject({
  apt_update: seconds(300, 'Fetching the package lists'),
  apt_install: seconds(600, 'Downloading packages'),
  download: seconds(600, 'One download, repetitions included'),
  git_clone: seconds(300, 'One clone, repetitions included'),
  http_request: seconds(30, 'One small request; a health check ends after 3 seconds and a look for a network after 5 in any case'),
  connect: seconds(10, 'Making a connection'),
  inactivity: seconds(20, 'Longest silence within a transfer'),
  dpkg_grace: seconds(1_800, 'How long a running dpkg, which is never killed, may go on when its time is over'),
  lock_wait: seconds(300, 'Waiting for another program that holds a lock of apt or dpkg'),
});

const downloadCache = z.strictObject({
  max_size_mib: z
    .int()
    .min(0)
    .max(1_048_576)
    .default(4_096)
    .describe('What was downloaded with a checksum is kept up to this size, in MiB, the oldest goes first; 0 keeps nothing.'),
});

const healthChecks = z.strictObject({
  enabled: flag(true, 'Look at services before work begins and with the command health.'),
  check_on_startup: flag(true, 'Look before apply changes anything.'),
  services: z
    .array(serviceName)
    .max(64)
    .default(['apt_repository', 'github', 'docker_hub'])
    .describe('Services that are looked at even when no module needs them.'),
});

const service = z.strictObject({
  hosts: z.array(hostPattern).max(256).describe('Host names that belong to the service; *.domain for all below.'),
  health_url: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null)
    .describe('A real object that a health check asks for; null: no check.'),
});

const DEFAULT_SERVICES = {
  apt_repository: {
    hosts: ['deb.debian.org', 'security.debian.org'],
    health_url: 'http://deb.debian.org/debian/dists/stable/InRelease',
  },
  github: { hosts: ['github.com', 'codeload.github.com', '*.githubusercontent.com'], health_url: 'https://api.github.com/meta' },
  docker_hub: {
    hosts: ['download.docker.com', 'registry-1.docker.io', 'auth.docker.io', 'hub.docker.com'],
    health_url: 'https://download.docker.com/linux/debian/gpg',
  },
  microsoft_packages: { hosts: ['packages.microsoft.com'], health_url: 'https://packages.microsoft.com/keys/microsoft.asc' },
  external_downloads: { hosts: ['*'], health_url: null },
};

/**
 * Every setting with its default, in the names of spec 05. The parts of single modules (`modules.<name>`) are checked by the modules' own
 * schemas. `config/default.yaml` is written from this.
 */
export const hostConfigSchema = z.strictObject({
  profile: z.string().nullable().default(null).describe('A named selection of modules with their settings; --profile wins.'),
  performance: z
    .strictObject({
      parallel_execution: flag(true, 'Work on modules side by side where they do not need each other.'),
      max_workers: z.int().min(1).max(16).default(3).describe('Modules side by side at most.'),
      circuit_breaker: circuitBreaker.prefault({}).describe('Spare services that are down.'),
      network_retry: networkRetry.prefault({}).describe('What is tried again, and when.'),
      timeouts: timeouts.prefault({}).describe('No operation takes longer than this.'),
      download_cache: downloadCache.prefault({}).describe('Downloads that need not be fetched again, and are there for --offline.'),
      health_checks: healthChecks.prefault({}).describe('Whether the services answer.'),
    })
    .prefault({})
    .describe('How work is done, and how bad networks are met.'),
  services: z
    .record(serviceName, service)
    .default(DEFAULT_SERVICES)
    .describe('Which hosts belong to which service; each service has a breaker of its own.'),
  apt: z
    .strictObject({
      cache_valid: z
        .number()
        .min(0)
        .max(30 * DAY_S)
        .default(3_600)
        .describe('Package lists younger than this are not fetched again, in seconds.'),
      allow_removals: flag(false, 'Let an installation remove packages that are in its way.'),
    })
    .prefault({})
    .describe('Packages and their lists.'),
  security: z
    .strictObject({
      allowed_hosts: z.array(hostPattern).max(256).default([]).describe('Download from these hosts only; empty: from any.'),
    })
    .prefault({})
    .describe('What may come onto the host.'),
  installation: z
    .strictObject({
      auto_rollback_on_error: flag(true, 'Take a failed run back at once.'),
    })
    .prefault({})
    .describe('What happens when something fails.'),
  plugins: z
    .array(z.string().regex(/^\//, 'must be an absolute path'))
    .max(64)
    .default([])
    .describe('Files (ES modules) that bring modules of your own.'),
  modules: z
    .object({
      enabled: z.array(z.string()).max(256).default([]).describe('Modules to set up; what they depend on comes along.'),
    })
    .catchall(z.unknown())
    .prefault({})
    .describe('What the host shall be. The settings of a module stand below its name; "modules show" lists them.'),
});

export type HostConfig = z.infer<typeof hostConfigSchema>;
