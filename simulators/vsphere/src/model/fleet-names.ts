import type { Random } from '@breakwater/kernel';
import type { ConsoleKind, MachineIdentity } from './machine.ts';

export interface GuestSystem {
  readonly id: string;
  readonly fullName: string;
  readonly family: MachineIdentity['guestFamily'];
  readonly console: ConsoleKind;
  readonly tools: MachineIdentity['tools'];
}

const UBUNTU: GuestSystem = {
  id: 'ubuntu64Guest',
  fullName: 'Ubuntu Linux (64-bit)',
  family: 'linuxGuest',
  console: 'text',
  tools: 'unmanaged',
};
const DEBIAN: GuestSystem = {
  id: 'debian12_64Guest',
  fullName: 'Debian GNU/Linux 12 (64-bit)',
  family: 'linuxGuest',
  console: 'text',
  tools: 'unmanaged',
};
const ALMA: GuestSystem = {
  id: 'almalinux_64Guest',
  fullName: 'AlmaLinux (64-bit)',
  family: 'linuxGuest',
  console: 'text',
  tools: 'unmanaged',
};
const WINDOWS: GuestSystem = {
  id: 'windows2019srvNext_64Guest',
  fullName: 'Microsoft Windows Server 2022 (64-bit)',
  family: 'windowsGuest',
  console: 'desktop',
  tools: 'current',
};
const WINDOWS_OLD: GuestSystem = {
  id: 'windows9Server64Guest',
  fullName: 'Microsoft Windows Server 2016 (64-bit)',
  family: 'windowsGuest',
  console: 'desktop',
  tools: 'old',
};
const APPLIANCE: GuestSystem = {
  id: 'otherLinux64Guest',
  fullName: 'Other Linux (64-bit)',
  family: 'otherGuestFamily',
  console: 'text',
  tools: 'none',
};
const BSD: GuestSystem = {
  id: 'freebsd14_64Guest',
  fullName: 'FreeBSD 14 or later versions (64-bit)',
  family: 'otherGuestFamily',
  console: 'text',
  tools: 'unmanaged',
};

interface Role {
  readonly stem: string;
  readonly systems: readonly GuestSystem[];
  readonly memoryMb: readonly number[];
  readonly cpus: readonly number[];
  readonly note: string;
}

const ROLES: readonly Role[] = [
  { stem: 'db', systems: [DEBIAN, ALMA], memoryMb: [16_384, 32_768], cpus: [4, 8], note: 'PostgreSQL, backed up nightly' },
  { stem: 'web', systems: [UBUNTU, DEBIAN], memoryMb: [2_048, 4_096], cpus: [2], note: 'Public web tier' },
  { stem: 'app', systems: [UBUNTU, ALMA], memoryMb: [4_096, 8_192], cpus: [2, 4], note: '' },
  { stem: 'mail', systems: [DEBIAN], memoryMb: [8_192], cpus: [4], note: 'Owner: messaging team' },
  { stem: 'dc', systems: [WINDOWS, WINDOWS_OLD], memoryMb: [8_192], cpus: [2], note: 'Domain controller' },
  { stem: 'rds', systems: [WINDOWS], memoryMb: [16_384], cpus: [8], note: 'Remote desktops for accounting' },
  { stem: 'mon', systems: [UBUNTU], memoryMb: [4_096], cpus: [2], note: '' },
  { stem: 'build', systems: [UBUNTU, DEBIAN], memoryMb: [8_192, 16_384], cpus: [8], note: 'CI runner, may be wiped' },
  { stem: 'vpn', systems: [BSD, APPLIANCE], memoryMb: [1_024], cpus: [1], note: '' },
  { stem: 'files', systems: [DEBIAN, WINDOWS], memoryMb: [8_192], cpus: [4], note: 'Departmental shares' },
  { stem: 'cache', systems: [ALMA], memoryMb: [8_192], cpus: [2], note: '' },
  { stem: 'test', systems: [UBUNTU, WINDOWS, APPLIANCE], memoryMb: [2_048], cpus: [1, 2], note: 'Delete after 2026-12-31' },
];

/** Names that a person would give and that software stumbles over. Percent signs come escaped, as the foreign API sends them. */
const SPECIAL_NAMES: readonly { readonly name: string; readonly hostName: string }[] = [
  { name: 'бухгалтерия-1С', hostName: 'buh-1c' },
  { name: 'Почтовый сервер (резерв)', hostName: 'pochta-rez' },
  { name: 'contabilidad-año-2026', hostName: 'contabilidad' },
  { name: 'Diseño gráfico nº 3', hostName: 'diseno-3' },
  { name: 'backup%2fnightly', hostName: 'backup-nightly' },
  { name: 'legacy%5cerp 100%25', hostName: 'legacy-erp' },
  { name: '<script>alert(1)</script>', hostName: 'script-alert' },
  { name: `Bob's "special" & box`, hostName: 'bobs-box' },
  { name: 'тест — не трогать!', hostName: 'test-ne-trogat' },
  { name: '数据库-主', hostName: 'shujuku-zhu' },
];

export interface NamedGuest {
  readonly name: string;
  readonly hostName: string;
  readonly annotation: string;
  readonly system: GuestSystem;
  readonly cpus: number;
  readonly memoryMb: number;
}

const pick = <Item>(items: readonly [Item, ...Item[]] | readonly Item[], random: Random): Item =>
  items[Math.floor(random() * items.length)] as Item;

/** The n-th guest of a fleet: every ninth has a difficult name, the others are numbered per role. */
export function nameGuest(index: number, options: { readonly random: Random; readonly site: string }): NamedGuest {
  const { random, site } = options;
  const role = ROLES[index % ROLES.length] as Role;
  const common = {
    annotation: role.note,
    system: pick(role.systems, random),
    cpus: pick(role.cpus, random),
    memoryMb: pick(role.memoryMb, random),
  };
  const special = index % 9 === 8 ? Math.floor(index / 9) : undefined;
  if (special !== undefined) {
    // Each site begins elsewhere in the list, so that a fleet of several does not show the same few names over and over.
    const position = special + Array.from(site).reduce((sum, character) => sum + (character.codePointAt(0) ?? 0), 0);
    const entry = SPECIAL_NAMES[position % SPECIAL_NAMES.length] as (typeof SPECIAL_NAMES)[number];
    const round = Math.floor(special / SPECIAL_NAMES.length);
    const suffix = round === 0 ? '' : `-${round + 1}`;
    return { ...common, name: `${entry.name}${suffix}`, hostName: `${entry.hostName}${suffix}` };
  }
  const number = String(Math.floor(index / ROLES.length) + 1).padStart(2, '0');
  const name = `${site === '' ? '' : `${site}-`}${role.stem}-${number}`;
  return { ...common, name, hostName: name };
}
