/** Physical keys in reading order; each layout tells what they give alone and with Shift. A space: nothing, or a dead key (see `DEAD_KEYS`). */
const CODES = [
  'Backquote',
  ...Array.from('1234567890', (digit) => `Digit${digit}`),
  'Minus',
  'Equal',
  ...Array.from('QWERTYUIOP', (letter) => `Key${letter}`),
  'BracketLeft',
  'BracketRight',
  'Backslash',
  ...Array.from('ASDFGHJKL', (letter) => `Key${letter}`),
  'Semicolon',
  'Quote',
  ...Array.from('ZXCVBNM', (letter) => `Key${letter}`),
  'Comma',
  'Period',
  'Slash',
];

interface LayoutTable {
  readonly plain: string;
  readonly shift: string;
  readonly altGr: Readonly<Record<string, string>>;
}

const US: LayoutTable = {
  plain: "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./",
  shift: '~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>?',
  altGr: {},
};

/**
 * The key between left Shift and Z is left out: a console that knows only key symbols reads them by the US layout, which has
 * no such key, and would type something else.
 */
const TABLES = {
  us: US,
  uk: {
    plain: "`1234567890-=qwertyuiop[]#asdfghjkl;'zxcvbnm,./",
    shift: '¬!"£$%^&*()_+QWERTYUIOP{}~ASDFGHJKL:@ZXCVBNM<>?',
    altGr: { '€': 'Digit4' },
  },
  de: {
    plain: ' 1234567890ß qwertzuiopü+#asdfghjklöäyxcvbnm,.-',
    shift: '°!"§$%&/()=? QWERTZUIOPÜ*\'ASDFGHJKLÖÄYXCVBNM;:_',
    altGr: {
      '²': 'Digit2',
      '³': 'Digit3',
      '{': 'Digit7',
      '[': 'Digit8',
      ']': 'Digit9',
      '}': 'Digit0',
      '\\': 'Minus',
      '@': 'KeyQ',
      '€': 'KeyE',
      '~': 'BracketRight',
      µ: 'KeyM',
    },
  },
  fr: {
    plain: '²&é"\'(-è_çà)=azertyuiop $*qsdfghjklmùwxcvbn,;:!',
    shift: ' 1234567890°+AZERTYUIOP £µQSDFGHJKLM%WXCVBN?./§',
    altGr: {
      '#': 'Digit3',
      '{': 'Digit4',
      '[': 'Digit5',
      '|': 'Digit6',
      '\\': 'Digit8',
      '^': 'Digit9',
      '@': 'Digit0',
      ']': 'Minus',
      '}': 'Equal',
      '€': 'KeyE',
      '¤': 'BracketRight',
    },
  },
  es: {
    plain: "º1234567890'¡qwertyuiop +çasdfghjklñ zxcvbnm,.-",
    shift: 'ª!"·$%&/()=?¿QWERTYUIOP *ÇASDFGHJKLÑ ZXCVBNM;:_',
    altGr: {
      '\\': 'Backquote',
      '|': 'Digit1',
      '@': 'Digit2',
      '#': 'Digit3',
      '¬': 'Digit6',
      '€': 'KeyE',
      '[': 'BracketLeft',
      ']': 'BracketRight',
      '{': 'Quote',
      '}': 'Backslash',
    },
  },
  ru: {
    plain: 'ё1234567890-=йцукенгшщзхъ\\фывапролджэячсмитьбю.',
    shift: 'Ё!"№;%:?*()_+ЙЦУКЕНГШЩЗХЪ/ФЫВАПРОЛДЖЭЯЧСМИТЬБЮ,',
    altGr: {},
  },
} as const satisfies Record<string, LayoutTable>;

/**
 * Keys that print nothing until a letter follows, by the combining mark that they give. Only those that Windows and Linux agree on:
 * the tilde and the grave of AZERTY, for example, are dead keys on the one and not on the other.
 */
const DEAD_KEYS: Readonly<Partial<Record<keyof typeof TABLES, readonly DeadKey[]>>> = {
  de: [
    { mark: '\u0301', code: 'Equal', modifier: 'none' },
    { mark: '\u0300', code: 'Equal', modifier: 'shift', alone: '`' },
    { mark: '\u0302', code: 'Backquote', modifier: 'none', alone: '^' },
  ],
  fr: [
    { mark: '\u0302', code: 'BracketLeft', modifier: 'none', alone: '^' },
    { mark: '\u0308', code: 'BracketLeft', modifier: 'shift' },
  ],
  es: [
    { mark: '\u0300', code: 'BracketLeft', modifier: 'none', alone: '`' },
    { mark: '\u0302', code: 'BracketLeft', modifier: 'shift', alone: '^' },
    { mark: '\u0301', code: 'Quote', modifier: 'none' },
    { mark: '\u0308', code: 'Quote', modifier: 'shift' },
  ],
};

