import { isOpsError, parseInstant } from '@breakwater/kernel';
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
  TRANSPORT_TLS_FAILED: ['transient', 'http.read', AGAIN],
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
    const [failureClass, name, hint] = explainStatus(Number(details['status']));
    const retryAfterMs = parseRetryAfter(details['retryAfter'], wallMs);
    return { ...shared, class: failureClass, code: name, hint, ...(retryAfterMs === null ? {} : { retryAfterMs }) };
  }
  const known = MEANINGS[code];
  if (known === undefined) return null;
  const [failureClass, name, hint] = known;
  return { ...shared, class: failureClass, code: name, hint };
}

function explainStatus(status: number): Meaning {
  if (status === 429 || status === 503) return ['throttled', 'http.throttle', 'Wait some minutes, then try again.'];
  if (status === 408 || status === 425 || status >= 500) return ['transient', 'http.5xx', AGAIN];
  if (status === 401 || status === 403 || status === 407) {
    return ['permanent', 'http.authz', 'Check the credentials, and the proxy if there is one.'];
  }
  return ['permanent', 'http.4xx', 'Check the URL.'];
}

/** Seconds or a date (RFC 9110); null for anything else, and never negative. */
function parseRetryAfter(value: unknown, wallMs: number): number | null {
  if (typeof value !== 'string') return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  const atMs = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(value) ? parseHttpDate(value) : Number.NaN;
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - wallMs);
}

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';

function parseHttpDate(text: string): number {
  const [, day = '', month = '', year = '', time = ''] = text.split(' ');
  const number = String(MONTHS.indexOf(month) / 3 + 1).padStart(2, '0');
  return parseInstant(`${year}-${number}-${day}T${time}Z`) ?? Number.NaN;
}

function findHosts(details: Readonly<Record<string, unknown>>): readonly string[] {
  const text = details['url'] ?? details['origin'];
  return typeof text === 'string' && URL.canParse(text) ? [new URL(text).hostname.toLowerCase()] : [];
}
