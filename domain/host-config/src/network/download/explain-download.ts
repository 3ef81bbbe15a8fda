import { isOpsError } from '@breakwater/kernel';
import { explain } from '../../classify/explain.ts';
import type { Explanation, FailureClass } from '../../classify/failure.ts';

const TRANSIENT: readonly string[] = ['DNS', 'REFUSED', 'RESET', 'TIMEOUT', 'UNREACHABLE', 'CONNECT_FAILED', 'PROTOCOL_ERROR', 'FAILED'];
const SECURITY: readonly string[] = ['CERTIFICATE_UNTRUSTED', 'CERTIFICATE_CHANGED', 'TLS_FAILED', 'PLAIN_HTTP_REFUSED'];

/** Why a transfer on the side of the configurator failed. */
export function explainDownload(error: unknown): Explanation {
  const message = error instanceof Error ? error.message : String(error);
  if (!isOpsError(error)) return explain({ tool: 'http', exitCode: 1, stdout: '', stderr: message });
  const { code, details } = error;
  const status = details['statusCode'];
  if (typeof status === 'number') return explainStatus(status, details['retryAfterMs']);
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

function explainStatus(status: number, retryAfterMs: unknown): Explanation {
  const explanation = explain({ tool: 'http', exitCode: 22, stdout: '', stderr: `The requested URL returned error: ${status}` });
  return typeof retryAfterMs === 'number' ? { ...explanation, retryAfterMs } : explanation;
}

function toClass(code: string): FailureClass {
  const transport = code.replace(/^TRANSPORT_/, '');
  if (transport !== code) return SECURITY.includes(transport) ? 'security' : TRANSIENT.includes(transport) ? 'transient' : 'permanent';
  if (code === 'HOST_DOWNLOAD_HASH') return 'transient';
  return code.startsWith('HOST_FILE_') || code.includes('_FULL') ? 'local' : 'permanent';
}