interface DeadKey {
  readonly mark: string;
  readonly code: string;
  readonly modifier: Keystroke['modifier'];
  /** What it prints with a space after it; absent where systems differ (an acute becomes an apostrophe on Linux). */
  readonly alone?: string;
}

/** Letters that every system puts every mark on. */
const MARKED_LETTERS = 'aeiouAEIOU';

export const LAYOUTS = ['us', 'uk', 'de', 'fr', 'es', 'ru'] as const satisfies readonly (keyof typeof TABLES)[];
export type Layout = (typeof LAYOUTS)[number];

/** One press of a physical key, together with the symbol that the US layout has on it. */
export interface Keystroke {
  readonly keysym: number;
  readonly code: string;
  readonly modifier: 'none' | 'shift' | 'alt-gr';
}

export const KEYSYMS = {
  BackSpace: 0xff08,
  Tab: 0xff09,
  Return: 0xff0d,
  Escape: 0xff1b,
  Home: 0xff50,
  Left: 0xff51,
  Up: 0xff52,
  Right: 0xff53,
  Down: 0xff54,
  PageUp: 0xff55,
  PageDown: 0xff56,
  End: 0xff57,
  Print: 0xff61,
  Insert: 0xff63,
  Menu: 0xff67,
  F1: 0xffbe,
  ShiftLeft: 0xffe1,
  ControlLeft: 0xffe3,
  AltLeft: 0xffe9,
  SuperLeft: 0xffeb,
  Delete: 0xffff,
  AltGr: 0xfe03,
} as const;

export interface TypingPlan {
  readonly strokes: readonly Keystroke[];
  /** Characters that the strokes give; an accented letter can take two strokes. */
  readonly typedCount: number;
  /** Characters that this layout has no key for, each once. */
  readonly unsendable: readonly string[];
}

/** How a text is typed on a keyboard with this layout. */
export function planTyping(text: string, options: { readonly layout: Layout; readonly lineEnd: 'enter' | 'space' }): TypingPlan {
  const keys = buildKeys(options.layout);
  const strokes: Keystroke[] = [];
  const unsendable = new Set<string>();
  let typedCount = 0;
  // Some systems copy an accented letter as letter and mark.
  for (const character of text.normalize('NFC').replace(/\r\n?/g, '\n')) {
    const needed = character === '\n' && options.lineEnd === 'space' ? keys.get(' ') : keys.get(character);
    if (needed === undefined) {
      unsendable.add(character);
      continue;
    }
    strokes.push(...needed);
    typedCount += 1;
  }
  return { strokes, typedCount, unsendable: [...unsendable] };
}

function buildKeys(layout: Layout): ReadonlyMap<string, readonly Keystroke[]> {
  const { plain, shift, altGr }: LayoutTable = TABLES[layout];
  const space: Keystroke = { keysym: 0x20, code: 'Space', modifier: 'none' };
  const keys = new Map<string, readonly Keystroke[]>([
    [' ', [space]],
    ['\n', [{ keysym: KEYSYMS.Return, code: 'Enter', modifier: 'none' }]],
    ['\t', [{ keysym: KEYSYMS.Tab, code: 'Tab', modifier: 'none' }]],
  ]);
  const put = (character: string | undefined, ...strokes: readonly Keystroke[]): void => {
    if (character !== undefined && !keys.has(character)) keys.set(character, strokes);
  };
  CODES.forEach((code, index) => {
    put(plain[index], { code, keysym: US.plain.charCodeAt(index), modifier: 'none' });
    put(shift[index], { code, keysym: US.shift.charCodeAt(index), modifier: 'shift' });
  });
  for (const [character, code] of Object.entries(altGr)) {
    put(character, { code, keysym: US.plain.charCodeAt(CODES.indexOf(code)), modifier: 'alt-gr' });
  }
  for (const { mark, code, modifier, alone } of DEAD_KEYS[layout] ?? []) {
    const row = modifier === 'shift' ? US.shift : US.plain;
    const dead: Keystroke = { code, keysym: row.charCodeAt(CODES.indexOf(code)), modifier };
    for (const letter of MARKED_LETTERS) put(`${letter}${mark}`.normalize('NFC'), dead, ...(keys.get(letter) ?? []));
    put(alone, dead, space);
  }
  return keys;
}

/** X11 symbol of a character: Latin-1 as it is, the rest in the Unicode range. */
export function toKeysym(character: string): number {
  const point = character.codePointAt(0) ?? 0;
  if (character === '\n') return KEYSYMS.Return;
  return point <= 0xff ? point : 0x0100_0000 + point;
}

/** What a soft keyboard has done to its field: how many characters went, and which came. */
export function diffTyping(before: string, after: string): { readonly removed: number; readonly added: string } {
  const old = Array.from(before);
  const next = Array.from(after);
  let same = 0;
  while (same < old.length && same < next.length && old[same] === next[same]) same++;
  return { removed: old.length - same, added: next.slice(same).join('') };
}
