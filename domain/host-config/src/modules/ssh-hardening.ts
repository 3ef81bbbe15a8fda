import { OpsError } from '@breakwater/kernel';
import { z } from 'zod';
import type { HostModule } from '../plan/module.ts';
import type { Step, StepContext } from '../plan/step.ts';
import { createDirectoryStep } from '../resources/file/directory-step.ts';
import { createFileStep } from '../resources/file/file-step.ts';
import { createPackagesStep } from '../resources/packages/packages-step.ts';
import { createReloadStep } from '../resources/service/reload-step.ts';
import { createServiceStep } from '../resources/service/service-step.ts';
import { accountName, portNumber } from './config-fields.ts';
import { findAdministrator } from './find-administrator.ts';

const schema = z.strictObject({
  /** Null leaves the port alone. */
  port: portNumber.nullable().default(null),
  password_authentication: z.boolean().default(false),
  permit_root_login: z.enum(['no', 'prohibit-password', 'yes']).default('prohibit-password'),
  /** Empty: everybody who has a key. */
  allow_users: z.array(accountName).default([]),
  max_auth_tries: z.int().min(1).max(20).default(4),
  /** Seconds of silence after which a session is asked whether it still lives. */
  client_alive_interval: z.int().min(0).max(86_400).default(300),
  x11_forwarding: z.boolean().default(false),
  allow_tcp_forwarding: z.boolean().default(true),
});

type Config = z.output<typeof schema>;

const MAIN = '/etc/ssh/sshd_config';
const FOLDER = '/etc/ssh/sshd_config.d';
/** sshd takes the first value it reads, so this stands before what cloud-init writes (50-cloud-init.conf). */
const DROP_IN = `${FOLDER}/00-vps-configurator.conf`;

export const sshHardening: HostModule<Config> = {
  name: 'ssh_hardening',
  description: 'SSH with keys only',
  priority: 60,
  dependsOn: ['users_ssh'],
  schema,
  services: () => ['apt_repository'],
  validate(config, facts) {
    if (config.port === null || facts.sshPort === null || config.port === facts.sshPort) return [];
    const text = `SSH moves from port ${facts.sshPort} to ${config.port}; this session goes on, new ones must use the new port.`;
    return [{ severity: 'warning', text, hint: `Let the firewall open it: ssh_ports: [${config.port}].` }];
  },
  steps: (config, facts) => [
    createPackagesStep({ names: ['openssh-server'] }),
    // sshd -t needs it, and it is there only while sshd runs.
    createDirectoryStep({ path: '/run/sshd' }),
    createFileStep({ path: MAIN, content: includeDropIns, validate: ['sshd', '-t', '-f', '{}'], title: 'Let sshd read its drop-ins' }),
    createGuardedStep(config),
    createServiceStep({ unit: 'ssh.service', isEnabled: true, isActive: true, hasSystemd: facts.hasSystemd }),
    createReloadStep({
      unit: 'ssh.service',
      verb: 'reload',
      reads: [MAIN, FOLDER],
      follows: [`file:${MAIN}`, `file:${DROP_IN}`],
      hasSystemd: facts.hasSystemd,
      check: ['sshd', '-t'],
    }),
  ],
  async verify(config, context) {
    if (config.password_authentication) return [];
    const name = await findAdministrator(toRules(config), context);
    const text = name === null ? 'Nobody who can become root has a key.' : `${name} can sign in with a key.`;
    return [{ title: 'An administrator can sign in', isOk: name !== null, text }];
  },
};

/** Debian's own file has the line; one that was replaced may not. */
function includeDropIns(current: string | null): string {
  const line = `Include ${FOLDER}/*.conf`;
  if (current?.split('\n').some((each) => /^\s*Include\s+\/etc\/ssh\/sshd_config\.d\/\*\.conf\s*$/.test(each)) === true) return current;
  return `${line}\n${current ?? ''}`;
}

/**
 * Written only when somebody can still get in afterwards. Users of the same run are made before this is applied, but not before it is planned, so a
 * plan warns and an apply refuses.
 */
function createGuardedStep(config: Config): Step {
  const step = createFileStep({ path: DROP_IN, content: toDropIn(config), validate: ['sshd', '-t', '-f', '{}'], title: 'Harden SSH' });
  if (config.password_authentication) return step;
  return {
    ...step,
    async plan(context) {
      const change = await step.plan(context);
      if (change === null || (await canSignIn(config, context))) return change;
      const danger = 'Nobody who can become root has a key yet; if that is still so when it is applied, it is refused.';
      return { ...change, dangers: [...change.dangers, danger] };
    },
    async apply(context, change) {
      if (!(await canSignIn(config, context))) throw lockOut();
      await step.apply(context, change);
    },
  };
}

const canSignIn = async (config: Config, context: StepContext): Promise<boolean> =>
  (await findAdministrator(toRules(config), context)) !== null;

const toRules = (config: Config): Parameters<typeof findAdministrator>[0] => ({
  mayRootSignIn: config.permit_root_login !== 'no',
  allowedUsers: config.allow_users,
});

function toDropIn(config: Config): string {
  const yesNo = (value: boolean): string => (value ? 'yes' : 'no');
  const lines = [
    '# Written by vps-configurator.',
    ...(config.port === null ? [] : [`Port ${config.port}`]),
    `PermitRootLogin ${config.permit_root_login}`,
    'PubkeyAuthentication yes',
    `PasswordAuthentication ${yesNo(config.password_authentication)}`,
    `KbdInteractiveAuthentication ${yesNo(config.password_authentication)}`,
    'PermitEmptyPasswords no',
    `MaxAuthTries ${config.max_auth_tries}`,
    `ClientAliveInterval ${config.client_alive_interval}`,
    `X11Forwarding ${yesNo(config.x11_forwarding)}`,
    `AllowTcpForwarding ${yesNo(config.allow_tcp_forwarding)}`,
    ...(config.allow_users.length === 0 ? [] : [`AllowUsers ${config.allow_users.join(' ')}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function lockOut(): OpsError {
  return new OpsError({
    code: 'HOST_SSH_LOCKOUT',
    message: 'Without passwords nobody who can become root could sign in any more; SSH stays as it is.',
    details: {
      hint: 'Give an administrator a key (module users_ssh: admin: true, keys: [...]), or set password_authentication: true.',
    },
  });
}
