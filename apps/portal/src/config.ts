import { Secret } from '@breakwater/kernel';
import { findNearest } from './config/nearest-name.ts';
import type { Variable } from './config/variable.ts';
import { VARIABLES } from './config/variables.ts';

type ValueOf<Row> = Row extends Variable<infer Value> ? Value : never;

/** Everything the environment may say, parsed. Times are in milliseconds. */
export type Config = { readonly [Key in keyof typeof VARIABLES]: ValueOf<(typeof VARIABLES)[Key]> };

/** How files named by `<NAME>_FILE` are read; throws when one cannot be. */
export interface ConfigFiles {
  readText(path: string): string;
}

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  /** One line for each thing that is wrong, fit for printing; no line holds a secret. */
  | { readonly ok: false; readonly problems: readonly string[] };

type Environment = Readonly<Record<string, string | undefined>>;

/** Names of ours: one that is not in the table is a slip, and a slip that is ignored is a setting without effect. */
const OWN_PREFIXES = ['BREAKWATER_', 'ESXI_', 'CB_', 'THUMBNAIL_', 'VM_LIST_', 'BACKGROUND_REFRESH_', 'WS_PROXY_'] as const;

/** Kubernetes sets these by itself for a service that is called "breakwater". */
const KUBERNETES_LINK = /^BREAKWATER_(SERVICE_(HOST|PORT\w*)|PORT(_\d+_(TCP|UDP)\w*)?)$/;

/** Longest value that is repeated in a problem line. */
const SHOWN_LENGTH = 60;

export function readConfig(env: Environment, options: { readonly files: ConfigFiles }): ConfigResult {
  const problems: string[] = [];
  const entries = Object.entries<Variable>(VARIABLES).map(([key, variable]) => {
    const outcome = readVariable(variable, env, options.files);
    if (outcome.ok) return [key, outcome.value] as const;
    problems.push(outcome.problem);
    return [key, variable.fallback] as const;
  });
  problems.push(...findUnknownNames(env));
  const config = Object.fromEntries(entries) as unknown as Config;
  problems.push(...findContradictions(config));
  return problems.length === 0 ? { ok: true, config } : { ok: false, problems };
}

type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string };

function readVariable(variable: Variable, env: Environment, files: ConfigFiles): Outcome {
  const set = [variable.name, ...variable.aliases].flatMap((name) => {
    const text = env[name] ?? '';
    // Blanks around a password belong to it.
    return text.trim() === '' ? [] : [{ name, text: variable.isSecret ? text : text.trim() }];
  });
  const [first, second] = set;
  if (first !== undefined && second !== undefined && first.text !== second.text) {
    return { ok: false, problem: `${first.name} and ${second.name} mean the same but differ; set only ${variable.name}.` };
  }
  if (first !== undefined) return parseText(variable, first.name, first.text);
  const path = variable.isSecret ? (env[`${variable.name}_FILE`] ?? '') : '';
  if (path === '') return { ok: true, value: variable.fallback };
  let text: string;
  try {
    text = files.readText(path);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    return { ok: false, problem: `${variable.name}_FILE: ${path} cannot be read (${reason}).` };
  }
  return parseText(variable, `${variable.name}_FILE`, text.replace(/\r?\n$/, ''));
}

function parseText(variable: Variable, name: string, text: string): Outcome {
  const parsed = variable.parse(text);
  if (parsed.ok) return parsed;
  const shown = variable.isSecret ? '' : ` is "${text.slice(0, SHOWN_LENGTH)}"; it`;
  return { ok: false, problem: `${name}${shown} must be ${parsed.expected}.` };
}

function findUnknownNames(env: Environment): string[] {
  const known = Object.values<Variable>(VARIABLES).flatMap((variable) => [
    variable.name,
    ...variable.aliases,
    ...(variable.isSecret ? [`${variable.name}_FILE`] : []),
  ]);
  return Object.keys(env)
    .filter((name) => OWN_PREFIXES.some((prefix) => name.startsWith(prefix)))
    .filter((name) => !known.includes(name) && !KUBERNETES_LINK.test(name))
    .map((name) => {
      const nearest = findNearest(name, known);
      const hint = nearest === null ? '' : ` Did you mean ${nearest}?`;
      return `${name.slice(0, SHOWN_LENGTH)} is no variable of this program.${hint}`;
    });
}

function findContradictions(config: Config): string[] {
  const problems: string[] = [];
  const legacy = { ESXI_HOST: config.esxiHost, ESXI_USER: config.esxiUser, ESXI_PASSWORD: config.esxiPassword };
  const missing = Object.entries(legacy).filter(([, value]) => value === null);
  if (missing.length > 0 && missing.length < 3) {
    problems.push(`ESXI_HOST, ESXI_USER and ESXI_PASSWORD belong together; missing: ${missing.map(([name]) => name).join(', ')}.`);
  }
  if (config.wsProxyHost !== null && config.wsProxyPort === null) {
    problems.push('WS_PROXY_HOST has no effect without WS_PROXY_PORT.');
  }
  if (config.wsProxyPort !== null && config.wsProxyPort === config.port) {
    problems.push('WS_PROXY_PORT must differ from PORT; leave it unset to serve consoles on PORT.');
  }
  return problems;
}

/** The configuration in force, one `NAME=value` per line, for `config print`; secrets stay hidden. */
export function formatConfig(config: Config): string {
  const values: Readonly<Record<string, unknown>> = config;
  const lines = Object.entries<Variable>(VARIABLES).map(([key, variable]) => `${variable.name}=${formatValue(variable, values[key])}`);
  return `${lines.join('\n')}\n`;
}

function formatValue(variable: Variable, value: unknown): string {
  if (value === null) return '';
  if (value instanceof Secret) return value.toString();
  if (Array.isArray(value)) return value.join(',');
  if (typeof value !== 'number') return String(value as string | boolean);
  return String(variable.isDuration ? value / 1_000 : value);
}
