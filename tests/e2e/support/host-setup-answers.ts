import {
  type HostLogin,
  type HostPlan,
  type HostProfileList,
  type HostSetup,
  hostLoginListSchema,
  hostProfileListSchema,
  hostSetupListSchema,
  hostSetupSchema,
} from '@breakwater/contract';
import type { Page } from 'playwright-core';

type Machine = { readonly server_id: string; readonly moid: string; readonly name: string };

const AT = '2026-03-02T09:30:00Z';

const LOGIN: HostLogin = {
  id: 'l1',
  name: 'web servers',
  user: 'deploy',
  key_type: 'ssh-ed25519',
  fingerprint: 'SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDCZv7tDBGVvd0Dk1E',
  created_at: AT,
  updated_at: AT,
};

const PROFILES: HostProfileList = {
  profiles: [
    { name: 'minimal', description: 'Name, time and people', modules: ['system_base', 'time_sync'] },
    { name: 'server', description: 'A host on the internet', modules: ['system_base', 'time_sync', 'packages', 'firewall'] },
  ],
  modules: [
    { name: 'system_base', description: 'Host name, time zone, locale', depends_on: [] },
    { name: 'time_sync', description: 'The right time', depends_on: [] },
    { name: 'packages', description: 'Packages that are there and that are not', depends_on: [] },
    { name: 'firewall', description: 'nftables with few open ports', depends_on: ['packages'] },
  ],
};

const DIFF = `--- /etc/hosts
+++ /etc/hosts
@@ -1,2 +1,3 @@
 127.0.0.1 localhost
-127.0.1.1 debian
+127.0.1.1 web-01.example.net web-01
+2001:db8:0:1:2:3:4:5 a-very-long-name-that-does-not-fit-into-a-narrow-page.example.net
`;

/** Everything that a plan can show. */
const PLAN: HostPlan = {
  hash: 'a'.repeat(64),
  hostname: 'web-01',
  os: 'debian 12 (bookworm)',
  notes: ['packages comes along because firewall needs it'],
  counts: { changes: 4, unchanged: 2, problems: 1 },
  dangers: ['Removes telnetd and all that needs it', 'Closes port 8080'],
  modules: [
    {
      name: 'system_base',
      description: 'Host name, time zone, locale',
      is_mandatory: true,
      findings: [],
      steps: [
        {
          id: 'system_base/hosts',
          title: 'Names in /etc/hosts',
          is_optional: false,
          outcome: {
            kind: 'change',
            summary: 'one line changed, one added',
            dangers: [],
            details: [
              { kind: 'file', path: '/etc/hosts', action: 'change', diff: DIFF, is_cut: true },
              { kind: 'attributes', path: '/etc/hosts', before: 'root:root 0600', after: 'root:root 0644' },
            ],
          },
        },
        { id: 'system_base/locale', title: 'Locale en_US.UTF-8', is_optional: true, outcome: { kind: 'unchanged' } },
      ],
    },
    {
      name: 'packages',
      description: 'Packages that are there and that are not',
      is_mandatory: true,
      findings: [{ severity: 'warning', text: 'The package lists are old.', hint: 'They are fetched first.' }],
      steps: [
        {
          id: 'packages/all',
          title: 'Install packages',
          is_optional: false,
          outcome: {
            kind: 'change',
            summary: '2 to install, 1 to upgrade, 1 to remove',
            dangers: ['Removes telnetd and all that needs it'],
            details: [{ kind: 'packages', install: ['curl', 'jq'], upgrade: ['openssl'], remove: ['telnetd'] }],
          },
        },
        {
          id: 'packages/key',
          title: 'Signing key',
          is_optional: true,
          outcome: { kind: 'problem', code: 'HOST_LINK_LOST', text: 'The link broke while the key was looked up.' },
        },
      ],
    },
    {
      name: 'firewall',
      description: 'nftables with few open ports',
      is_mandatory: false,
      findings: [],
      steps: [
        {
          id: 'firewall/service',
          title: 'Service nftables',
          is_optional: false,
          outcome: {
            kind: 'change',
            summary: 'enabled and started',
            dangers: ['Closes port 8080'],
            details: [
              { kind: 'service', unit: 'nftables.service', before: 'disabled, stopped', after: 'enabled, running' },
              { kind: 'command', argv: ['nft', '-f', '/etc/nftables.conf'] },
              { kind: 'account', name: 'deploy', action: 'added to sudo' },
              { kind: 'download', url: 'https://example.net/tool.tar.gz', path: '/opt/tool.tar.gz' },
            ],
          },
        },
      ],
    },
    {
      name: 'time_sync',
      description: 'The right time',
      is_mandatory: true,
      findings: [],
      steps: [{ id: 'time_sync/service', title: 'Service chrony', is_optional: false, outcome: { kind: 'unchanged' } }],
    },
  ],
};

