import { z } from 'zod';
import type { HostModule } from '../plan/module.ts';
import { createNftRulesSteps } from '../resources/firewall/nft-rules-steps.ts';
import { createPackagesStep } from '../resources/packages/packages-step.ts';
import { createServiceStep } from '../resources/service/service-step.ts';
import { portNumber } from './config-fields.ts';

const portRange = z
  .string()
  .regex(/^\d{1,5}-\d{1,5}$/, 'a port, or a range as "8000-8010"')
  .refine((range) => {
    const [from = 0, to = 0] = range.split('-').map(Number);
    return from > 0 && from < to && to < 65_536;
  }, 'a range from a lower to a higher port');

const IPV4 = z.union([z.ipv4(), z.cidrv4()]);
const IPV6 = z.union([z.ipv6(), z.cidrv6()]);

const rule = z.strictObject({
  port: z.union([portNumber.transform(String), portRange]),
  protocol: z.enum(['tcp', 'udp']).default('tcp'),
  /** Addresses or networks; empty: from everywhere. */
  from: z.array(z.union([IPV4, IPV6])).default([]),
});

const schema = z.strictObject({
  allow: z.array(rule).default([]),
  /** The port of the session that applies this is kept open besides. */
  ssh_ports: z.array(portNumber).min(1).default([22]),
  /** New SSH connections of one address per minute; null: no limit. */
  ssh_per_minute: z.int().min(1).max(1_000).nullable().default(30),
  ping: z.boolean().default(true),
  /** What goes through this host; `accept` where containers or a VPN need it. */
  forward: z.enum(['accept', 'drop']).default('drop'),
});

type Config = z.output<typeof schema>;

export const firewall: HostModule<Config> = {
  name: 'firewall',
  description: 'Lets in SSH and what is listed (nftables)',
  priority: 70,
  dependsOn: ['apt_sources'],
  schema,
  services: () => ['apt_repository'],
  validate(config, facts) {
    if (facts.sshPort === null || config.ssh_ports.includes(facts.sshPort)) return [];
    const text = `SSH runs on port ${facts.sshPort}, which is not in ssh_ports; it is kept open all the same.`;
    return [{ severity: 'warning', text, hint: `Add ${facts.sshPort} to ssh_ports.` }];
  },
  steps(config, { hasSystemd, sshPort }) {
    return [
      createPackagesStep({ names: ['nftables'] }),
      ...createNftRulesSteps({
        rules: config.allow,
        sshPorts: [...new Set([...config.ssh_ports, ...(sshPort === null ? [] : [sshPort])])],
        sshPerMinute: config.ssh_per_minute,
        allowsPing: config.ping,
        forwards: config.forward === 'accept',
        isLive: hasSystemd,
      }),
      // Only for the next boot: stopping this unit flushes the rules of everybody, so a rollback must never have to.
      createServiceStep({ unit: 'nftables.service', isEnabled: true, isActive: true, hasSystemd: false }),
    ];
  },
};
