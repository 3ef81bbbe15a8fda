import type { KeyringStepOptions } from '../resources/packages/keyring-step.ts';

/** What a change takes from the network, so that it can be gathered beforehand. Plain data: it is part of the plan. */
export type Fetch =
  /** Names as apt takes them, `name` or `name=version`; what they depend on comes along. */
  | { readonly kind: 'packages'; readonly orders: readonly string[] }
  /** `sha256: null`: nothing pins it (a signing key, whose fingerprint is pinned instead). */
  | { readonly kind: 'download'; readonly urls: readonly [string, ...string[]]; readonly sha256: string | null }
  | {
      readonly kind: 'checkout';
      readonly url: string;
      readonly commit: string | null;
      readonly branch: string | null;
      /** 0: the whole history. */
      readonly depth: number;
    }
  | RepositoryFetch;

/** The lists of a repository that apt does not know yet. */
export interface RepositoryFetch {
  readonly kind: 'repository';
  readonly name: string;
  /** Beginning of the names of its lists in apt's folder. */
  readonly listPrefix: string;
  /** Its stanza, deb822, and how its lists begin when apt fetches them by that. */
  readonly gathered: { readonly source: string; readonly listPrefix: string };
  /** Its keys, and the path of the stanza where they are put; null: they are on every host. */
  readonly trust: RepositoryTrust | null;
  /** apt_preferences(5). */
  readonly pin: string | null;
}

export interface RepositoryTrust {
  readonly keyring: string;
  readonly key: KeyringStepOptions['source'];
  readonly fingerprints: readonly string[];
}

/** For people: what is asked for. */
export function describeFetch(fetch: Fetch): string {
  switch (fetch.kind) {
    case 'packages':
      return `packages ${fetch.orders.join(', ')}`;
    case 'download':
      return fetch.urls[0];
    case 'checkout':
      return `${fetch.url} at ${fetch.commit ?? fetch.branch ?? 'its default branch'}`;
    case 'repository':
      return `the lists of the repository ${fetch.name}`;
  }
}
