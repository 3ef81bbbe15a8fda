import { describe, expect, test } from 'vitest';
import type { HostFacts } from '../plan/host-facts.ts';
import type { HostModule } from '../plan/module.ts';
import { type PlannableModule, toPlannableModule } from '../plan/plannable-module.ts';
import { applyOn, type HostModuleBed, planOn, rollBackOn } from '../testing/describe-host-module.ts';
import { createMemoryDebian, type MemoryDebianOptions } from '../testing/memory-debian.ts';
import { MemoryRun } from '../testing/memory-run.ts';
import { firewall } from './firewall.ts';
import { sshHardening } from './ssh-hardening.ts';
import { usersSsh } from './users-ssh.ts';

const KEY = `ssh-ed25519 ${btoa(`\0\0\0\x0bssh-ed25519\0\0\0 ${'k'.repeat(32)}`)}`;
const DROP_IN = '/etc/ssh/sshd_config.d/00-vps-configurator.conf';

function open(options: MemoryDebianOptions = {}) {
  const { facts, host, network } = createMemoryDebian({ installed: ['openssh-server'], ...options });
  const bed: HostModuleBed = { host, network, facts, snapshot: async () => host.snapshot(), countRequests: () => network.requests.length };
  return { bed, host, facts };
}

const ready = <C>(module: HostModule<C>, config: unknown, facts: HostFacts): PlannableModule =>
  toPlannableModule(module, module.schema.parse(config), facts);

const people = (name: string, more: Readonly<Record<string, unknown>> = {}) => ({ users: [{ name, admin: true, keys: [KEY], ...more }] });

describe('SSH without passwords', () => {
  test('is refused while nobody could get in any more, and the plan has said so', async () => {
    const { bed, facts, host } = open();
    const modules = [ready(sshHardening, {}, facts)];
    const plan = await planOn(bed, modules);
    expect(JSON.stringify(plan)).toContain('Nobody who can become root has a key yet');
    const report = await applyOn(bed, { modules, run: new MemoryRun() });
    expect(report.steps.find(({ result }) => result.kind === 'failed')?.result).toMatchObject({ code: 'HOST_SSH_LOCKOUT' });
    expect(host.text(DROP_IN)).toBeNull();
    expect(host.commands.filter(([, verb]) => verb === 'reload')).toEqual([]);
  });

  test.each([
    ['an administrator of the same run', {}, people('anna'), 'succeeded'],
    ['root with a key', {}, people('root'), 'succeeded'],
    ['root with a key, where root may not sign in', { permit_root_login: 'no' }, people('root'), 'failed'],
    ['an administrator who is not let in', { allow_users: ['berta'] }, people('anna'), 'failed'],
    ['somebody who is no administrator', { permit_root_login: 'no' }, people('anna', { admin: false }), 'failed'],
    ['an administrator without a login', { permit_root_login: 'no' }, people('anna', { shell: '/usr/sbin/nologin' }), 'failed'],
    ['nobody, with passwords', { password_authentication: true }, { users: [] }, 'succeeded'],
  ])('with %s', async (_title, ssh, users, end) => {
    const { bed, facts } = open();
    const modules = [ready(usersSsh, users, facts), ready(sshHardening, ssh, facts)];
    expect((await applyOn(bed, { modules, run: new MemoryRun() })).end).toBe(end);
  });

  test('is reloaded only when sshd accepts the whole configuration', async () => {
    const reject = {
      scripts: [({ argv }: { readonly argv: readonly string[] }) => (argv.join(' ') === 'sshd -t' ? { exitCode: 255 } : undefined)],
    };
    const { bed, facts, host } = open(reject);
    const modules = [ready(usersSsh, people('root'), facts), ready(sshHardening, {}, facts)];
    const report = await applyOn(bed, { modules, run: new MemoryRun() });
    expect(report.steps.at(-1)?.result).toMatchObject({ kind: 'failed', code: 'HOST_SERVICE_REJECTED' });
    expect(host.commands.filter(([, verb]) => verb === 'reload')).toEqual([]);
  });

  test('is taken back before sshd reads its files again', async () => {
    const { bed, facts, host } = open();
    const run = new MemoryRun();
    const modules = [ready(usersSsh, people('root'), facts), ready(sshHardening, {}, facts)];
    await applyOn(bed, { modules, run });
    host.commands.length = 0;
    let isBackAtReload: boolean | null = null;
    const original = host.run.bind(host);
    host.run = async (command, options) => {
      if (command.argv[1] === 'reload') isBackAtReload = host.text(DROP_IN) === null;
      return await original(command, options);
    };
    expect((await rollBackOn(bed, run)).failed).toEqual([]);
    expect(isBackAtReload).toBe(true);
  });

  test('tells in a check who can still get in', async () => {
    const { bed, facts } = open();
    const context = { host: bed.host, network: bed.network, signal: new AbortController().signal, progress: () => undefined };
    const config = sshHardening.schema.parse({});
    expect(await sshHardening.verify?.(config, context)).toMatchObject([{ isOk: false }]);
    await applyOn(bed, { modules: [ready(usersSsh, people('root'), facts)], run: new MemoryRun() });
    expect(await sshHardening.verify?.(config, context)).toMatchObject([{ isOk: true, text: 'root can sign in with a key.' }]);
  });
});

describe('the firewall', () => {
  test('keeps the port of the session open, whatever the configuration says, and warns', async () => {
    const { bed, facts, host } = open({ facts: { sshPort: 2222 } });
    const module = ready(firewall, { ssh_ports: [22] }, facts);
    expect(module.findings).toMatchObject([{ severity: 'warning' }]);
    await applyOn(bed, { modules: [module], run: new MemoryRun() });
    expect(host.text('/etc/nftables.conf')).toContain('tcp dport { 22, 2222 } ct state new accept');
  });

  test.each([{ allow: [{ port: 0 }] }, { allow: [{ port: '9-1' }] }, { allow: [{ port: 80, from: ['any; accept'] }] }, { ssh_ports: [] }])(
    'does not take %j',
    (config) => {
      expect(firewall.schema.safeParse(config).success).toBe(false);
    },
  );
});
