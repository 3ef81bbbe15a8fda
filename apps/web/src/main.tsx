import { systemClock, systemRandom } from '@breakwater/kernel';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { type ReactNode, StrictMode } from 'react';
import { I18nProvider } from 'react-aria-components';
import { createRoot } from 'react-dom/client';
import { I18nextProvider } from 'react-i18next';
import { ApiError } from './api/api-error.ts';
import { readSnapshot, tellVisible, toEventsUrl } from './api/portal.ts';
import { NoticeArea } from './app/notice-area.tsx';
import { createNoticeBoard } from './app/notices.ts';
import { createPreferenceStore, showPreferences } from './app/preferences.ts';
import { createPageRouter } from './app/router.tsx';
import { type Services, ServicesContext, usePreferences } from './app/services.ts';
import { sessionQuery } from './app/session-query.ts';
import { FormatProvider } from './i18n/format-provider.tsx';
import { createTranslator, switchLanguage } from './i18n/translator.ts';
import { createFleetFeed } from './live/fleet-feed.ts';
import { createFleetStore } from './live/fleet-store.ts';
import './styles/index.css';

await start();

async function start(): Promise<void> {
  const preferences = createPreferenceStore({ storage: openStorage(), languages: navigator.languages });
  showPreferences(preferences.read(), document.documentElement);
  const translator = await createTranslator(preferences.read().language);
  preferences.subscribe(() => {
    const chosen = preferences.read();
    showPreferences(chosen, document.documentElement);
    if (chosen.language !== translator.language) void switchLanguage(translator, chosen.language);
  });

  const queries = new QueryClient({
    defaultOptions: {
      queries: { retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500) },
    },
  });
  const router = createPageRouter(queries);
  const store = createFleetStore();
  const feed = createFleetFeed({
    store,
    clock: systemClock,
    random: systemRandom,
    portal: { readSnapshot, tellVisible, toEventsUrl },
    openStream: (url) => new EventSource(url),
    isOnline: () => navigator.onLine,
    onReader: ({ id, role }) => {
      const known = queries.getQueryData(sessionQuery.queryKey)?.person;
      if (known != null && (known.id !== id || known.role !== role)) void queries.invalidateQueries(sessionQuery);
    },
    onSignedOut: () => {
      store.clear();
      queries.clear();
      void router.invalidate();
    },
  });
  const services: Services = { clock: systemClock, store, feed, notices: createNoticeBoard(systemClock), preferences };

  const root = document.getElementById('root');
  if (root === null) throw new Error('index.html has no #root');
  createRoot(root).render(
    <StrictMode>
      <ServicesContext value={services}>
        <QueryClientProvider client={queries}>
          <I18nextProvider i18n={translator}>
            <FormatProvider>
              <LocalePage>
                <RouterProvider router={router} />
                <NoticeArea />
              </LocalePage>
            </FormatProvider>
          </I18nextProvider>
        </QueryClientProvider>
      </ServicesContext>
    </StrictMode>,
  );
}

/** React Aria's own words follow the chosen language too. */
function LocalePage({ children }: { readonly children: ReactNode }): ReactNode {
  const { language } = usePreferences();
  return <I18nProvider locale={language}>{children}</I18nProvider>;
}

/** Storage may be forbidden by the browser's settings; then choices last as long as the page. */
function openStorage(): Storage | null {
  try {
    return window.localStorage;
  } catch (error) {
    console.warn('no local storage', error);
    return null;
  }
}
