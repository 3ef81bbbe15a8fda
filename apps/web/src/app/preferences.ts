import { isLanguage, type Language, pickLanguage } from '../i18n/languages.ts';

export interface Preferences {
  readonly theme: 'system' | 'light' | 'dark';
  readonly language: Language;
  readonly density: 'small' | 'medium' | 'large';
  readonly view: 'grid' | 'list';
  /** Single-letter shortcuts, which speech input may trigger by accident (WCAG 2.1.4). */
  readonly shortcuts: 'on' | 'off';
}

export interface PreferenceStore {
  readonly read: () => Preferences;
  readonly change: (part: Partial<Preferences>) => void;
  readonly subscribe: (listener: () => void) => () => void;
}

const KEY = 'breakwater.preferences';

export function createPreferenceStore(options: {
  readonly storage: Pick<Storage, 'getItem' | 'setItem'> | null;
  readonly languages: readonly string[];
}): PreferenceStore {
  const { storage, languages } = options;
  const listeners = new Set<() => void>();
  let current = parsePreferences(storage?.getItem(KEY) ?? null, pickLanguage(languages));
  return {
    read: () => current,
    change(part) {
      current = { ...current, ...part };
      try {
        storage?.setItem(KEY, JSON.stringify(current));
      } catch (error) {
        // A full or forbidden storage costs only the memory of the choice, not the choice.
        console.warn('preferences are not kept', error);
      }
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function parsePreferences(text: string | null, language: Language): Preferences {
  const preferences: Preferences = { theme: 'system', language, density: 'medium', view: 'grid', shortcuts: 'on' };
  let stored: unknown = null;
  try {
    stored = text === null ? null : JSON.parse(text);
  } catch {
    return preferences;
  }
  if (typeof stored !== 'object' || stored === null) return preferences;
  const { theme, density, view, shortcuts, language: storedLanguage } = stored as Record<keyof Preferences, unknown>;
  return {
    theme: pick(theme, ['system', 'light', 'dark']) ?? preferences.theme,
    density: pick(density, ['small', 'medium', 'large']) ?? preferences.density,
    view: pick(view, ['grid', 'list']) ?? preferences.view,
    shortcuts: pick(shortcuts, ['on', 'off']) ?? preferences.shortcuts,
    language: isLanguage(storedLanguage) ? storedLanguage : language,
  };
}

function pick<Value extends string>(value: unknown, allowed: readonly Value[]): Value | undefined {
  return allowed.find((candidate) => candidate === value);
}

/** Puts theme and language onto the document; CSS and screen readers take them from there. */
export function showPreferences(preferences: Preferences, root: HTMLElement): void {
  root.lang = preferences.language;
  if (preferences.theme === 'system') delete root.dataset['theme'];
  else root.dataset['theme'] = preferences.theme;
}
