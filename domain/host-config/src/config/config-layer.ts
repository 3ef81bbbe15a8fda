import { OpsError } from '@breakwater/kernel';
import { isCollection, isNode, LineCounter, parse, parseDocument } from 'yaml';

const MAX_CHARACTERS = 1_048_576;
const MAX_DEPTH = 16;

/** One source of settings; a later one wins over an earlier one, key by key. */
export interface ConfigLayer {
  /** For people: `built-in`, `profile server`, `/etc/vps-configurator/config.yaml`, `VPSCFG_APT__CACHE_VALID`, `--set`. */
  readonly origin: string;
  readonly values: ConfigTree;
  /** `12:5`, where the source has lines. */
  locate?(path: readonly PropertyKey[]): string | null;
}

export type ConfigTree = Readonly<Record<string, unknown>>;

/** Throws `HOST_CONFIG_INVALID` that names line and column. */
export function parseConfigFile(text: string, options: { readonly origin: string }): ConfigLayer {
  const { origin } = options;
  if (text.length > MAX_CHARACTERS) throw invalidConfig([`${origin}: larger than 1 MiB.`]);
  const lineCounter = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter, prettyErrors: false });
    const problems = [...document.errors, ...document.warnings].map(({ message, pos }) => {
      const { col, line } = lineCounter.linePos(pos[0]);
      return `${origin}:${line}:${col}: ${message}`;
    });
    if (problems.length > 0) throw invalidConfig(problems);
    const values: unknown = document.toJS({ maxAliasCount: 100 }) ?? {};
    if (!isTree(values)) throw invalidConfig([`${origin}: it must hold settings, such as "performance:", and holds something else.`]);
    refuseDeep(values, { origin, depth: 0 });
    return { origin, values, locate: (path) => locate(document.contents, path, lineCounter) };
  } catch (error) {
    // Nesting without end runs the parser out of its stack.
    if (error instanceof RangeError || error instanceof ReferenceError) throw invalidConfig([`${origin}: it is nested too deeply.`]);
    throw error;
  }
}

/** `performance.timeouts.download=60`; the value is read as YAML, so that numbers, `true` and `[a, b]` are what they look like. */
export function parseAssignment(text: string, options: { readonly origin: string }): ConfigLayer {
  const match = /^([A-Za-z0-9_.-]{1,300})=(.*)$/s.exec(text);
  if (match === null) throw invalidConfig([`${options.origin} "${text.slice(0, 80)}": write it as key=value, such as apt.cache_valid=60.`]);
  const [, key = '', value = ''] = match;
  return assign(key.split('.'), value, options.origin);
}

const VARIABLE_PREFIX = 'VPSCFG_';

/** `VPSCFG_PERFORMANCE__MAX_WORKERS=2`: levels are parted by two underscores. */
export function readConfigVariables(environment: Readonly<Record<string, string | undefined>>): readonly ConfigLayer[] {
  return Object.entries(environment)
    .filter(([name, value]) => name.startsWith(VARIABLE_PREFIX) && value !== undefined && value !== '')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value = '']) => assign(name.slice(VARIABLE_PREFIX.length).toLowerCase().split('__'), value, name));
}

function assign(path: readonly string[], text: string, origin: string): ConfigLayer {
  if (path.includes('') || path.length > MAX_DEPTH) throw invalidConfig([`${origin}: "${path.join('.')}" is no key.`]);
  if (text.length > MAX_CHARACTERS) throw invalidConfig([`${origin}: larger than 1 MiB.`]);
  let value: unknown;
  try {
    value = parse(text, { prettyErrors: false, maxAliasCount: 0 });
  } catch (error) {
    throw invalidConfig([`${origin}: ${error instanceof Error ? error.message : 'it cannot be read'}`]);
  }
  const values = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as ConfigTree;
  refuseDeep(values, { origin, depth: 0 });
  return { origin, values };
}

export function isTree(value: unknown): value is ConfigTree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function invalidConfig(problems: readonly string[]): OpsError {
  return new OpsError({
    code: 'HOST_CONFIG_INVALID',
    message: `The configuration is wrong:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    details: { problems },
  });
}

function refuseDeep(value: unknown, at: { readonly origin: string; readonly depth: number }): void {
  if (typeof value !== 'object' || value === null) return;
  if (at.depth > MAX_DEPTH) throw invalidConfig([`${at.origin}: it is nested too deeply.`]);
  for (const [key, inner] of Object.entries(value)) {
    // Merging this key would change every object of the program.
    if (key === '__proto__') throw invalidConfig([`${at.origin}: "__proto__" is no key.`]);
    refuseDeep(inner, { origin: at.origin, depth: at.depth + 1 });
  }
}

/** The nearest node of the path that the source has. */
function locate(contents: unknown, path: readonly PropertyKey[], lines: LineCounter): string | null {
  if (!isCollection(contents)) return null;
  for (let length = path.length; length > 0; length--) {
    const node = contents.getIn(path.slice(0, length) as (string | number)[], true);
    if (!isNode(node) || !node.range) continue;
    const { col, line } = lines.linePos(node.range[0]);
    return `${line}:${col}`;
  }
  return null;
}
