import type { Moref, Value } from '../schema/index.ts';
import type { Digest } from '../wire/index.ts';

/** One thing that happened to one object. Assigning `undefined` means that the property is no longer set. */
export type ObjectChange =
  | { readonly kind: 'assigned'; readonly ref: Moref; readonly properties: Record<string, unknown> }
  | { readonly kind: 'left'; readonly ref: Moref };

/** An update whose properties have left their list. */
interface FlatUpdate {
  readonly kind: string | undefined;
  readonly obj: Moref | undefined;
  readonly missingSet: Value<'ObjectUpdate'>['missingSet'] | undefined;
  readonly properties: Record<string, unknown>;
}

/** `toChanges` reads answers that came with this digest. */
export const FLAT_UPDATES: Digest = {
  type: 'ObjectUpdate',
  toKept: (struct): FlatUpdate => {
    const { kind, obj, changeSet, missingSet } = struct as Value<'ObjectUpdate'>;
    const properties: Record<string, unknown> = {};
    for (const { name, op, val } of changeSet ?? []) {
      if (name === undefined || name === '__proto__') continue;
      properties[name] = op === 'remove' || op === 'indirectRemove' ? undefined : val;
    }
    return { kind, obj, missingSet, properties };
  },
};

/** What happened, by an answer of `WaitForUpdatesEx`. The same object may occur several times; the order is the one to apply. */
export function toChanges(reply: Value<'UpdateSet'>): readonly ObjectChange[] {
  const changes: ObjectChange[] = [];
  for (const filter of reply.filterSet ?? []) {
    for (const { kind, obj, properties } of (filter.objectSet ?? []) as readonly unknown[] as readonly FlatUpdate[]) {
      if (obj === undefined) continue;
      changes.push(kind === 'leave' ? { kind: 'left', ref: obj } : { kind: 'assigned', ref: obj, properties });
    }
  }
  return changes;
}
