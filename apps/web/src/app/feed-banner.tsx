import { type ReactNode, useEffect, useState } from 'react';
import { useWords } from '../i18n/use-words.ts';
import type { FeedStatus } from '../live/fleet-feed.ts';
import { Icon } from '../ui/icon.tsx';
import { useFeedStatus, useServices } from './services.ts';

/** A stream that is cut and comes back within this time is nobody's business. */
const LOST_SHOWN_AFTER_MS = 3_000;

/** Says when the page is not live, and since when. */
export function FeedBanner(): ReactNode {
  const status = useSettledStatus();
  const { feed } = useServices();
  const { t, format } = useWords();
  const toText = (): string | null => {
    switch (status.kind) {
      case 'starting':
      case 'live':
        return null;
      case 'polling':
        return t('feed.polling');
      case 'paused':
        return status.sinceWallMs === null ? t('feed.paused_never') : t('feed.paused', { time: format.time(status.sinceWallMs) });
      case 'lost': {
        const area = status.offline === 'yes' ? 'offline' : 'lost';
        return status.sinceWallMs === null ? t(`feed.${area}_never`) : t(`feed.${area}`, { time: format.time(status.sinceWallMs) });
      }
    }
  };
  const text = toText();
  return (
    <div role="status" className="feed-status">
      {text === null ? null : (
        <p className={`banner ${status.kind}`}>
          <Icon name={status.kind === 'paused' ? 'pause' : 'alert'} />
          <span>{text}</span>
          {status.kind === 'paused' ? (
            <button type="button" className="button small" onClick={() => feed.resume()}>
              {t('feed.resume')}
            </button>
          ) : null}
          {status.kind === 'lost' ? (
            <button type="button" className="button small" onClick={() => feed.networkChanged()}>
              {t('app.try_again')}
            </button>
          ) : null}
        </p>
      )}
    </div>
  );
}

/** The feed's status, with a loss told only when it lasts. */
function useSettledStatus(): FeedStatus {
  const status = useFeedStatus();
  const { clock } = useServices();
  const isLost = status.kind === 'lost';
  const [lasts, setLasts] = useState(false);
  useEffect(() => {
    if (!isLost) return;
    const timer = clock.after(LOST_SHOWN_AFTER_MS, () => setLasts(true));
    return () => {
      timer.cancel();
      setLasts(false);
    };
  }, [isLost, clock]);
  return isLost && status.offline === 'no' && !lasts ? { kind: 'live' } : status;
}
