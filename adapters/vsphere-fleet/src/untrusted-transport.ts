import { type Clock, OpsError } from '@breakwater/kernel';
import { probeCertificate, type Transport } from '@breakwater/transport';

/**
 * The way to a server whose certificate nobody has accepted yet: every exchange looks which certificate is shown, sends
 * nothing, and fails with it, so that a person can decide.
 */
export function createUntrustedTransport(
  address: { readonly host: string; readonly port: number },
  options: { readonly origin: string; readonly clock: Clock },
): Transport {
  const { origin, clock } = options;
  return {
    origin,
    async exchange(request) {
      const { certificate, error } = await probeCertificate(address, { clock, signal: request.signal });
      if (certificate === null) {
        throw error ?? new OpsError({ code: 'TRANSPORT_TLS_FAILED', message: `The server showed no certificate (${origin})` });
      }
      throw new OpsError({
        code: 'TRANSPORT_CERTIFICATE_UNTRUSTED',
        message: `Nobody has accepted the certificate of the server yet (${origin})`,
        details: { origin, phase: 'tls', sent: false, certificate },
      });
    },
    pool: () => ({ size: 0, active: 0, idle: 0, opened: 0, reconnects: 0, errors: 0 }),
    close: () => Promise.resolve(),
  };
}
