import { writeFile } from 'node:fs/promises';
import { type HostModule, type HostProfile, resolveConfig } from '@breakwater/host-config';
import { OpsError } from '@breakwater/kernel';
import { stringify } from 'yaml';
import type { Console } from '../console.ts';

/** How questions are put; the terminal's own one is `createTerminalPrompter`. */
export interface Prompter {
  choose(question: string, options: readonly { readonly value: string; readonly label: string; readonly hint: string }[]): Promise<string>;
  /** `check` says what is wrong with an answer, or nothing. */
  text(
    question: string,
    options: { readonly initial?: string; readonly hint?: string; readonly check?: (text: string) => string | undefined },
  ): Promise<string>;
  confirm(question: string): Promise<boolean>;
}

export interface WizardRoom {
  readonly console: Console;
  readonly prompter: Prompter;
  readonly profiles: readonly HostProfile[];
  readonly modules: readonly HostModule[];
}

/** Asks for what most hosts need and writes it to a file that `plan` and `apply` take. */
export async function writeByWizard(path: string, room: WizardRoom): Promise<void> {
  const { console, prompter } = room;
  const settings = await askSettings(room);
  try {
    await writeFile(path, stringify(settings), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    if (!isThere) throw unwritable(path, error);
    if (!(await prompter.confirm(`${path} is there already. Write it anew?`))) throw unwritable(path, error);
    await writeFile(path, stringify(settings), { mode: 0o600 });
  }
  console.print(`Written: ${path}. This is what it would change:`);
}

interface WizardSettings {
  readonly profile: string;
  readonly modules: Readonly<Record<string, unknown>>;
}

async function askSettings({ modules, profiles, prompter }: WizardRoom): Promise<WizardSettings> {
  const profile = await prompter.choose(
    'What shall this host be?',
    profiles.map(({ description, name }) => ({ value: name, label: name, hint: description })),
  );
  const check = (module: string, key: string) => (text: string) => findProblem(modules, { [module]: { [key]: text } });
  const hostname = await prompter.text('Its name? (empty: as it is)', {
    hint: 'web.example.org',
    check: (text) => (text === '' ? undefined : check('system_base', 'hostname')(text)),
  });
  const timezone = await prompter.text('Its time zone?', { initial: 'UTC', check: check('system_base', 'timezone') });
  const name = await prompter.text('Name of an administrator to make? (empty: none)', {
    check: (text) => (text === '' ? undefined : findProblem(modules, toUsers(text, null))),
  });
  const key =
    name === ''
      ? null
      : await prompter.text('The public key that signs in?', {
          hint: 'ssh-ed25519 AAAA... name',
          check: (text) => findProblem(modules, toUsers(name, text.trim())),
        });
  return {
    profile,
    modules: {
      system_base: { ...(hostname === '' ? {} : { hostname }), timezone },
      ...(key === null ? {} : toUsers(name, key.trim())),
    },
  };
}

function toUsers(name: string, key: string | null): Readonly<Record<string, unknown>> {
  return { users_ssh: { users: [{ name, admin: true, passwordless_sudo: true, keys: key === null ? [] : [key] }] } };
}

/** What the schemas say is the check, so that nothing is asked that would be refused later. */
function findProblem(modules: readonly HostModule[], sections: Readonly<Record<string, unknown>>): string | undefined {
  try {
    resolveConfig({ layers: [{ origin: 'your answer', values: { modules: sections } }], modules });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.split('\n').slice(1).join(' ').trim() : String(error);
  }
}

function unwritable(path: string, error: unknown): OpsError {
  const why = error instanceof Error ? error.message : String(error);
  return new OpsError({ code: 'HOST_USAGE_FILE', message: `${path} is not written: ${why}`, cause: error });
}
