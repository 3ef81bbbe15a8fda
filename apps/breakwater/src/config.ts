import { readFileSync } from 'node:fs';
import { OpsError } from '@breakwater/kernel';
import { type Config, readConfig } from '@breakwater/portal/config';

type Settings = Readonly<Record<string, string | undefined>>;

/** Reads the environment once; `changes` are what a command's own options say. Every problem is named before anything starts. */
export function loadConfig(changes: Settings = {}): Config {
  return parse({ ...process.env, ...changes });
}

/** The demo takes nothing else of the environment: its portal must not touch what belongs to a real one. */
export const readDemoPort = (): string => process.env['PORT'] ?? '';

/** A configuration of these settings alone, for a portal that must not take anything of the user's. */
export function loadConfigOf(settings: Settings): Config {
  return parse(settings);
}

function parse(settings: Settings): Config {
  const result = readConfig(settings, { files: { readText: (path) => readFileSync(path, 'utf8') } });
  if (result.ok) return result.config;
  const problems = result.problems.map((problem) => `  - ${problem}`).join('\n');
  throw new OpsError({ code: 'CLI_CONFIG_INVALID', message: `The configuration is wrong:\n${problems}` });
}