function buildSetup({ name, ...id }: Machine, part: Partial<HostSetup>): HostSetup {
  return hostSetupSchema.parse({
    ...id,
    id: 'planned',
    machine_name: name,
    host: '192.0.2.17',
    port: 22,
    login_id: LOGIN.id,
    login_name: LOGIN.name,
    user: LOGIN.user,
    profile: 'server',
    state: 'planned',
    actions: ['apply'],
    requested_by: 'anna',
    created_at: AT,
    updated_at: AT,
    error_code: null,
    error: null,
    plan_hash: PLAN.hash,
    counts: PLAN.counts,
    operation_id: 'o1',
    run_id: null,
    config: 'modules:\n  packages:\n    install: [curl, jq]\n',
    plan: PLAN,
    steps: [],
    ...part,
  } satisfies HostSetup);
}

function buildSetups(machine: Machine): readonly HostSetup[] {
  const step = { module: 'packages', title: 'Install packages', reason: null, code: null, hint: null, took_ms: 12_400, attempts: 3 };
  const ended = { run_id: 'r1', actions: ['resume', 'roll_back'] } satisfies Partial<HostSetup>;
  return [
    buildSetup(machine, {}),
    buildSetup(machine, {
      ...ended,
      id: 'degraded',
      state: 'degraded',
      error_code: 'HOST_SETUP_DEGRADED',
      error: 'Done, but 1 of 3 steps were left out: Time zone',
      steps: [
        { ...step, step_id: 'packages/all', result: 'changed' },
        { ...step, step_id: 'system_base/locale', module: 'system_base', title: 'Locale', result: 'unchanged', took_ms: 30, attempts: 1 },
        {
          ...step,
          step_id: 'system_base/zone',
          module: 'system_base',
          title: 'Time zone',
          result: 'degraded',
          reason: 'timedatectl does not answer',
          hint: 'timedatectl set-timezone Europe/Madrid',
        },
      ],
    }),
    buildSetup(machine, {
      id: 'no-plan',
      state: 'plan_failed',
      actions: [],
      plan: null,
      plan_hash: null,
      counts: null,
      error_code: 'HOST_KEY_CHANGED',
      error: '192.0.2.17 shows another key than the one that was confirmed. Nothing was sent.',
    }),
  ];
}

/**
 * Answers for the host set-up in place of the portal, so that pages show everything that they can without a host behind them. The answers are
 * what the contract allows; that the portal gives such ones is proven where a real host is set up.
 */
export async function answerHostSetups(page: Page, machine: Machine): Promise<void> {
  const setups = buildSetups(machine);
  const answer = async (path: string, body: unknown): Promise<void> => {
    await page.route(`**/api/v1/${path}`, (route) => route.fulfill({ json: body }));
  };
  await answer('host-logins', hostLoginListSchema.parse({ host_logins: [LOGIN] }));
  await answer('host-profiles', hostProfileListSchema.parse(PROFILES));
  await answer('host-setups?*', hostSetupListSchema.parse({ host_setups: setups }));
  for (const setup of setups) await answer(`host-setups/${setup.id}`, setup);
  await answer('host-keys/look-up', {
    server_id: machine.server_id,
    moid: machine.moid,
    host: '192.0.2.17',
    port: 22,
    key_type: 'ssh-ed25519',
    fingerprint: 'SHA256:AbCdEfGhIjKlMnOpQrStUvWxYz0123456789+/AbCdE',
    status: 'changed',
    trusted: { key_type: 'ssh-ed25519', fingerprint: LOGIN.fingerprint, at: AT, by: 'anna' },
  });
}
