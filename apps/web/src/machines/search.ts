import type { Machine, PowerState } from '@breakwater/contract';

/** What a search field's text means. Every term must hold. */
export interface MachineQuery {
  readonly terms: readonly QueryTerm[];
  /** Words of the form `field:value` that mean nothing; shown, not swallowed. */
  readonly unknown: readonly string[];
}

export type QueryTerm =
  | { readonly kind: 'word'; readonly text: string; readonly negated: boolean }
  | { readonly kind: 'state'; readonly state: PowerState | 'question'; readonly negated: boolean }
  | { readonly kind: 'server'; readonly pattern: RegExp; readonly negated: boolean }
  | { readonly kind: 'host'; readonly pattern: RegExp; readonly negated: boolean }
  | { readonly kind: 'tools'; readonly running: boolean; readonly negated: boolean }
  | {
      readonly kind: 'figure';
      readonly figure: 'cpu' | 'mem';
      readonly above: boolean;
      readonly percent: number;
      readonly negated: boolean;
    };

const STATES: Readonly<Record<string, PowerState | 'question'>> = {
  on: 'poweredOn',
  off: 'poweredOff',
  suspended: 'suspended',
  unknown: 'unknown',
  question: 'question',
};

/** `web01 state:on server:esx-0* -tools:no "two words" cpu:>80` */
export function parseMachineQuery(text: string): MachineQuery {
  const terms: QueryTerm[] = [];
  const unknown: string[] = [];
  for (const match of text.matchAll(/(-?)(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))/giu)) {
    const [whole, minus = '', field, quoted, bare] = match;
    const value = (quoted ?? bare ?? '').toLocaleLowerCase();
    const negated = minus === '-';
    if (value === '') continue;
    const isIpv6 = field !== undefined && /^-?[0-9a-f:]*::?[0-9a-f:]+$/i.test(whole) && whole.split(':').length > 2;
    const term = isIpv6
      ? toTerm(undefined, { value: whole.toLowerCase(), negated: false })
      : toTerm(field?.toLowerCase(), { value, negated });
    if (term === null) unknown.push(whole);
    else terms.push(term);
  }
  return { terms, unknown };
}

function toTerm(field: string | undefined, word: { readonly value: string; readonly negated: boolean }): QueryTerm | null {
  const { value, negated } = word;
  switch (field) {
    case undefined:
      return { kind: 'word', text: value, negated };
    case 'state': {
      const state = Object.hasOwn(STATES, value) ? STATES[value] : undefined;
      return state === undefined ? null : { kind: 'state', state, negated };
    }
    case 'server':
      return { kind: 'server', pattern: toPattern(value), negated };
    case 'host':
      return { kind: 'host', pattern: toPattern(value), negated };
    case 'tools':
      return value === 'yes' || value === 'no' ? { kind: 'tools', running: value === 'yes', negated } : null;
    case 'cpu':
    case 'mem': {
      const figure = /^([<>])(\d{1,3})%?$/.exec(value);
      return figure === null ? null : { kind: 'figure', figure: field, above: figure[1] === '>', percent: Number(figure[2]), negated };
    }
    default:
      return null;
  }
}

/** `*` stands for anything; without one, a part of the name is enough. */
function toPattern(value: string): RegExp {
  const source = value.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(source.length === 1 ? (source[0] ?? '') : `^${source.join('.*')}$`, 'iu');
}

export function matchesQuery(machine: Machine, context: { readonly query: MachineQuery; readonly serverName: string }): boolean {
  return context.query.terms.every((term) => holds(term, { machine, serverName: context.serverName }) !== term.negated);
}

function holds(term: QueryTerm, context: { readonly machine: Machine; readonly serverName: string }): boolean {
  const { machine, serverName } = context;
  switch (term.kind) {
    case 'word':
      return toHaystack(machine).includes(term.text);
    case 'state':
      return term.state === 'question' ? machine.question !== null : machine.power_state === term.state;
    case 'server':
      return term.pattern.test(serverName);
    case 'host':
      return term.pattern.test(machine.host_name ?? '');
    case 'tools':
      return (machine.tools === 'running') === term.running;
    case 'figure': {
      const percent = term.figure === 'cpu' ? machine.cpu_percent : machine.memory_percent;
      if (percent === null) return false;
      return term.above ? percent > term.percent : percent < term.percent;
    }
  }
}

function toHaystack(machine: Machine): string {
  const { name, host_name: host, guest_host_name: guestHost, guest_ip: ip, ip_addresses: ips, guest_os: os, annotation } = machine;
  return [name, host, guestHost, ip, ...ips, os, annotation].join('\n').toLocaleLowerCase();
}

/** True when the answer may change as gauges move. */
export const readsFigures = (query: MachineQuery): boolean => query.terms.some((term) => term.kind === 'figure');
