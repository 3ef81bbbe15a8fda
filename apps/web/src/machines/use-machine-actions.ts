import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, type MouseEvent, useCallback, useState } from 'react';
import { usePreferences, useServices } from '../app/services.ts';
import { usePower } from '../operations/power-context.ts';
import { toConsoleHref } from './machine-card.tsx';

export interface RovingOptions {
  readonly keys: readonly string[];
  readonly columns: number;
  /** Rows that fit on the page, for Page Up and Page Down. */
  readonly rowsPerPage: () => number;
  readonly scrollToRow: (row: number) => void;
}

/** One tab stop for all machines, arrows between them, and one place where clicks inside cards arrive. */
export function useMachineActions(options: RovingOptions): {
  readonly activeKey: string | undefined;
  readonly onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
  readonly onClick: (event: MouseEvent<HTMLElement>) => void;
  readonly onFocus: (event: { readonly target: EventTarget }) => void;
} {
  const { keys, columns } = options;
  const { store } = useServices();
  const { shortcuts } = usePreferences();
  const navigate = useNavigate();
  const power = usePower();
  const [remembered, setRemembered] = useState<string | undefined>(undefined);
  const activeKey = remembered !== undefined && keys.includes(remembered) ? remembered : keys[0];

  const go = useCallback(
    (action: string, target: { readonly key: string; readonly trigger: HTMLElement }) => {
      const machine = store.machine(target.key);
      if (machine === undefined) return;
      const params = { serverId: machine.server_id, moid: machine.moid };
      if (action === 'open') void navigate({ to: '/machines/$serverId/$moid', params });
      if (action === 'console') void navigate({ to: '/console/$serverId/$moid', params });
      if (action === 'console-window') window.open(toConsoleHref(machine), '_blank', 'noopener');
      if (action === 'power') power.openMenu(target.key, target.trigger);
    },
    [store, navigate, power],
  );

  const moveTo = (container: HTMLElement, index: number): void => {
    const key = keys[Math.max(0, Math.min(keys.length - 1, index))];
    if (key === undefined) return;
    setRemembered(key);
    options.scrollToRow(Math.floor(keys.indexOf(key) / columns));
    focusSoon(container, key, 6);
  };

  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const cell = toElement(event.target)?.closest<HTMLElement>('[data-key]');
    const key = cell?.dataset['key'];
    if (!cell || key === undefined || event.altKey || event.metaKey) return;
    const index = keys.indexOf(key);
    const move = toMove(event, { index, columns, count: keys.length, page: options.rowsPerPage() });
    if (move !== null) {
      event.preventDefault();
      moveTo(event.currentTarget, move);
      return;
    }
    if (event.ctrlKey) return;
    const action = shortcuts === 'on' ? toShortcut(event) : null;
    if (action === null) return;
    event.preventDefault();
    go(action, { key, trigger: cell.querySelector<HTMLElement>('[data-action="power"]') ?? cell });
  };

  const onClick = (event: MouseEvent<HTMLElement>): void => {
    const source = toElement(event.target)?.closest<HTMLElement>('[data-action]');
    const key = source?.closest<HTMLElement>('[data-key]')?.dataset['key'];
    if (!source || key === undefined) return;
    setRemembered(key);
    // New tab, new window, download: the browser's own business.
    if (source.tagName === 'A' && (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)) return;
    event.preventDefault();
    go(source.dataset['action'] ?? '', { key, trigger: source });
  };

  const onFocus = (event: { readonly target: EventTarget }): void => {
    const key = toElement(event.target)?.closest<HTMLElement>('[data-key]')?.dataset['key'];
    if (key !== undefined) setRemembered(key);
  };

  return { activeKey, onKeyDown, onClick, onFocus };
}

const toElement = (target: EventTarget): Element | null => (target instanceof Element ? target : null);

export function toMove(
  event: { readonly key: string; readonly ctrlKey: boolean },
  place: { readonly index: number; readonly columns: number; readonly count: number; readonly page: number },
): number | null {
  const { index, columns, count, page } = place;
  const rowStart = index - (index % columns);
  const within = (target: number): number => (target >= 0 && target < count ? target : index);
  switch (event.key) {
    case 'ArrowRight':
      return within(index + 1);
    case 'ArrowLeft':
      return within(index - 1);
    case 'ArrowDown':
      return index + columns < count ? index + columns : index - (index % columns) + columns < count ? count - 1 : index;
    case 'ArrowUp':
      return within(index - columns);
    case 'Home':
      return event.ctrlKey ? 0 : rowStart;
    case 'End':
      return event.ctrlKey ? count - 1 : Math.min(count - 1, rowStart + columns - 1);
    case 'PageDown':
      return Math.min(count - 1, index + page * columns);
    case 'PageUp':
      return Math.max(0, index - page * columns);
    default:
      return null;
  }
}

function toShortcut(event: { readonly key: string; readonly shiftKey: boolean }): string | null {
  if (event.key === 'c') return 'console';
  if (event.key === 'C') return 'console-window';
  return event.key === 'p' ? 'power' : null;
}

/** A card far away exists only after the list has scrolled there. */
function focusSoon(container: HTMLElement, key: string, tries: number): void {
  const cell = [...container.querySelectorAll<HTMLElement>('[data-key]')].find((candidate) => candidate.dataset['key'] === key);
  const link = cell?.querySelector<HTMLElement>('.card-name');
  if (link) link.focus({ preventScroll: true });
  else if (tries > 0) requestAnimationFrame(() => focusSoon(container, key, tries - 1));
}
