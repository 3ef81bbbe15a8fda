import type { TLSSocket } from 'node:tls';
import { type Clock, type OpsError, systemClock } from '@breakwater/kernel';
import { readPresentedCertificate } from './certificate.ts';
import { createLook } from './certificate-check.ts';
import { type ConnectStep, connectSocket } from './connect-socket.ts';
import type { PresentedCertificate } from './transport.ts';

export interface ProbeStep {
  readonly name: ConnectStep['name'];
  readonly ok: boolean;
  readonly detail: string;
  readonly tookMs: number;
}

export interface CertificateProbe {
  /** In order; the last one is the one that failed, if any did. */
  readonly steps: readonly ProbeStep[];
  /** Null when no handshake came to its end. */
  readonly certificate: PresentedCertificate | null;
  readonly error: OpsError | null;
}

export interface ProbeOptions {
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
  /** Name look-up and TCP. Default: 5 s. */
  readonly connectTimeoutMs?: number | undefined;
  /** Default: 5 s. */
  readonly tlsTimeoutMs?: number | undefined;
}

/** Shakes hands with a server to see its certificate, and sends nothing. Never rejects: a failure is part of the answer. */
export function probeCertificate(
  address: { readonly host: string; readonly port: number },
  options: ProbeOptions = {},
): Promise<CertificateProbe> {
  const clock = options.clock ?? systemClock;
  const steps: ProbeStep[] = [];
  let since = clock.now();
  const note = (step: Omit<ProbeStep, 'tookMs'>): void => {
    const now = clock.now();
    steps.push({ ...step, tookMs: now - since });
    since = now;
  };
  return new Promise((resolve) => {
    connectSocket(
      {
        ...address,
        security: { kind: 'tls', check: createLook() },
        clock,
        connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
        tlsTimeoutMs: options.tlsTimeoutMs ?? 5_000,
        signal: options.signal,
        onStep: (step) => {
          if (step.name !== 'dns' || steps.length === 0) note({ ...step, ok: true });
        },
      },
      (error, socket) => {
        if (error !== null) note({ name: findFailedStep(error, steps), ok: false, detail: error.message });
        const certificate = socket === null ? null : (readPresentedCertificate(socket as TLSSocket) ?? null);
        socket?.on('error', () => undefined).destroy();
        resolve({ steps, certificate, error });
      },
    );
  });
}

function findFailedStep(error: OpsError, passed: readonly ProbeStep[]): ConnectStep['name'] {
  if (error.details['phase'] === 'tls') return 'tls';
  if (error.code === 'TRANSPORT_DNS') return 'dns';
  return error.code === 'TRANSPORT_TIMEOUT' && passed.length === 0 ? 'dns' : 'tcp';
}
