import { z } from 'zod';
import type { HostModule } from '../plan/module.ts';
import { createFileStep } from '../resources/file/file-step.ts';
import { createPackagesStep } from '../resources/packages/packages-step.ts';
import { createServiceStep } from '../resources/service/service-step.ts';

const schema = z.strictObject({
  /** `security` only, or `all` updates of the release. */
  origins: z.enum(['security', 'all']).default('security'),
  reboot: z.boolean().default(false),
  reboot_time: z
    .string()
    .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'a time of day, as "03:30"')
    .default('03:30'),
  mail: z.email().nullable().default(null),
  remove_unused: z.boolean().default(true),
});

type Config = z.output<typeof schema>;

export const autoUpdates: HostModule<Config> = {
  name: 'auto_updates',
  description: 'Security updates by themselves (unattended-upgrades)',
  priority: 80,
  dependsOn: ['apt_sources'],
  schema,
  services: () => ['apt_repository'],
  validate: () => [],
  steps: (config, { hasSystemd }) => [
    createPackagesStep({ names: ['unattended-upgrades'] }),
    createFileStep({
      path: '/etc/apt/apt.conf.d/20auto-upgrades',
      content: 'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n',
    }),
    // Read after 50unattended-upgrades, which Debian owns.
    createFileStep({ path: '/etc/apt/apt.conf.d/52vps-configurator', content: toSettings(config) }),
    ...['apt-daily.timer', 'apt-daily-upgrade.timer'].map((unit) =>
      createServiceStep({ unit, isEnabled: true, isActive: true, hasSystemd }),
    ),
  ],
};

function toSettings({ mail, origins, reboot, reboot_time: time, remove_unused: removes }: Config): string {
  // unattended-upgrades fills in the code name.
  const codename = ['$', '{distro_codename}'].join('');
  const patterns = [
    `origin=Debian,codename=${codename}-security,label=Debian-Security`,
    ...(origins === 'all' ? [`origin=Debian,codename=${codename},label=Debian`, `origin=Debian,codename=${codename}-updates`] : []),
  ];
  const lines = [
    // Lists of apt grow with each file that names them; this begins anew.
    '#clear Unattended-Upgrade::Origins-Pattern;',
    'Unattended-Upgrade::Origins-Pattern {',
    ...patterns.map((pattern) => `  "${pattern}";`),
    '};',
    `Unattended-Upgrade::Automatic-Reboot "${reboot}";`,
    `Unattended-Upgrade::Automatic-Reboot-Time "${time}";`,
    `Unattended-Upgrade::Remove-Unused-Dependencies "${removes}";`,
    ...(mail === null ? [] : [`Unattended-Upgrade::Mail "${mail}";`, 'Unattended-Upgrade::MailReport "on-change";']),
  ];
  return `${lines.join('\n')}\n`;
}
