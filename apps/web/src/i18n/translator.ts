import { createInstance, type i18n } from 'i18next';
import { initReactI18next } from 'react-i18next';
import type { Language } from './languages.ts';

/** Only the catalog in use is downloaded. */
const CATALOGS = {
  en: () => import('./en.json'),
  ru: () => import('./ru.json'),
  es: () => import('./es.json'),
} as const;

export async function createTranslator(language: Language): Promise<i18n> {
  const translator = createInstance();
  await translator.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    resources: { [language]: { translation: (await CATALOGS[language]()).default } },
    // React escapes whatever is put into a page.
    interpolation: { escapeValue: false },
    react: { useSuspense: false },
    returnNull: false,
  });
  return translator;
}

export async function switchLanguage(translator: i18n, language: Language): Promise<void> {
  if (!translator.hasResourceBundle(language, 'translation')) {
    translator.addResourceBundle(language, 'translation', (await CATALOGS[language]()).default);
  }
  await translator.changeLanguage(language);
}
