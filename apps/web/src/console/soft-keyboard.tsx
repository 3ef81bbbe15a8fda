import { type ReactNode, useRef, useState } from 'react';
import { useWords } from '../i18n/use-words.ts';
import { Icon } from '../ui/icon.tsx';
import { diffTyping, KEYSYMS, toKeysym } from './key-layouts.ts';
import type { ScreenLink } from './screen-link.ts';

const KEYS: readonly { readonly label: string; readonly name: keyof typeof KEYSYMS; readonly code: string }[] = [
  { label: 'Esc', name: 'Escape', code: 'Escape' },
  { label: 'Tab', name: 'Tab', code: 'Tab' },
  { label: '←', name: 'Left', code: 'ArrowLeft' },
  { label: '↑', name: 'Up', code: 'ArrowUp' },
  { label: '↓', name: 'Down', code: 'ArrowDown' },
  { label: '→', name: 'Right', code: 'ArrowRight' },
];

const MODIFIERS: readonly { readonly label: string; readonly name: keyof typeof KEYSYMS; readonly code: string }[] = [
  { label: 'Ctrl', name: 'ControlLeft', code: 'ControlLeft' },
  { label: 'Alt', name: 'AltLeft', code: 'AltLeft' },
];

/** A field starts anew after this many characters, so that it never grows without end. */
const FIELD_MAX = 200;

/** For touch screens: the system's keyboard through a field, and a row of the keys it lacks. Shown for coarse pointers only. */
export function SoftKeyboard({ screen }: { readonly screen: ScreenLink | null }): ReactNode {
  const { t } = useWords();
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const [holding, setHolding] = useState<{ readonly screen: ScreenLink | null; readonly keys: readonly string[] } | null>(null);
  // A new connection begins with no key held.
  const held: readonly string[] = holding !== null && holding.screen === screen ? holding.keys : [];
  const setHeld = (keys: readonly string[]): void => setHolding({ screen, keys });

  const releaseHeld = (): void => {
    for (const { name, code } of MODIFIERS) if (held.includes(name)) screen?.holdKey([KEYSYMS[name], code], 'up');
    setHeld([]);
  };
  const typed = (next: string): void => {
    const { removed, added } = diffTyping(text, next);
    for (let index = 0; index < removed; index++) screen?.tap(KEYSYMS.BackSpace);
    for (const character of added) screen?.tap(toKeysym(character));
    setText(next.length > FIELD_MAX ? '' : next);
    if (held.length > 0) releaseHeld();
  };

  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out in one line.
    <div className="soft-keyboard" role="group" aria-label={t('console.key_row')}>
      <button type="button" className="button" disabled={screen === null} onClick={() => field.current?.focus()}>
        <Icon name="keyboard" />
        {t('console.soft_keyboard')}
      </button>
      <input
        ref={field}
        className="soft-input"
        aria-label={t('console.soft_input')}
        autoCapitalize="none"
        autoComplete="off"
        autoCorrect="off"
        spellCheck={false}
        value={text}
        onChange={(event) => typed(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') screen?.tap(KEYSYMS.Return);
          if (event.key === 'Backspace' && text === '') screen?.tap(KEYSYMS.BackSpace);
        }}
      />
      {MODIFIERS.map(({ label, name, code }) => (
        <button
          key={name}
          type="button"
          className="button"
          disabled={screen === null}
          aria-pressed={held.includes(name)}
          onClick={() => {
            const isHeld = held.includes(name);
            screen?.holdKey([KEYSYMS[name], code], isHeld ? 'up' : 'down');
            setHeld(isHeld ? held.filter((other) => other !== name) : [...held, name]);
          }}
        >
          {label}
        </button>
      ))}
      {KEYS.map(({ label, name, code }) => (
        <button
          key={name}
          type="button"
          className="button"
          disabled={screen === null}
          aria-label={code}
          onClick={() => {
            screen?.pressKeys([[KEYSYMS[name], code]]);
            if (held.length > 0) releaseHeld();
          }}
        >
          {label}
        </button>
      ))}
    </div>
  );
}
