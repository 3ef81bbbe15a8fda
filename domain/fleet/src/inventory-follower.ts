import { type Clock, type Logger, sleep, systemRandom, toOpsError } from '@breakwater/kernel';
import { exponentialBackoff } from '@breakwater/resilience';
import type { InventoryNews, ServerLink } from './ports/server-link.ts';

/** Spec 01: 5 s, 10 s, 20 s, then every 30 s. */
const RESTART_BACKOFF = exponentialBackoff({ firstMs: 5_000, capMs: 30_000, jitter: 'none' });

/** Hands over a link's news until the signal aborts. A link whose news end by a defect is followed again after a pause. */
export async function followInventory(
  link: ServerLink,
  options: { readonly signal: AbortSignal; readonly clock: Clock; readonly logger: Logger; take(news: InventoryNews): void },
): Promise<void> {
  const { signal, clock, logger } = options;
  let failures = 0;
  while (!signal.aborted) {
    let code = 'FLEET_NEWS_ENDED';
    let message = 'The connection to this server ended without a reason.';
    try {
      for await (const news of link.follow({ signal })) {
        if (signal.aborted) return;
        if (news.kind === 'loaded') failures = 0;
        options.take(news);
      }
    } catch (error) {
      if (signal.aborted) return;
      logger.error('Following a server failed', { error });
      ({ code, message } = toOpsError(error, { code: 'FLEET_NEWS_FAILED' }));
    }
    if (signal.aborted) return;
    const retryInMs = RESTART_BACKOFF.delayMs(failures, 0, systemRandom);
    failures += 1;
    options.take({ kind: 'lost', trouble: { kind: 'unreachable', code, message }, retryInMs });
    await sleep(clock, retryInMs, { signal }).catch(() => undefined);
  }
}
