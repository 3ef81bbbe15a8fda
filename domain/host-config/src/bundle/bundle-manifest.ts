import { OpsError } from '@breakwater/kernel';
import { z } from 'zod';

/** Raised when an older program could not read what a newer one writes. */
export const BUNDLE_VERSION = 1;
export const MAX_MANIFEST_BYTES = 64 * 1_024 ** 2;
const MAX_ENTRIES = 50_000;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const text = z.string().max(4_096);
const blob = { sha256, sizeBytes: z.int().min(0) };
const list = <T extends z.ZodType>(entry: T) => z.array(entry).max(MAX_ENTRIES);

const schema = z.strictObject({
  format: z.literal('vps-configurator-bundle'),
  version: z.literal(BUNDLE_VERSION),
  createdAt: z.iso.datetime(),
  /** Where its packages fit. */
  target: z.strictObject({ osId: text, osVersion: text, osCodename: text, architecture: text }),
  /** What was to be set up. */
  asked: z.strictObject({ profile: text.nullable(), modules: list(text), planHash: text }),
  packages: list(
    z.strictObject({
      name: z.string().regex(/^[a-z0-9][a-z0-9+.-]{0,255}$/),
      version: z.string().regex(/^[A-Za-z0-9.+:~-]{1,256}$/),
      architecture: z.string().regex(/^[a-z0-9-]{1,64}$/),
      /** Fields of the signed index without its place and its hashes. */
      control: z.string().max(1_048_576),
      ...blob,
    }),
  ),
  /** As apt keeps them, with their signatures. */
  lists: list(z.strictObject({ repository: text, name: z.string().regex(/^[A-Za-z0-9._%+:@-]{1,255}$/), ...blob })),
  downloads: list(z.strictObject({ urls: z.array(text).min(1).max(64), wanted: sha256.nullable(), ...blob })),
  checkouts: list(
    z.strictObject({
      url: text,
      branch: text.nullable(),
      commit: z.string().regex(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/),
      /** Commits whose parents are not in the bundle; git's file `shallow`. */
      shallow: z.string().regex(/^(?:[0-9a-f]{40,64}\n)*$/),
      ...blob,
    }),
  ),
  /** What optional parts wanted and could not get. */
  missing: list(z.strictObject({ what: text, why: text })),
});

export type BundleManifest = z.infer<typeof schema>;

export interface BundleBlob {
  readonly sha256: string;
  readonly sizeBytes: number;
}

export function parseBundleManifest(bytes: Uint8Array): BundleManifest {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw createBundleError('HOST_USAGE_BUNDLE', 'It is no bundle: its list of contents cannot be read', error);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const version = typeof value === 'object' && value !== null && 'version' in value ? value.version : null;
  if (typeof version === 'number' && version !== BUNDLE_VERSION) {
    throw createBundleError('HOST_USAGE_BUNDLE', `It is a bundle of version ${version}, and this program reads version ${BUNDLE_VERSION}`);
  }
  const [issue] = result.error.issues;
  throw createBundleError('HOST_USAGE_BUNDLE', `It is no bundle: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`, result.error);
}

/** Each once: two entries may be the same file. */
export function listBlobs({ checkouts, downloads, lists, packages }: BundleManifest): ReadonlyMap<string, BundleBlob> {
  return new Map(
    [...packages, ...lists, ...downloads, ...checkouts].map(({ sha256: hash, sizeBytes }) => [hash, { sha256: hash, sizeBytes }]),
  );
}

export type BundleErrorCode =
  | 'HOST_PREFLIGHT_BUNDLE_DAMAGED'
  | 'HOST_PREFLIGHT_BUNDLE_INCOMPLETE'
  | 'HOST_PREFLIGHT_BUNDLE_OTHER_HOST'
  | 'HOST_PREFLIGHT_BUNDLE_REFUSED'
  | 'HOST_USAGE_BUNDLE';

/** `message` without a full stop. */
export const createBundleError = (code: BundleErrorCode, message: string, cause?: unknown): OpsError =>
  new OpsError({ code, message: `${message}. Nothing was changed.`, cause });
