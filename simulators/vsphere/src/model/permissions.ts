import type { Moref } from '@breakwater/vsphere/schema';

/** What may not be read: of one object or of all, one property path with everything below it or all of them. */
export interface DeniedRead {
  readonly moid?: string;
  readonly path?: string;
}

/** What the account may not see. Real servers say so property by property, in `missingSet`. */
export class Permissions {
  #denied: readonly DeniedRead[] = [];

  get denied(): readonly DeniedRead[] {
    return this.#denied;
  }

  deny(rule: DeniedRead): void {
    this.#denied = [...this.#denied, rule];
  }

  clear(): void {
    this.#denied = [];
  }

  isDenied(ref: Moref, path: string): boolean {
    return this.#denied.some(
      (rule) =>
        (rule.moid === undefined || rule.moid === ref.value) &&
        (rule.path === undefined || rule.path === path || path.startsWith(`${rule.path}.`)),
    );
  }
}

/** An entry of `missingSet` for a property that the account may not read. */
export function describeDenied(ref: Moref, path: string): unknown {
  return toMissing(path, { $type: 'NoPermission', object: ref, privilegeId: 'System.Read' });
}

/** The same for a caller whose session has ended. */
export function describeUnauthenticated(ref: Moref, path: string): unknown {
  return toMissing(path, { $type: 'NotAuthenticated', object: ref, privilegeId: 'System.View' });
}

const toMissing = (path: string, fault: Readonly<Record<string, unknown>>): unknown => ({
  path,
  fault: { fault, localizedMessage: '' },
});
