import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { type ReactNode, Suspense, useEffect, useEffectEvent, useRef, useState } from 'react';
import { FailedOperationsLink } from '../failed-operations/failed-operations-link.tsx';
import { useWords } from '../i18n/use-words.ts';
import { isTroubled } from '../machines/freshness.ts';
import { OperationsTray } from '../operations/operations-tray.tsx';
import { Icon } from '../ui/icon.tsx';
import { LazyShortcutsDialog } from '../ui/lazy-overlays.ts';
import { Logo } from '../ui/logo.tsx';
import { AccountMenu } from './account-menu.tsx';
import { FeedBanner } from './feed-banner.tsx';
import { useFleet, usePreferences, useServices, useSession } from './services.ts';

/** Header, main menu and content of all pages but console and sign-in. */
export function HomeLayout(): ReactNode {
  const { t } = useWords();
  const session = useSession();
  const main = useRef<HTMLElement>(null);
  const [showsKeys, setShowsKeys] = useState(false);
  useGlobalKeys(() => setShowsKeys(true));
  useFocusOnNavigation(main);
  return (
    <div className="home">
      <button type="button" className="skip-link" onClick={() => main.current?.focus()}>
        {t('app.skip')}
      </button>
      <header className="top">
        <Link to="/" className="brand">
          <Logo />
          <span>{t('app.name')}</span>
        </Link>
        {session.demo ? (
          <span className="demo-mark" title={t('app.demo_hint')}>
            {t('app.demo')}
          </span>
        ) : null}
        <MainMenu />
        <div className="top-tools">
          <OperationsTray />
          <AccountMenu onShowKeys={() => setShowsKeys(true)} />
        </div>
      </header>
      <main ref={main} id="main" tabIndex={-1} className="content">
        <FeedBanner />
        <Outlet />
      </main>
      {showsKeys ? (
        <Suspense fallback={null}>
          <LazyShortcutsDialog onClose={() => setShowsKeys(false)} />
        </Suspense>
      ) : null}
    </div>
  );
}

function MainMenu(): ReactNode {
  const { t } = useWords();
  const troubled = useFleet('servers', (store) => store.servers()).filter(isTroubled).length;
  return (
    <nav className="main-menu" aria-label={t('app.main_menu')}>
      <Link to="/" activeOptions={{ exact: true, includeSearch: false }} className="menu-link">
        <Icon name="grid" />
        <span>{t('app.machines')}</span>
      </Link>
      <Link to="/servers" className="menu-link">
        <Icon name="server" />
        <span>{t('app.servers')}</span>
        {troubled === 0 ? null : <span className="count warn">{troubled}</span>}
      </Link>
      <Link to="/health" className="menu-link">
        <Icon name="pulse" />
        <span>{t('app.health')}</span>
      </Link>
      <Link to="/operations" className="menu-link">
        <Icon name="clock" />
        <span>{t('app.operations')}</span>
      </Link>
      <FailedOperationsLink />
    </nav>
  );
}

/** `/` or Ctrl+K to the search field, `v` grid or list, `?` this list of keys. */
function useGlobalKeys(onHelp: () => void): void {
  const { preferences } = useServices();
  const { shortcuts } = usePreferences();
  const navigate = useNavigate();
  const help = useEffectEvent(onHelp);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const isTyping =
        event.target instanceof Element &&
        event.target.closest('input, textarea, select, [role="dialog"], [role="alertdialog"], [role="menu"]') !== null;
      const isSearch = (event.key === 'k' && event.ctrlKey) || (event.key === '/' && shortcuts === 'on' && !isTyping);
      if (event.altKey || event.metaKey || (event.ctrlKey && !isSearch)) return;
      if (isSearch) {
        event.preventDefault();
        void focusSearch();
      } else if (shortcuts === 'off' || isTyping) {
        return;
      } else if (event.key === 'v') {
        preferences.change({ view: preferences.read().view === 'grid' ? 'list' : 'grid' });
      } else if (event.key === '?') {
        help();
      }
    };
    const focusSearch = async (): Promise<void> => {
      const find = (): HTMLElement | null => document.querySelector<HTMLElement>('[data-search-field]');
      if (find() === null) await navigate({ to: '/' });
      requestAnimationFrame(() => find()?.focus());
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [preferences, shortcuts, navigate]);
}

/** After a change of page the focus is at its beginning, not on a link that is gone. */
function useFocusOnNavigation(main: { readonly current: HTMLElement | null }): void {
  const path = useLocation({ select: (location) => location.pathname });
  const last = useRef(path);
  useEffect(() => {
    if (last.current === path) return;
    last.current = path;
    main.current?.focus({ preventScroll: true });
  }, [path, main]);
}
