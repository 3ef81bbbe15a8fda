import type { Step, StepContext } from '../../plan/step.ts';
import { runChecked } from '../command/run-checked.ts';

export interface DebconfStepOptions {
  /** The package that asks. */
  readonly owner: string;
  /** `tzdata/Zones/Europe`. */
  readonly question: string;
  /** debconf's word: `select`, `string`, `boolean`. Passwords are not set: debconf keeps them readable for root. */
  readonly type: 'boolean' | 'multiselect' | 'note' | 'select' | 'string';
  readonly value: string;
}

const DATABASE = '/var/cache/debconf/config.dat';
const MAX_DATABASE_BYTES = 8 * 1_024 * 1_024;
const TIMEOUT_MS = 30_000;

/** The answer to a question that a package asks when it is installed. */
export function createDebconfStep(options: DebconfStepOptions): Step {
  const { owner, question, type, value } = options;
  return {
    id: `debconf:${question}`,
    title: `Answer ${question}`,
    lane: { kind: 'apt' },
    async plan(context) {
      if ((await readAnswer(question, context)) === value) return null;
      return {
        summary: `answer ${question} with "${value}"`,
        details: [{ kind: 'command', argv: ['debconf-set-selections'] }],
        dangers: [],
      };
    },
    async apply(context) {
      const before = await readAnswer(question, context);
      const done = await context.record({ kind: 'debconf', owner, question, type, before });
      const stdin = new TextEncoder().encode(`${owner} ${question} ${type} ${value}\n`);
      await runChecked({ argv: ['debconf-set-selections'], stdin, timeoutMs: TIMEOUT_MS }, context, {
        code: 'HOST_DEBCONF_FAILED',
        message: `${question} could not be answered`,
      });
      await done();
    },
  };
}

/** From debconf's file and not from debconf, which takes a lock and may write. Null: never asked, or not answered. */
async function readAnswer(question: string, { host }: StepContext): Promise<string | null> {
  const content = await host.files.read(DATABASE, { maxBytes: MAX_DATABASE_BYTES });
  if (content === null) return null;
  for (const stanza of new TextDecoder().decode(content).split('\n\n')) {
    const lines = stanza.split('\n');
    if (!lines.includes(`Name: ${question}`)) continue;
    const line = lines.find((each) => each === 'Value:' || each.startsWith('Value: '));
    return line === undefined ? null : line.slice('Value: '.length).replaceAll('\\n', '\n');
  }
  return null;
}
