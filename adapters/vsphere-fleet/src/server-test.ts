import type { ServerTest } from '@breakwater/contract';
import type { ServerCredentials, ServerRecord } from '@breakwater/fleet';
import { type Clock, type Logger, type OpsError, toOpsError } from '@breakwater/kernel';
import { type CertificateProbe, probeCertificate, type Transport } from '@breakwater/transport';
import { createVsphereClient } from '@breakwater/vsphere';

type Step = ServerTest['steps'][number];

export interface ServerTestOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** The bare way to the server, used for this test only: every step is tried once. */
  openRoad(): Transport;
}

/** Looks at the certificate and sends nothing. */
export async function probeServer(
  address: { readonly host: string; readonly port: number },
  options: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<ServerTest> {
  const probe = await probeCertificate(address, options);
  const { certificate, error } = probe;
  if (certificate !== null) return toResult(probe, { message: 'The server showed its certificate.', isSuccess: true });
  return toResult(probe, { message: error?.message ?? 'The server showed no certificate.', code: error?.code ?? 'TRANSPORT_TLS_FAILED' });
}

/** Name, port, certificate, version, sign-in and inventory, one after the other; the first failure ends it. */
export async function testServer(record: ServerRecord, credentials: ServerCredentials, options: ServerTestOptions): Promise<ServerTest> {
  const { clock, logger, signal } = options;
  const probe = await probeCertificate(record, { clock, signal });
  if (probe.certificate === null) {
    return toResult(probe, {
      message: probe.error?.message ?? 'The server showed no certificate.',
      code: probe.error?.code ?? 'TRANSPORT_TLS_FAILED',
    });
  }
  const distrust = findDistrust(record, probe.certificate.sha256);
  if (distrust !== null) return toResult(failTls(probe, distrust.message), distrust);
  const watch = new StepWatch(clock);
  const road = options.openRoad();
  const client = createVsphereClient({ transport: watch.around(road), ...credentials, clock, logger });
  let product: string | null = null;
  try {
    ({ fullName: product } = await client.connect({ signal }));
    const { machines } = await client.load({ priority: 'high', signal });
    watch.pass('inventory', `${machines.length} machines`);
    const message = `${product} answered and lists ${machines.length} machines.`;
    return toResult(probe, { message, isSuccess: true, product, steps: watch.steps, machineCount: machines.length });
  } catch (thrown) {
    const error = toOpsError(thrown, { code: 'VSPHERE_FLEET_FAILED' });
    const { code, message } = error;
    if (isAboutCertificate(error)) return toResult(failTls(probe, message), { message, code });
    watch.fail(message);
    return toResult(probe, { message, code, product, steps: watch.steps });
  } finally {
    await client.close();
    await road.close();
  }
}

interface Verdict {
  readonly message: string;
  readonly code?: string;
  readonly isSuccess?: boolean;
  readonly product?: string | null;
  readonly steps?: readonly Step[];
  readonly machineCount?: number;
}

function toResult(probe: CertificateProbe, verdict: Verdict): ServerTest {
  const { certificate } = probe;
  const steps = probe.steps.map(({ name, ok, detail, tookMs }): Step => ({ name, ok, detail, took_ms: Math.round(tookMs) }));
  return {
    success: verdict.isSuccess ?? false,
    message: verdict.message,
    vm_count: verdict.machineCount ?? null,
    code: verdict.code ?? null,
    steps: [...steps, ...(verdict.steps ?? [])],
    certificate:
      certificate === null
        ? null
        : {
            sha256: certificate.sha256,
            sha1: certificate.sha1,
            subject: certificate.subject,
            issuer: certificate.issuer,
            valid_from: certificate.validFrom,
            valid_to: certificate.validTo,
          },
    product: verdict.product ?? null,
  };
}

/** Why the password must not be sent there; null when it may. A chain to a known authority is checked when connecting. */
function findDistrust(
  { verifySsl, pinnedSha256 }: ServerRecord,
  shown: string,
): { readonly code: string; readonly message: string } | null {
  if (verifySsl || pinnedSha256 === shown) return null;
  if (pinnedSha256 === null) {
    return {
      code: 'TRANSPORT_CERTIFICATE_UNTRUSTED',
      message: 'Nobody has accepted the certificate of this server yet, so nothing was sent to it.',
    };
  }
  return {
    code: 'TRANSPORT_CERTIFICATE_CHANGED',
    message: 'The server shows another certificate than the one that was accepted, so nothing was sent to it.',
  };
}

function failTls(probe: CertificateProbe, detail: string): CertificateProbe {
  return { ...probe, steps: probe.steps.map((step) => (step.name === 'tls' ? { ...step, ok: false, detail } : step)) };
}

const isAboutCertificate = ({ code }: OpsError): boolean => code.startsWith('TRANSPORT_CERTIFICATE_');

/** Tells the steps of a client apart by the calls that it makes. */
class StepWatch {
  readonly steps: Step[] = [];
  readonly #clock: Clock;
  #since: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
  }

  around(road: Transport): Transport {
    return {
      origin: road.origin,
      exchange: async (request, read) => {
        const value = await road.exchange(request, read);
        if (request.operation === 'RetrieveServiceContent') this.pass('version', 'The server speaks a known version.');
        if (request.operation === 'Login') this.pass('login', 'Signed in.');
        return value;
      },
      pool: () => road.pool(),
      close: () => road.close(),
    };
  }

  pass(name: Step['name'], detail: string): void {
    this.#add({ name, ok: true, detail });
  }

  /** Of the step that comes after the last one that was passed. */
  fail(detail: string): void {
    const order: readonly Step['name'][] = ['version', 'login', 'inventory'];
    const name = order.find((each) => !this.steps.some((step) => step.name === each));
    if (name !== undefined) this.#add({ name, ok: false, detail });
  }

  #add(step: Omit<Step, 'took_ms'>): void {
    const now = this.#clock.now();
    this.steps.push({ ...step, took_ms: Math.round(now - this.#since) });
    this.#since = now;
  }
}
