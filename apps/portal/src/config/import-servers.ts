import { type ServerCreate, serverCreateSchema } from '@breakwater/contract';
import { z } from 'zod';

export type ImportResult =
  | { readonly ok: true; readonly servers: readonly ServerCreate[] }
  | { readonly ok: false; readonly problems: readonly string[] };

/** A file of hand-written servers is small; more is not one. */
const MAX_LENGTH = 1_048_576;

const entrySchema = serverCreateSchema.extend({ id: z.string().optional() }).strict();

/** Reads `config/servers.json` in the format of spec 02. Ids are not taken over: the registry gives its own. */
export function importServersJson(text: string): ImportResult {
  if (text.length > MAX_LENGTH) return fail('the file is larger than 1 MiB');
  let document: unknown;
  try {
    document = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    return fail(`it is not valid JSON (${error instanceof SyntaxError ? describePlace(error.message) : 'unreadable'})`);
  }
  const outer = z.object({ servers: z.record(z.string(), z.unknown()) }).safeParse(document);
  if (!outer.success) return fail('it must hold an object {"servers": {"<id>": {"name": …, "host": …, "user": …, "password": …}}}');
  const servers: ServerCreate[] = [];
  const problems: string[] = [];
  for (const [id, value] of Object.entries(outer.data.servers)) {
    const parsed = entrySchema.safeParse(value);
    if (parsed.success) {
      const { id: _, ...server } = parsed.data;
      servers.push(server);
    } else {
      problems.push(...parsed.error.issues.slice(0, 5).map((issue) => describeIssue(id, issue)));
    }
  }
  return problems.length === 0 ? { ok: true, servers } : { ok: false, problems };
}

const fail = (reason: string): ImportResult => ({ ok: false, problems: [`The list of servers cannot be read: ${reason}.`] });

/** The parser's message repeats the text around the fault, and that may be a password: only the place is kept. */
function describePlace(message: string): string {
  return /at position \d+( \(line \d+ column \d+\))?/.exec(message)?.[0] ?? 'it ends too early or holds a stray character';
}

function describeIssue(id: string, issue: z.core.$ZodIssue): string {
  const key = issue.path.map(String).join('.');
  return `Server "${id.slice(0, 60)}"${key === '' ? '' : `, "${key}"`}: ${issue.message}.`;
}
