const BRAND = Symbol.for('breakwater.ops-error');

export interface OpsErrorOptions {
  /** Stable, upper snake case with an area, for example `VSPHERE_SESSION_EXPIRED`. Listed in the docs, translated in the UI. */
  readonly code: string;
  readonly message: string;
  readonly cause?: unknown;
  /** Parameters for the translated text. Never secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The one shape in which errors cross a border between packages. */
export class OpsError extends Error {
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly [BRAND] = true;

  constructor(options: OpsErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'OpsError';
    this.code = options.code;
    this.details = options.details ?? {};
  }
}

/** True for any copy of `OpsError`, also one from another realm or a second installed version. */
export function isOpsError(value: unknown): value is OpsError {
  return typeof value === 'object' && value !== null && (value as { [BRAND]?: unknown })[BRAND] === true;
}

/** Gives any thrown value the common shape; an `OpsError` passes unchanged. */
export function toOpsError(value: unknown, fallback: { readonly code: string; readonly message?: string }): OpsError {
  if (isOpsError(value)) return value;
  const text = value instanceof Error ? value.message : String(value);
  return new OpsError({ code: fallback.code, message: fallback.message ?? text, cause: value });
}
