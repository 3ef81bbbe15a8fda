export interface FirewallRule {
  readonly protocol: 'tcp' | 'udp';
  /** `443` or `8000-8010`. */
  readonly port: string;
  /** Addresses or networks, IPv4 or IPv6; empty: from everywhere. */
  readonly from: readonly string[];
}

export interface RulesetOptions {
  readonly rules: readonly FirewallRule[];
  readonly sshPorts: readonly number[];
  /** New SSH connections of one address per minute; null: no limit. */
  readonly sshPerMinute: number | null;
  readonly allowsPing: boolean;
  /** What goes through this host (containers, VPN); their own tools filter it. */
  readonly forwards: boolean;
}

/** The one table of ours; those of others (Docker) are never touched. */
export const FIREWALL_TABLE = 'vps_configurator';

/** nft(8). Adding before deleting makes the file load whether the table is there or not, all in one transaction. */
export function createRuleset(options: RulesetOptions, mark: string): string {
  const { allowsPing, forwards, rules, sshPorts } = options;
  const lines = [
    '#!/usr/sbin/nft -f',
    '# Written by vps-configurator: changes are put back by its next run.',
    `table inet ${FIREWALL_TABLE} {}`,
    `delete table inet ${FIREWALL_TABLE}`,
    `table inet ${FIREWALL_TABLE} {`,
    `  comment "${mark}"`,
    ...(options.sshPerMinute === null ? [] : toSshMeters()),
    '  chain input {',
    '    type filter hook input priority filter; policy drop;',
    '    ct state established,related accept',
    '    ct state invalid drop',
    '    iif lo accept',
    // Without neighbour discovery and path MTU an IPv6 host is cut off within minutes.
    '    icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept',
    '    icmp type { destination-unreachable, time-exceeded, parameter-problem } accept',
    ...(allowsPing
      ? ['    icmp type echo-request limit rate 10/second accept', '    icmpv6 type echo-request limit rate 10/second accept']
      : []),
    ...toSshRules(sshPorts, options.sshPerMinute),
    ...rules.flatMap(toRule),
    '  }',
    '  chain forward {',
    `    type filter hook forward priority filter; policy ${forwards ? 'accept' : 'drop'};`,
    ...(forwards ? [] : ['    ct state established,related accept']),
    '  }',
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

const FAMILIES = [
  { name: 'ssh4', type: 'ipv4_addr', match: 'ip saddr' },
  { name: 'ssh6', type: 'ipv6_addr', match: 'ip6 saddr' },
];

function toSshMeters(): readonly string[] {
  return FAMILIES.map(({ name, type }) => `  set ${name} { type ${type}; size 65535; flags dynamic,timeout; timeout 5m; }`);
}

function toSshRules(ports: readonly number[], perMinute: number | null): readonly string[] {
  const match = `tcp dport { ${ports.join(', ')} } ct state new`;
  const limits =
    perMinute === null
      ? []
      : FAMILIES.map(
          (family) =>
            `    ${match} update @${family.name} { ${family.match} limit rate over ${perMinute}/minute burst ${perMinute} packets } drop`,
        );
  return [...limits, `    ${match} accept`];
}

function toRule({ from, port, protocol }: FirewallRule): readonly string[] {
  const match = `${protocol} dport ${port}`;
  if (from.length === 0) return [`    ${match} accept`];
  const groups = [
    { match: 'ip saddr', addresses: from.filter((address) => !address.includes(':')) },
    { match: 'ip6 saddr', addresses: from.filter((address) => address.includes(':')) },
  ];
  return groups
    .filter(({ addresses }) => addresses.length > 0)
    .map((group) => `    ${group.match} { ${group.addresses.join(', ')} } ${match} accept`);
}
