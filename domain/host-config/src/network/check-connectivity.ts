import type { NetworkRoom } from './network-room.ts';

const PROBE_TIMEOUT_MS = 5_000;

/** Whether any of these places answers; all are asked at once. What a captive network answers with its own status does not count. */
export async function checkConnectivity(urls: readonly string[], room: NetworkRoom): Promise<boolean> {
  if (room.settings.isOffline) return false;
  const done = new AbortController();
  const signal = AbortSignal.any([room.signal, done.signal]);
  const timeoutMs = Math.min(PROBE_TIMEOUT_MS, room.settings.timeouts.httpRequestMs);
  const probe = async (url: string): Promise<true> => {
    const { statusCode } = await room.downloads.probe({ url, method: 'HEAD', timeoutMs, verifySsl: true }, { signal });
    if (statusCode >= 500) throw new Error(`${url} answered ${statusCode}.`);
    return true;
  };
  try {
    return await Promise.any(urls.map(probe));
  } catch {
    // Every probe failed: that is the answer.
    room.signal.throwIfAborted();
    return false;
  } finally {
    done.abort();
  }
}
