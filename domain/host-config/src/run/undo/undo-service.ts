import type { UndoRecord } from '../../plan/undo.ts';
import { readUnitState, systemctl } from '../../resources/service/service-step.ts';
import type { UndoContext } from './undo.ts';

type ServiceUndo = Extract<UndoRecord, { readonly kind: 'service' }>;

/** A unit that has gone with its package needs nothing. */
export async function undoService({ activeBefore, enabledBefore, unit }: ServiceUndo, context: UndoContext): Promise<void> {
  const hasSystemd = activeBefore !== null;
  const now = await readUnitState(unit, { hasSystemd }, context);
  if (now.enabled === null) return;
  if (enabledBefore === 'masked') await systemctl(['mask', unit], context);
  else if (now.enabled !== enabledBefore) await systemctl([enabledBefore === 'enabled' ? 'enable' : 'disable', unit], context);
  if (hasSystemd && (now.active === 'active') !== (activeBefore === 'active')) {
    await systemctl([activeBefore === 'active' ? 'start' : 'stop', unit], context);
  }
}

type ReloadUndo = Extract<UndoRecord, { readonly kind: 'service.reloaded' }>;

/** Only what runs has read files; what was stopped or removed reads them when it starts. */
export async function undoReloaded({ unit, verb }: ReloadUndo, context: UndoContext): Promise<void> {
  const { active } = await readUnitState(unit, { hasSystemd: true }, context);
  if (active === 'active') await systemctl([verb, unit], context);
}
