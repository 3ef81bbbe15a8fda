import type { Moref, Value } from '../schema/index.ts';

/** One thing that happened to one object. Assigning `undefined` means that the property is no longer set. */
export type ObjectChange =
  | { readonly kind: 'assigned'; readonly ref: Moref; readonly properties: Readonly<Record<string, unknown>> }
  | { readonly kind: 'left'; readonly ref: Moref };

/** Flattens an answer of `WaitForUpdatesEx`. The same object may occur several times; the order is the one to apply. */
export function toChanges(reply: Value<'UpdateSet'>): readonly ObjectChange[] {
  const changes: ObjectChange[] = [];
  for (const filter of reply.filterSet ?? []) {
    for (const { kind, obj, changeSet } of filter.objectSet ?? []) {
      if (obj === undefined) continue;
      if (kind === 'leave') {
        changes.push({ kind: 'left', ref: obj });
        continue;
      }
      const properties: Record<string, unknown> = {};
      for (const { name, op, val } of changeSet ?? []) {
        if (name === undefined || name === '__proto__') continue;
        properties[name] = op === 'remove' || op === 'indirectRemove' ? undefined : val;
      }
      changes.push({ kind: 'assigned', ref: obj, properties });
    }
  }
  return changes;
}
