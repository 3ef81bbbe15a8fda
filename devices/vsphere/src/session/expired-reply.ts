import type { MethodName, Value } from '../schema/index.ts';

/**
 * Some servers do not say that a session has ended but answer reads with every property missing for want of a sign-in.
 * An answer with nothing at all can mean the same, or that nothing matched.
 */
export function judgeReply(method: MethodName, value: unknown): 'valid' | 'expired' | 'doubtful' {
  if (method === 'RetrievePropertiesEx' || method === 'ContinueRetrievePropertiesEx') {
    if (value === undefined) return 'doubtful';
    const { objects } = value as Value<'RetrieveResult'>;
    return objects?.some((object) => isUnauthenticated(object.missingSet)) === true ? 'expired' : 'valid';
  }
  if (method === 'WaitForUpdatesEx' && value !== undefined) {
    const { filterSet } = value as Value<'UpdateSet'>;
    const isExpired = filterSet?.some((filter) => filter.objectSet?.some((object) => isUnauthenticated(object.missingSet)));
    return isExpired === true ? 'expired' : 'valid';
  }
  return 'valid';
}

function isUnauthenticated(missing: readonly Value<'MissingProperty'>[] | undefined): boolean {
  return missing?.some((each) => each.fault?.fault?.$type === 'NotAuthenticated') === true;
}
