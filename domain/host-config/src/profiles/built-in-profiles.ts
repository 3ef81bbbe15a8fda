export interface HostProfile {
  readonly name: string;
  readonly description: string;
  readonly modules: readonly string[];
  /** Parts of the configuration of modules, below what a person writes. */
  readonly config: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const MINIMAL = ['system_base', 'time_sync', 'users_ssh'];
const SERVER = [...MINIMAL, 'apt_sources', 'packages', 'ssh_hardening', 'firewall', 'auto_updates'];
const DOCKER_HOST = [...SERVER, 'docker'];

/** Containers are reached and reach out through this host; Docker filters what it forwards. */
const FORWARDING = { firewall: { forward: 'accept' }, system_base: { sysctl: { 'net.ipv4.ip_forward': '1' } } };

export const BUILT_IN_PROFILES: readonly HostProfile[] = [
  { name: 'minimal', description: 'Name, time and people', modules: MINIMAL, config: {} },
  { name: 'server', description: 'A host on the internet: keys only, a firewall, updates by themselves', modules: SERVER, config: {} },
  { name: 'docker-host', description: 'A server that runs containers', modules: DOCKER_HOST, config: FORWARDING },
  {
    name: 'dev',
    description: 'A docker-host to work on: Node.js, checkouts, tools',
    modules: [...DOCKER_HOST, 'nodejs', 'git_checkouts', 'downloads'],
    config: { ...FORWARDING, packages: { install: ['build-essential', 'git', 'jq', 'tmux'] } },
  },
];
