import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUILT_IN_MODULES, BUILT_IN_PROFILES, type HostModule } from '@breakwater/host-config';
import { createMemoryDebian, type MemoryDebian } from '@breakwater/host-config/testing';
import { type Clock, silentLogger, systemClock } from '@breakwater/kernel';
import { createBundleDoor } from '@breakwater/local-host';
import { openBreakerState, openRunStore } from '@breakwater/storage';
import { afterAll } from 'vitest';
import type { Prompter } from '../commands/wizard.ts';
import { outputSchema } from '../output-schema.ts';
import { runProgram } from '../run-program.ts';
import type { Surroundings } from '../surroundings.ts';

export interface RanInMemory {
  readonly exitCode: number;
  readonly output: string;
  readonly messages: string;
  /** The lines of the output as JSON; only with `--json`. */
  readonly records: readonly Readonly<Record<string, unknown>>[];
}

export interface MemoryRunOptions {
  readonly input?: string;
  readonly isTerminal?: boolean;
  readonly isColorRefused?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
  /** What a person answers; null: nobody is there. */
  readonly answer?: string | null;
  /** Answers the wizard. */
  readonly prompter?: Prompter;
  readonly clock?: Clock;
  /** Beside the built-in ones. */
  readonly modules?: readonly HostModule[];
  /** Is given what Ctrl-C would do. */
  readonly onStart?: (interrupt: () => void) => void;
}

const made: string[] = [];
afterAll(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A host in memory with a state folder on disk, which lives as long as the tests of its file, on which the program is called again and again. */
export interface ProgramBed {
  readonly debian: MemoryDebian;
  readonly folder: string;
  readonly run: (args: readonly string[], options?: MemoryRunOptions) => Promise<RanInMemory>;
}

export function createProgramBed(debian: MemoryDebian = createMemoryDebian()): ProgramBed {
  const folder = mkdtempSync(join(tmpdir(), 'host-cli-'));
  made.push(folder);
  return { debian, folder, run: (args, options = {}) => runInMemory(args, { ...options, debian, folder }) };
}

interface InMemory extends MemoryRunOptions {
  readonly debian: MemoryDebian;
  readonly folder: string;
}

async function runInMemory(args: readonly string[], options: InMemory): Promise<RanInMemory> {
  const written = { output: '', messages: '' };
  const { answer = null, clock = systemClock, debian, folder, modules = [], onStart } = options;
  const surroundings: Surroundings = {
    input: toChunks(options.input ?? ''),
    output: { write: (text) => (written.output += text) },
    messages: { write: (text) => (written.messages += text) },
    isTerminal: options.isTerminal ?? false,
    columns: 100,
    isColorRefused: options.isColorRefused ?? false,
    settings: options.settings ?? {},
    defaultStateDir: join(folder, 'state'),
    systemConfigPath: join(folder, 'system.yaml'),
    defaultKnownHosts: join(folder, 'known_hosts'),
    agentSocket: null,
    userName: 'tester',
    version: '0.0.0',
    onInterrupt(listener) {
      onStart?.(listener);
      return () => undefined;
    },
    ask: () => Promise.resolve(answer),
    openPrompter: () => Promise.resolve(options.prompter ?? null),
    loadParts: () =>
      Promise.resolve({
        clock,
        modules: [...BUILT_IN_MODULES, ...modules],
        profiles: BUILT_IN_PROFILES,
        loadPlugins: () => Promise.resolve([]),
        toHostId: () => debian.host.hostId,
        openHost: () => Promise.resolve(debian.host),
        readFacts: () => Promise.resolve(debian.facts),
        openNetwork: () => debian.network,
        bundles: createBundleDoor(),
        collectBundle: () => Promise.reject(new Error('Bundles are gathered with real tools only.')),
        openRuns: ({ command, stateDir }) => openRunStore({ stateDir, clock, command }),
        openBreakers: ({ stateDir }) => openBreakerState({ path: join(stateDir, 'state.db'), logger: silentLogger, clock }),
      }),
  };
  const exitCode = await runProgram(args, surroundings);
  const lines = args.includes('--json') ? written.output.split('\n').filter((line) => line !== '') : [];
  return { exitCode, ...written, records: lines.map((line) => toRecord(line)) };
}

/** Programs rely on the published schema: a line that it does not allow is a failure of whatever test prints it. */
function toRecord(line: string): Readonly<Record<string, unknown>> {
  const record = JSON.parse(line) as Record<string, unknown>;
  const { error } = outputSchema.safeParse(record);
  if (error !== undefined) throw new Error(`A line is not as "schema events" says: ${line.slice(0, 1_000)}`, { cause: error });
  return record;
}

async function* toChunks(text: string): AsyncIterable<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let from = 0; from < bytes.length; from += 65_536) yield bytes.subarray(from, from + 65_536);
}
