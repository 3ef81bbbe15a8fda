import { isOpsError } from '@breakwater/kernel';
import { parseRetryAfterMs } from '@breakwater/resilience';
import type { Explanation, FailureClass } from './failure.ts';

const AGAIN = 'The service or the way to it has trouble; it is worth trying again in a while.';
const TRUST = 'Check the name in the URL, the clock, and whether the authority that issued the certificate is installed.';

type Meaning = readonly [FailureClass, code: string, hint: string];

const MEANINGS: Readonly<Record<string, Meaning>> = {
  TRANSPORT_DNS: ['transient', 'http.dns', 'Check the network, the name server, and the spelling of the host name.'],
  TRANSPORT_REFUSED: ['transient', 'http.connect', AGAIN],
  TRANSPORT_UNREACHABLE: ['transient', 'http.connect', AGAIN],
  TRANSPORT_TIMEOUT: ['transient', 'http.read', AGAIN],
  TRANSPORT_RESET: ['transient', 'http.read', AGAIN],
  TRANSPORT_FAILED: ['transient', 'http.read', AGAIN],
  TRANSPORT_PROTOCOL_ERROR: ['transient', 'http.read', AGAIN],
  // Whoever cuts a handshake short may be the one who would like it to be left out.
  TRANSPORT_TLS_FAILED: ['security', 'http.tls', TRUST],
  TRANSPORT_PLAIN_HTTP_REFUSED: ['security', 'http.tls', TRUST],
  TRANSPORT_CERTIFICATE_CHANGED: ['security', 'http.tls', TRUST],
  TRANSPORT_CERTIFICATE_UNTRUSTED: ['security', 'http.tls', TRUST],
  TRANSPORT_BODY_TOO_LARGE: ['permanent', 'http.too-large', 'Check the URL, or allow larger files.'],
  TRANSPORT_HEADERS_TOO_LARGE: ['permanent', 'http.too-large', 'Check the URL.'],
  HOST_DOWNLOAD_TOO_LARGE: ['permanent', 'http.too-large', 'Check the URL, or allow larger files.'],
  HOST_DOWNLOAD_URL: ['permanent', 'http.url', 'Correct the URL.'],
  HOST_DOWNLOAD_REDIRECT: ['permanent', 'http.redirect', 'Check the URL.'],
  HOST_DOWNLOAD_UNVERIFIED: ['security', 'http.tls', TRUST],
  HOST_DOWNLOAD_RANGE: ['repair', 'http.norange', 'The partial file is removed; it is fetched from the beginning.'],
  // A sign-in page or a damaged transfer as often as a wrong sum in the configuration; what arrived is gone in any case.
  HOST_DOWNLOAD_HASH: [
    'transient',
    'http.hash',
    'If it happens again, compare the sum in the configuration with the one its publisher names.',
  ],
  HOST_DOWNLOAD_SIZE: ['transient', 'http.read', AGAIN],
  HOST_DOWNLOAD_WRITE: ['local', 'disk.write', 'Check space and rights of the folder.'],
};

/**
 * Why a transfer failed, in the classes of `explain`: for errors of a `DownloadDoor`. `wallMs` is now, for a `Retry-After` that names a date. Null for
 * what is no failure of a transfer.
 */
export function explainTransferError(error: unknown, { wallMs }: { readonly wallMs: number }): Explanation | null {
  if (!isOpsError(error)) return null;
  const { code, details, message } = error;
  const shared = { cause: message, failedHosts: findHosts(details), evidence: [] };
  if (code === 'HOST_DOWNLOAD_STATUS') {
    const { retryAfter } = details;
    const retryAfterMs = typeof retryAfter === 'string' ? parseRetryAfterMs(retryAfter, { nowWallMs: wallMs }) : undefined;
    const [failureClass, name, hint] = explainStatus(Number(details['status']), { isPatienceAsked: retryAfterMs !== undefined });
    return { ...shared, class: failureClass, code: name, hint, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
  const known = MEANINGS[code];
  if (known === undefined) return null;
  const [failureClass, name, hint] = known;
  return { ...shared, class: failureClass, code: name, hint };
}

/** 503 says that a server is down or that it is too busy; only a `Retry-After` tells that it asks for patience. */
function explainStatus(status: number, { isPatienceAsked }: { readonly isPatienceAsked: boolean }): Meaning {
  if (status === 429 || (status === 503 && isPatienceAsked)) return ['throttled', 'http.throttle', 'Wait some minutes, then try again.'];
  if (status === 408 || status === 425 || status >= 500) return ['transient', 'http.5xx', AGAIN];
  if (status === 401 || status === 403 || status === 407) {
    return ['permanent', 'http.authz', 'Check the credentials, and the proxy if there is one.'];
  }
  return ['permanent', 'http.4xx', 'Check the URL.'];
}

function findHosts(details: Readonly<Record<string, unknown>>): readonly string[] {
  const text = details['url'] ?? details['origin'];
  return typeof text === 'string' && URL.canParse(text) ? [new URL(text).hostname.toLowerCase()] : [];
}
