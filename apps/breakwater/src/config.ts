import { readFileSync } from 'node:fs';
import { OpsError } from '@breakwater/kernel';
import type { Config } from '@breakwater/portal';

type Settings = Readonly<Record<string, string | undefined>>;

/** Reads the environment once; `changes` are what a command's own options say. Every problem is named before anything starts. */
export async function loadConfig(changes: Settings = {}): Promise<Config> {
  return await parse({ ...process.env, ...changes });
}

/** A configuration of these settings alone, for a portal that must not take anything of the user's. */
export async function loadConfigOf(settings: Settings): Promise<Config> {
  return await parse(settings);
}

async function parse(settings: Settings): Promise<Config> {
  const { readConfig } = await import('@breakwater/portal');
  const result = readConfig(settings, { files: { readText: (path) => readFileSync(path, 'utf8') } });
  if (result.ok) return result.config;
  const problems = result.problems.map((problem) => `  - ${problem}`).join('\n');
  throw new OpsError({ code: 'CLI_CONFIG_INVALID', message: `The configuration is wrong:\n${problems}` });
}
