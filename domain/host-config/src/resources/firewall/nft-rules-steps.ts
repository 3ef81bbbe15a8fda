import type { ApplyContext, Step, StepContext } from '../../plan/step.ts';
import type { SavedFile } from '../../plan/undo.ts';
import { runChecked, toExitCode } from '../command/run-checked.ts';
import { ensureParents } from '../file/ensure-parents.ts';
import { createFileStep } from '../file/file-step.ts';
import { saveForUndo } from '../file/keep-file.ts';
import { hashBytes, readSavedFile } from '../file/saved-file.ts';
import { createRuleset, FIREWALL_TABLE, type RulesetOptions } from './create-ruleset.ts';

export interface NftRulesOptions extends RulesetOptions {
  /** The kernel's rules are changed too; else the file waits for the next boot. */
  readonly isLive: boolean;
}

const RULES = '/etc/nftables.conf';
/** What was loaded before, as a script that loads it again. */
const BEFORE = '/var/lib/vps-configurator/firewall/before.nft';
const REVERT_UNIT = 'vps-configurator-firewall-revert';
/** Long enough for one command over a slow link, short enough to wait for when it has cut us off. */
const REVERT_AFTER_S = 60;
const TIMEOUT_MS = 30_000;

/** Rules for what may come in, in a table of our own; checked by nft, and taken back by the host itself when it can no longer be reached. */
export function createNftRulesSteps(options: NftRulesOptions): readonly Step[] {
  const mark = toMark(options);
  const text = createRuleset(options, mark);
  const file = createFileStep({
    path: RULES,
    content: text,
    attributes: { mode: 0o755 },
    validate: ['nft', '-c', '-f', '{}'],
    title: 'Write the firewall rules',
  });
  return options.isLive ? [file, createLoadStep(mark, options.sshPorts)] : [file];
}

function createLoadStep(mark: string, sshPorts: readonly number[]): Step {
  return {
    id: 'nft:load',
    title: 'Load the firewall rules',
    lane: { kind: 'local' },
    async plan(context) {
      if ((await readTable(context))?.includes(`comment "${mark}"`) === true) return null;
      return {
        summary: `load ${RULES}`,
        details: [{ kind: 'command', argv: ['nft', '-f', RULES] }],
        dangers: [`Only SSH (port ${sshPorts.join(', ')}) and the listed ports can be reached from then on.`],
      };
    },
    async apply(context) {
      await keepLoaded(context);
      const done = await context.record({
        kind: 'command',
        argv: ['nft', '-f', BEFORE],
        title: 'Load the firewall rules that were there before',
      });
      await scheduleRevert(context);
      await run(['nft', '-f', RULES], context);
      // The answer has to come back through the new rules; when it does not, nobody calls the revert off.
      await run(['true'], context);
      await run(['systemctl', 'stop', `${REVERT_UNIT}.timer`], context);
      await done();
    },
  };
}

async function readTable({ host, signal }: StepContext): Promise<string | null> {
  const result = await host.run(
    { argv: ['nft', 'list', 'table', 'inet', FIREWALL_TABLE], timeoutMs: TIMEOUT_MS, weight: 'glance' },
    { signal },
  );
  return toExitCode(result) === 0 ? result.stdout : null;
}

async function keepLoaded(context: ApplyContext): Promise<void> {
  const table = await readTable(context);
  const clear = `table inet ${FIREWALL_TABLE} {}\ndelete table inet ${FIREWALL_TABLE}\n`;
  const bytes = new TextEncoder().encode(`${clear}${table ?? ''}`);
  const before = await readSavedFile(BEFORE, context);
  await ensureParents(BEFORE, context);
  const attributes = { mode: 0o600, uid: 0, gid: 0 };
  const after: SavedFile = { kind: 'file', ...attributes, mtimeMs: 0, target: null, sha256: await hashBytes(bytes) };
  const done = await saveForUndo({ path: BEFORE, before, after }, context);
  await context.host.files.write(BEFORE, bytes, attributes);
  await done();
}

/** By systemd on the host: it must not need us, or a link to us. */
async function scheduleRevert(context: ApplyContext): Promise<void> {
  await context.host.run({ argv: ['systemctl', 'stop', `${REVERT_UNIT}.timer`], timeoutMs: TIMEOUT_MS }, { signal: context.signal });
  const timer = [`--on-active=${REVERT_AFTER_S}`, `--unit=${REVERT_UNIT}`, '--collect'];
  await run(['systemd-run', ...timer, 'nft', '-f', BEFORE], context);
}

async function run(argv: readonly [string, ...string[]], context: ApplyContext): Promise<void> {
  await runChecked({ argv, timeoutMs: TIMEOUT_MS }, context, {
    code: 'HOST_FIREWALL_FAILED',
    message: `"${argv.join(' ')}" failed`,
    hint: `The host puts its old rules back within ${REVERT_AFTER_S} seconds.`,
  });
}

/** Stands in the table as its comment, so that what is loaded can be told from what is written without comparing rules, which nft prints in its own way. */
function toMark(options: RulesetOptions): string {
  let hash = 0xcbf2_9ce4_8422_2325n;
  for (const byte of new TextEncoder().encode(createRuleset(options, ''))) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100_0000_01b3n);
  }
  return `vps-configurator ${hash.toString(16).padStart(16, '0')}`;
}
