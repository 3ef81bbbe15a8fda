import { ManualClock } from '@breakwater/kernel';
import { expect, onTestFinished, test } from 'vitest';
import { probeCertificate } from './probe-certificate.ts';
import { fingerprint, type LoopbackServerOptions, openLoopbackServer } from './testing/loopback-server.ts';

async function serve(options: LoopbackServerOptions) {
  const server = await openLoopbackServer(options);
  onTestFinished(server.close);
  return server;
}

test('shows the certificate of a server that nobody trusts yet, and sends nothing', async () => {
  const server = await serve({ certificate: 'second', answer: (_request, response) => response.end() });
  const probe = await probeCertificate({ host: '127.0.0.1', port: server.port });
  await server.idle();
  expect(probe.error).toBeNull();
  expect(probe.certificate).toMatchObject({ sha256: fingerprint('second'), issuer: 'O=Breakwater tests, CN=localhost.localdomain' });
  expect(probe.certificate?.sha1).toMatch(/^([0-9A-F]{2}:){19}[0-9A-F]{2}$/);
  expect(probe.steps.map(({ name, ok }) => ({ name, ok }))).toEqual([
    { name: 'tcp', ok: true },
    { name: 'tls', ok: true },
  ]);
  expect(server.received()).toBe(0);
});

test('tells the name look-up from the connection and the handshake', async () => {
  const server = await serve({ certificate: 'first', answer: (_request, response) => response.end() });
  const probe = await probeCertificate({ host: 'localhost', port: server.port });
  expect(probe.steps.map(({ name }) => name)).toEqual(['dns', 'tcp', 'tls']);
  for (const step of probe.steps) expect(step.tookMs).toBeGreaterThanOrEqual(0);
});

test.each([
  [
    'a closed port',
    'tcp',
    'TRANSPORT_REFUSED',
    async () => {
      const server = await serve({ certificate: 'first' });
      await server.close();
      return { host: '127.0.0.1', port: server.port };
    },
  ],
  [
    'a server that speaks no TLS',
    'tls',
    'TRANSPORT_TLS_FAILED',
    async () => {
      const server = await serve({ onSocket: (socket) => socket.once('data', () => socket.end('SSH-2.0-OpenSSH\r\n')) });
      return { host: '127.0.0.1', port: server.port };
    },
  ],
  ['a name that does not exist', 'dns', 'TRANSPORT_DNS', async () => ({ host: 'no-such-host.invalid', port: 443 })],
] as const)('reports %s as the step that failed', async (_name, step, code, arrange) => {
  const probe = await probeCertificate(await arrange());
  expect(probe.certificate).toBeNull();
  expect(probe.error?.code).toBe(code);
  expect(probe.steps.at(-1)).toMatchObject({ name: step, ok: false });
});

test('ends with the handshake timeout and with the signal', async () => {
  const server = await serve({ onSocket: () => undefined });
  const clock = new ManualClock();
  const probing = probeCertificate({ host: '127.0.0.1', port: server.port }, { clock });
  while (server.connections() === 0) await new Promise((resolve) => setImmediate(resolve));
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(5_000);
  expect((await probing).error).toMatchObject({ code: 'TRANSPORT_TIMEOUT', details: { phase: 'tls' } });
  const canceled = await probeCertificate({ host: '127.0.0.1', port: server.port }, { signal: AbortSignal.abort() });
  expect(canceled.error?.code).toBe('TRANSPORT_CANCELED');
});
