import { isOpsError } from '@breakwater/kernel';
import { parseRetryAfterMs } from '@breakwater/resilience';
import { explain } from '../../classify/explain.ts';
import type { Explanation, FailureClass } from '../../classify/failure.ts';

const TRANSIENT: readonly string[] = ['DNS', 'REFUSED', 'RESET', 'TIMEOUT', 'UNREACHABLE', 'CONNECT_FAILED', 'PROTOCOL_ERROR', 'FAILED'];
const SECURITY: readonly string[] = ['CERTIFICATE_UNTRUSTED', 'CERTIFICATE_CHANGED', 'TLS_FAILED', 'PLAIN_HTTP_REFUSED'];

const DOWNLOAD_CLASSES: Readonly<Record<string, FailureClass>> = {
  HOST_DOWNLOAD_HASH: 'transient',
  HOST_DOWNLOAD_SIZE: 'transient',
  // The partial file is gone; it is fetched from the beginning.
  HOST_DOWNLOAD_RANGE: 'repair',
  HOST_DOWNLOAD_UNVERIFIED: 'security',
  HOST_DOWNLOAD_WRITE: 'local',
};

/** Why a transfer on the side of the configurator failed. `wallMs` is now, for a `Retry-After` that names a date. */
export function explainDownload(error: unknown, { wallMs }: { readonly wallMs: number }): Explanation {
  const message = error instanceof Error ? error.message : String(error);
  if (!isOpsError(error)) return explain({ tool: 'http', exitCode: 1, stdout: '', stderr: message });
  const { code, details } = error;
  const status = details['status'];
  if (typeof status === 'number') return explainStatus(status, { retryAfter: details['retryAfter'], wallMs });
  const kind = toClass(code);
  return {
    class: kind,
    code: `http.${code
      .replace(/^(?:TRANSPORT|HOST_DOWNLOAD)_/, '')
      .toLowerCase()
      .replaceAll('_', '-')}`,
    cause: message,
    hint: kind === 'security' ? 'Do not use what was fetched; check URL, clock and checksum.' : 'Try again in a while.',
    failedHosts: [],
    evidence: [],
  };
}

function explainStatus(status: number, options: { readonly retryAfter: unknown; readonly wallMs: number }): Explanation {
  const { retryAfter, wallMs } = options;
  const explanation = explain({ tool: 'http', exitCode: 22, stdout: '', stderr: `The requested URL returned error: ${status}` });
  const retryAfterMs = typeof retryAfter === 'string' ? parseRetryAfterMs(retryAfter, { nowWallMs: wallMs }) : undefined;
  return retryAfterMs === undefined ? explanation : { ...explanation, retryAfterMs };
}

function toClass(code: string): FailureClass {
  const transport = code.replace(/^TRANSPORT_/, '');
  if (transport !== code) return SECURITY.includes(transport) ? 'security' : TRANSIENT.includes(transport) ? 'transient' : 'permanent';
  return DOWNLOAD_CLASSES[code] ?? (code.startsWith('HOST_FILE_') ? 'local' : 'permanent');
}
