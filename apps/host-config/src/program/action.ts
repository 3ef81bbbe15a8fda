import type { ConfigLayer } from '@breakwater/host-config';
import { OpsError } from '@breakwater/kernel';
import type { Command } from 'commander';
import { type Console, createConsole } from '../console.ts';
import type { LogLevel } from '../event-text.ts';
import { EXIT } from '../exit-codes.ts';
import { loadSettings, type Settings, type SettingsFlags } from '../load-settings.ts';
import { openSession, type Session, type SessionFlags } from '../open-session.ts';
import type { HostParts, OpenedRuns } from '../parts.ts';
import type { Ending } from '../program.ts';
import { createProgressView, type ProgressView } from '../progress-view.ts';
import type { Surroundings } from '../surroundings.ts';

export interface ProgramRoom {
  readonly surroundings: Surroundings;
  readonly ending: Ending;
}

export interface GlobalFlags {
  readonly json: boolean;
  readonly ui: 'auto' | 'plain' | 'json';
  readonly color: boolean;
  readonly logLevel: LogLevel;
  readonly stateDir?: string;
  readonly host?: string;
  readonly root?: string;
  readonly identity?: string;
  readonly knownHosts?: string;
}

/** Adds the options that choose settings and modules. */
export function withSelection(command: Command): Command {
  return withSettings(command)
    .option('--module <name...>', 'only these modules and what they need')
    .option('--skip <name...>', 'leave these modules out');
}

export function withSettings(command: Command): Command {
  return command
    .option('--profile <name>', 'a named selection of modules; "profiles list" names them')
    .option('--config <file>', 'settings in YAML, over /etc/vps-configurator/config.yaml')
    .option('--set <key=value...>', 'one setting, over all files: --set apt.cache_valid=60');
}

export function toSettingsFlags(flags: Partial<SettingsFlags>): SettingsFlags {
  const { config, profile, set = [] } = flags;
  return { set, ...(profile === undefined ? {} : { profile }), ...(config === undefined ? {} : { config }) };
}

export function toSessionFlags(flags: Partial<SessionFlags>): SessionFlags {
  const { bundle, bundleSha256, host, identity, knownHosts, module = [], offline = false, root, skip = [], stateDir } = flags;
  if (bundleSha256 !== undefined && bundle === undefined) {
    throw new OpsError({ code: 'HOST_USAGE_TARGET', message: '--bundle-sha256 says something of a bundle: name one with --bundle.' });
  }
  if (host !== undefined && root !== undefined) {
    throw new OpsError({ code: 'HOST_USAGE_TARGET', message: 'Name a host or a tree, not both: --host and --root exclude each other.' });
  }
  return {
    ...toSettingsFlags(flags),
    module,
    skip,
    offline: offline || bundle !== undefined,
    ...(bundle === undefined ? {} : { bundle }),
    ...(bundleSha256 === undefined ? {} : { bundleSha256 }),
    ...(host === undefined ? {} : { host }),
    ...(identity === undefined ? {} : { identity }),
    ...(knownHosts === undefined ? {} : { knownHosts }),
    ...(root === undefined ? {} : { root }),
    ...(stateDir === undefined ? {} : { stateDir }),
  };
}

export function openConsole(command: Command, { surroundings }: ProgramRoom): Console {
  const { color, json, ui } = command.optsWithGlobals<GlobalFlags>();
  return createConsole(surroundings, {
    isJson: json || ui === 'json',
    hasColors: color && surroundings.isTerminal && !surroundings.isColorRefused,
  });
}

export function openView(
  command: Command,
  { console, parts, surroundings }: { readonly console: Console; readonly parts: HostParts; readonly surroundings: Surroundings },
): ProgressView {
  const { logLevel, ui } = command.optsWithGlobals<GlobalFlags>();
  const isDrawn = ui === 'auto' && surroundings.isTerminal && !console.isJson;
  const screen = {
    get columns() {
      return surroundings.columns;
    },
    write: (text: string) => void surroundings.output.write(text),
  };
  return createProgressView({ console, clock: parts.clock, level: logLevel, screen: isDrawn ? screen : null });
}

export interface SettingsWork {
  readonly console: Console;
  readonly parts: HostParts;
  readonly settings: Settings;
}

/** A command that needs the settings and no host. */
export async function withLoadedSettings(
  command: Command,
  room: ProgramRoom,
  work: (at: SettingsWork) => number | Promise<number>,
): Promise<void> {
  const parts = await room.surroundings.loadParts();
  const settings = await loadSettings(toSettingsFlags(command.optsWithGlobals()), { parts, surroundings: room.surroundings });
  room.ending.exitCode = await work({ console: openConsole(command, room), parts, settings });
}

export interface SessionWork {
  readonly console: Console;
  readonly parts: HostParts;
  readonly session: Session;
  readonly flags: SessionFlags;
  readonly signal: AbortSignal;
}

/** A command that looks at a host. Ctrl-C ends it in order; a second one is answered, and changes nothing. */
export async function withSession(
  command: Command,
  room: ProgramRoom & { readonly extra?: readonly ConfigLayer[] },
  work: (at: SessionWork) => Promise<number>,
): Promise<void> {
  const { ending, extra = [], surroundings } = room;
  const console = openConsole(command, room);
  const flags = toSessionFlags(command.optsWithGlobals());
  const parts = await surroundings.loadParts();
  const abort = new AbortController();
  const stopListening = surroundings.onInterrupt(() => {
    console.warn(abort.signal.aborted ? 'Still ending what must not be cut off, such as a running dpkg.' : 'Interrupted; ending in order.');
    abort.abort(new OpsError({ code: 'HOST_INTERRUPTED', message: 'Interrupted.' }));
  });
  try {
    const { signal } = abort;
    const session = await openSession(flags, { surroundings, parts, signal, warn: (line) => console.warn(line), extra });
    try {
      ending.exitCode = await work({ console, parts, session, flags, signal });
    } finally {
      await session.close();
    }
  } catch (error) {
    if (!abort.signal.aborted || error !== abort.signal.reason) throw error;
    ending.exitCode = EXIT.interrupted;
  } finally {
    stopListening();
  }
}

export async function withRuns<T>(
  options: { readonly parts: HostParts; readonly stateDir: string; readonly command: string },
  work: (runs: OpenedRuns) => Promise<T>,
): Promise<T> {
  const runs = await options.parts.openRuns(options);
  try {
    return await work(runs);
  } finally {
    await runs.close();
  }
}
