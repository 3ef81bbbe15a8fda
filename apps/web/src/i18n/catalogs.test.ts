/// <reference types="vite/client" />
import { describe, expect, it } from 'vitest';
import en from './en.json';
import es from './es.json';
import { createFormatter } from './format.ts';
import { LANGUAGES, type Language, pickLanguage, pickLocale } from './languages.ts';
import ru from './ru.json';

type Tree = { readonly [key: string]: string | Tree };

const CATALOGS: Readonly<Record<Language, Tree>> = { en, ru, es };
const SOURCES = import.meta.glob<string>(['../**/*.{ts,tsx}', '!../**/*.test.ts'], { query: '?raw', import: 'default', eager: true });
const PLURAL = /_(zero|one|two|few|many|other)$/;

function flatten(tree: Tree, prefix = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[prefix + key, value] as [string, string]] : flatten(value, `${prefix}${key}.`),
  );
}

const readCatalog = (language: Language): Map<string, string> => new Map(flatten(CATALOGS[language]));

const toBases = (catalog: ReadonlyMap<string, string>): string[] =>
  [...new Set([...catalog.keys()].map((key) => key.replace(PLURAL, '')))].sort();

const readPlaceholders = (text: string): string[] => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? '').sort();

const readSources = (): string => Object.values(SOURCES).join('\n');

describe('the catalogs', () => {
  const english = readCatalog('en');

  it.each(LANGUAGES)('%s has exactly the texts of English', (language) => {
    expect(toBases(readCatalog(language))).toEqual(toBases(english));
  });

  it.each(LANGUAGES)('%s has every plural form of its language, and no other', (language) => {
    const catalog = readCatalog(language);
    const categories = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    const plurals = [...new Set([...catalog.keys()].filter((key) => key.endsWith('_other')).map((key) => key.replace(PLURAL, '')))];
    expect(plurals.length).toBeGreaterThan(0);
    for (const base of plurals) {
      const forms = [...catalog.keys()]
        .filter((key) => key.replace(PLURAL, '') === base && PLURAL.test(key))
        .map((key) => PLURAL.exec(key)?.[1] ?? '');
      expect(new Set(forms), base).toEqual(new Set(categories));
    }
  });

  it.each(LANGUAGES)('%s uses the same parameters as English', (language) => {
    for (const [key, text] of readCatalog(language)) {
      const base = key.replace(PLURAL, '');
      const original = english.get(key) ?? english.get(`${base}_other`) ?? '';
      // A translation may leave out what its grammar does not need, but cannot use what is not given.
      const given = new Set(readPlaceholders(original));
      expect(
        readPlaceholders(text).filter((name) => !given.has(name)),
        key,
      ).toEqual([]);
      expect(text.trim(), key).not.toBe('');
    }
  });

  it.each(['ru', 'es'] as const)('%s is translated', (language) => {
    const catalog = readCatalog(language);
    const same = [...english].filter(([key, text]) => catalog.get(key) === text && /[a-z]{4,} [a-z]{3,}/i.test(text));
    expect(same.map(([key]) => key)).toEqual([]);
  });

  it('holds every key that the pages use', () => {
    const bases = new Set(toBases(english));
    const used = [...readSources().matchAll(/\bt\(\s*'([a-z_]+\.[\w.]+)'/g)].map((match) => match[1] ?? '');
    expect(used.length).toBeGreaterThan(100);
    expect(used.filter((key) => !bases.has(key))).toEqual([]);
  });

  it('holds no key that no page uses', () => {
    const sources = readSources();
    const families = [...sources.matchAll(/`([a-z_]+\.[a-z_]*)\$\{/g)].map((match) => match[1] ?? '');
    const unused = toBases(english).filter((key) => !sources.includes(`'${key}'`) && !families.some((family) => key.startsWith(family)));
    expect(unused).toEqual([]);
  });
});

describe('formats', () => {
  it('follow the language', () => {
    expect(createFormatter('en', { locale: 'en' }).bytes(1_536.3 * 1024 ** 3)).toBe('1.5\u00a0TiB');
    expect(createFormatter('ru', { locale: 'ru' }).bytes(2.5 * 1024 ** 3)).toBe('2,5\u00a0ГиБ');
    expect(createFormatter('es', { locale: 'es' }).bytes(512)).toBe('512\u00a0B');
    expect(createFormatter('en', { locale: 'en' }).duration(90_000)).toBe('1 min');
    expect(createFormatter('ru', { locale: 'ru' }).duration(5_000)).toMatch(/5\sс/);
    expect(createFormatter('en', { locale: 'en' }).span(150)).toBe('150 ms');
    expect(createFormatter('es', { locale: 'es' }).span(1_500)).toMatch(/^1,5\ss/);
    expect(createFormatter('en', { locale: 'en' }).span(98_000)).toBe('1 min');
  });

  it('sort vm2 before vm10', () => {
    expect(['vm10', 'vm2'].sort(createFormatter('en', { locale: 'en' }).collator.compare)).toEqual(['vm2', 'vm10']);
  });

  it('follow the region that the browser names for the language, and only for that', () => {
    expect(pickLocale('en', ['ru-RU', 'en-GB', 'en-US'])).toBe('en-GB');
    expect(pickLocale('es', ['en-GB'])).toBe('es');
    const evening = new Date(2026, 10, 27, 20, 58, 55).getTime();
    expect(createFormatter('en', { locale: 'en-GB' }).dateTime(evening)).toBe('27 Nov 2026, 20:58:55');
    expect(createFormatter('en', { locale: 'en-US' }).dateTime(evening)).toMatch(/^Nov 27, 2026, 8:58:55\sPM$/);
  });

  it('pick the first language of the browser that we speak', () => {
    expect(pickLanguage(['de-DE', 'es-MX', 'en'])).toBe('es');
    expect(pickLanguage(['de'])).toBe('en');
  });
});
