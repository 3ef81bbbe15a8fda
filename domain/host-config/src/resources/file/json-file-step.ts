import { OpsError } from '@breakwater/kernel';
import type { Step } from '../../plan/step.ts';
import { createFileStep, type FileStepOptions } from './file-step.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

export interface JsonFileStepOptions extends Omit<FileStepOptions, 'content'> {
  /** Keys that must be so; what else is in the file stays. Lists are replaced whole. */
  readonly values: { readonly [key: string]: JsonValue };
}

/** Some keys of a JSON file that others may write to as well. */
export function createJsonFileStep({ values, ...file }: JsonFileStepOptions): Step {
  return createFileStep({
    ...file,
    content(current) {
      const before = current === null || current.trim() === '' ? {} : parse(file.path, current);
      const after = merge(before, values);
      // A file that says the same in another shape is left as it is.
      if (current !== null && JSON.stringify(before) === JSON.stringify(after)) return current;
      return `${JSON.stringify(after, null, 2)}\n`;
    },
  });
}

type JsonObject = { readonly [key: string]: JsonValue };

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function merge(before: JsonObject, values: JsonObject): JsonObject {
  const merged = new Map<string, JsonValue>(Object.entries(before));
  for (const [key, value] of Object.entries(values)) {
    const old = merged.get(key);
    merged.set(key, isObject(old) && isObject(value) ? merge(old, value) : value);
  }
  return Object.fromEntries(merged);
}

function parse(path: string, text: string): JsonObject {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw invalid(path, cause);
  }
  if (!isObject(value)) throw invalid(path, null);
  return value;
}

function invalid(path: string, cause: unknown): OpsError {
  return new OpsError({
    code: 'HOST_FILE_JSON',
    message: `${path} holds no JSON object; it is not overwritten.`,
    cause,
    details: { path, hint: 'Mend it or move it away.' },
  });
}
