import { type ReactNode, useState } from 'react';
import { Button, Header, Menu, MenuItem, MenuSection, MenuTrigger, Popover } from 'react-aria-components';
import { useWords } from '../i18n/use-words.ts';
import { Icon } from '../ui/icon.tsx';
import { KEYSYMS } from './key-layouts.ts';
import type { ScreenLink } from './screen-link.ts';

type Key = readonly [keysym: number, code: string];

const CTRL: Key = [KEYSYMS.ControlLeft, 'ControlLeft'];
const ALT: Key = [KEYSYMS.AltLeft, 'AltLeft'];
const SHIFT: Key = [KEYSYMS.ShiftLeft, 'ShiftLeft'];
const WIN: Key = [KEYSYMS.SuperLeft, 'MetaLeft'];
const DELETE: Key = [KEYSYMS.Delete, 'Delete'];

/** Keys that a browser keeps for itself. Names of keys are the same in all languages, as they stand on the keyboard. */
const CHORDS: readonly { readonly id: string; readonly label: string; readonly keys: readonly Key[] }[] = [
  { id: 'esc', label: 'Esc', keys: [[KEYSYMS.Escape, 'Escape']] },
  { id: 'alt-tab', label: 'Alt+Tab', keys: [ALT, [KEYSYMS.Tab, 'Tab']] },
  { id: 'alt-f4', label: 'Alt+F4', keys: [ALT, [KEYSYMS.F1 + 3, 'F4']] },
  { id: 'ctrl-esc', label: 'Ctrl+Esc', keys: [CTRL, [KEYSYMS.Escape, 'Escape']] },
  { id: 'ctrl-shift-esc', label: 'Ctrl+Shift+Esc', keys: [CTRL, SHIFT, [KEYSYMS.Escape, 'Escape']] },
  { id: 'ctrl-w', label: 'Ctrl+W', keys: [CTRL, [0x77, 'KeyW']] },
  { id: 'win', label: 'Win', keys: [WIN] },
  { id: 'win-r', label: 'Win+R', keys: [WIN, [0x72, 'KeyR']] },
  { id: 'win-l', label: 'Win+L', keys: [WIN, [0x6c, 'KeyL']] },
  { id: 'win-x', label: 'Win+X', keys: [WIN, [0x78, 'KeyX']] },
  { id: 'menu', label: 'Menu', keys: [[KEYSYMS.Menu, 'ContextMenu']] },
  { id: 'print', label: 'PrtSc', keys: [[KEYSYMS.Print, 'PrintScreen']] },
];

const FUNCTION_CHORDS = Array.from({ length: 12 }, (_, index) => ({
  id: `ctrl-alt-f${index + 1}`,
  label: `Ctrl+Alt+F${index + 1}`,
  keys: [CTRL, ALT, [KEYSYMS.F1 + index, `F${index + 1}`] as Key],
}));

const HELD: readonly { readonly id: string; readonly label: string; readonly key: Key }[] = [
  { id: 'hold-ctrl', label: 'Ctrl', key: CTRL },
  { id: 'hold-alt', label: 'Alt', key: ALT },
  { id: 'hold-shift', label: 'Shift', key: SHIFT },
  { id: 'hold-win', label: 'Win', key: WIN },
];

/** Ctrl+Alt+Del at once, the rest in a menu. */
export function KeysMenu({ screen }: { readonly screen: ScreenLink | null }): ReactNode {
  const { t } = useWords();
  const [holding, setHolding] = useState<{ readonly screen: ScreenLink | null; readonly keys: ReadonlySet<string> } | null>(null);
  // A new connection begins with no key held.
  const held: ReadonlySet<string> = holding !== null && holding.screen === screen ? holding.keys : new Set();

  const press = (id: string): void => {
    const chord = [...CHORDS, ...FUNCTION_CHORDS].find((candidate) => candidate.id === id);
    if (chord !== undefined) screen?.pressKeys(chord.keys);
    const modifier = HELD.find((candidate) => candidate.id === id);
    if (modifier === undefined) return;
    const isHeld = held.has(id);
    screen?.holdKey(modifier.key, isHeld ? 'up' : 'down');
    setHolding({ screen, keys: isHeld ? new Set([...held].filter((other) => other !== id)) : new Set([...held, id]) });
  };

  return (
    <>
      <button type="button" className="button" disabled={screen === null} onClick={() => screen?.pressKeys([CTRL, ALT, DELETE])}>
        {t('console.key_ctrl_alt_del')}
      </button>
      <MenuTrigger>
        <Button className="button" isDisabled={screen === null}>
          <Icon name="keyboard" />
          <span className="tool-word">{t('console.keys')}</span>
          {held.size === 0 ? null : <span className="count">{held.size}</span>}
        </Button>
        <Popover className="popover" placement="bottom start">
          <Menu className="menu keys" aria-label={t('console.keys')} onAction={(id) => press(String(id))}>
            <MenuSection>
              <Header className="menu-header">{t('console.hold')}</Header>
              {HELD.map(({ id, label }) => (
                <MenuItem key={id} id={id} className="menu-item" textValue={label}>
                  {held.has(id) ? `✓ ${label}` : label}
                </MenuItem>
              ))}
            </MenuSection>
            <MenuSection>
              <Header className="menu-header">{t('console.keys')}</Header>
              {CHORDS.map(({ id, label }) => (
                <MenuItem key={id} id={id} className="menu-item" textValue={label}>
                  {label}
                </MenuItem>
              ))}
            </MenuSection>
            <MenuSection>
              <Header className="menu-header">{t('console.keys_function')}</Header>
              {FUNCTION_CHORDS.map(({ id, label }) => (
                <MenuItem key={id} id={id} className="menu-item" textValue={label}>
                  {label}
                </MenuItem>
              ))}
            </MenuSection>
          </Menu>
        </Popover>
      </MenuTrigger>
    </>
  );
}
