import type { MemoryCatalog } from './memory-packages.ts';

const plain = (...names: readonly string[]): MemoryCatalog => Object.fromEntries(names.map((name) => [name, { version: '1.0' }]));

/** What the built-in modules install. */
export const MEMORY_CATALOG: MemoryCatalog = {
  ...plain('ca-certificates', 'curl', 'less', 'rsync', 'vim-tiny', 'sudo', 'tzdata', 'locales', 'git', 'jq', 'tmux', 'build-essential'),
  ...plain('docker-ce-cli', 'docker-buildx-plugin', 'docker-compose-plugin', 'npm', 'libnftables1'),
  'openssh-server': {
    version: '9.2',
    files: { '/etc/ssh/sshd_config': 'Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n' },
    units: ['ssh.service'],
  },
  nftables: {
    version: '1.0.6',
    depends: ['libnftables1'],
    files: { '/etc/nftables.conf': 'flush ruleset\n', '/lib/systemd/system/nftables.service': '[Unit]\n' },
  },
  'unattended-upgrades': { version: '2.9', files: { '/etc/apt/apt.conf.d/50unattended-upgrades': '// Debian\n' } },
  'systemd-timesyncd': { version: '252', units: ['systemd-timesyncd.service'] },
  chrony: { version: '4.3', conflicts: ['systemd-timesyncd'], units: ['chrony.service'] },
  'containerd.io': { version: '1.7', units: ['containerd.service'] },
  'docker-ce': { version: '28', depends: ['containerd.io'], units: ['docker.service'] },
  'docker.io': { version: '20', units: ['docker.service'] },
  nodejs: { version: '18' },
};
