import { lazy } from 'react';

/*
 * Overlays stand on React Aria, a third of all scripts, and nothing of it is needed before somebody opens one. They come as
 * soon as the first page stands.
 */
const loadPopover = () => import('./popover-panel.tsx').then((module) => ({ default: module.PopoverPanel }));
const loadPowerMenu = () => import('../operations/power-menu.tsx').then((module) => ({ default: module.PowerMenu }));
const loadPowerDialog = () => import('../operations/power-dialog.tsx').then((module) => ({ default: module.PowerDialog }));
const loadShortcuts = () => import('../app/shortcuts-dialog.tsx').then((module) => ({ default: module.ShortcutsDialog }));

export const LazyPopoverPanel = lazy(loadPopover);
export const LazyPowerMenu = lazy(loadPowerMenu);
export const LazyPowerDialog = lazy(loadPowerDialog);
export const LazyShortcutsDialog = lazy(loadShortcuts);

export async function preloadOverlays(): Promise<void> {
  await Promise.all([loadPopover(), loadPowerMenu(), loadPowerDialog(), loadShortcuts()]);
}
