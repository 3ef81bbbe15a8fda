import { ApiError } from '../api/api-error.ts';

/** One thing that is wrong with the configuration, and where it stands when that is known. Both counted from 1. */
export interface ConfigProblem {
  readonly at: { readonly line: number; readonly column: number } | null;
  /** In English, from the host configurator. */
  readonly text: string;
}

const PLACE = /^config:(\d{1,6}):(\d{1,6}): (.+)$/s;

/** Empty: the error is not about the configuration. */
export function readConfigProblems(error: unknown): readonly ConfigProblem[] {
  if (!(error instanceof ApiError) || error.code !== 'HOST_CONFIG_INVALID') return [];
  const { problems } = error.details;
  if (!Array.isArray(problems)) return [{ at: null, text: error.message }];
  return problems.filter((problem) => typeof problem === 'string').map(toProblem);
}

function toProblem(problem: string): ConfigProblem {
  const match = PLACE.exec(problem);
  if (match === null) return { at: null, text: problem.replace(/^config: /, '') };
  const [, line, column, text = ''] = match;
  return { at: { line: Number(line), column: Number(column) }, text };
}

/** Where in the text that place is, for a caret; the end of the text when it has become shorter. */
export function toOffset(text: string, { column, line }: { readonly line: number; readonly column: number }): number {
  const lines = text.split('\n');
  const before = lines.slice(0, line - 1).reduce((total, each) => total + each.length + 1, 0);
  return Math.min(text.length, before + Math.min(column - 1, lines[line - 1]?.length ?? 0));
}
