import type { Certificate, Server, ServerTest } from '@breakwater/contract';
import { OpsError } from '@breakwater/kernel';
import type { PortalClient } from '../portal-client.ts';
import { type Terminal, toPrintable, toTable } from '../terminal.ts';

export interface ServerCommandContext {
  readonly client: PortalClient;
  readonly terminal: Terminal;
}

export interface ServerAddInput {
  readonly name: string | undefined;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Fingerprint known beforehand; without it a person is shown the certificate and asked. */
  readonly fingerprint: string | undefined;
  readonly verifySsl: boolean;
}

export async function listServers({ client, terminal }: ServerCommandContext): Promise<void> {
  const servers = await client.request<readonly Server[]>('GET', '/servers');
  if (servers.length === 0) {
    terminal.print('No servers yet. Add one with "breakwater server add <address>".');
    return;
  }
  const rows = servers.map((server) => [
    server.id,
    toPrintable(server.name),
    `${server.host}:${server.port}`,
    server.state,
    `${server.vm_on_count}/${server.vm_count}`,
    toPrintable(server.problem ?? server.product ?? ''),
  ]);
  terminal.print(toTable(['ID', 'NAME', 'ADDRESS', 'STATE', 'ON/ALL', 'PRODUCT OR PROBLEM'], rows));
}

export async function addServer({ client, terminal }: ServerCommandContext, input: ServerAddInput): Promise<void> {
  const pinned = input.verifySsl ? null : await choosePin({ client, terminal }, input);
  const password = await terminal.askSecret(`Password of ${input.user} on ${input.address}: `);
  const candidate = {
    name: input.name ?? input.address,
    host: input.address,
    port: input.port,
    user: input.user,
    password: password.reveal(),
    verify_ssl: input.verifySsl,
    pinned_sha256: pinned,
  };
  const test = await client.request<ServerTest>('POST', '/servers/test', candidate);
  printTest(terminal, test);
  if (!test.success)
    throw new OpsError({
      code: test.code ?? 'CLI_SERVER_TEST_FAILED',
      message: 'The server was not added, because the test above failed.',
    });
  const server = await client.request<Server>('POST', '/servers', candidate);
  terminal.print(`Added ${toPrintable(server.name)} as ${server.id}.`);
}

async function choosePin({ client, terminal }: ServerCommandContext, input: ServerAddInput): Promise<string> {
  const probe = await client.request<ServerTest>('POST', '/servers/probe', { host: input.address, port: input.port });
  if (probe.certificate === null) {
    printTest(terminal, probe);
    throw new OpsError({
      code: probe.code ?? 'CLI_SERVER_TEST_FAILED',
      message: `No certificate could be read from ${input.address}:${input.port}.`,
    });
  }
  if (input.fingerprint !== undefined) {
    if (input.fingerprint.toUpperCase() === probe.certificate.sha256) return probe.certificate.sha256;
    throw new OpsError({
      code: 'FLEET_CERTIFICATE_MISMATCH',
      message: `The server shows ${probe.certificate.sha256}, not the fingerprint that was given. Nothing was sent to it.`,
    });
  }
  return await confirmCertificate(terminal, probe.certificate);
}

async function confirmCertificate(terminal: Terminal, certificate: Certificate): Promise<string> {
  printCertificate(terminal, certificate);
  if (!terminal.isInteractive) {
    throw new OpsError({
      code: 'CLI_CONFIRMATION_NEEDED',
      message: `Nobody is here to confirm the certificate. Compare it on the host's console and give it as --fingerprint ${certificate.sha256}`,
    });
  }
  const answer = await terminal.ask('Is this the certificate of that server? Type yes to trust it: ');
  if (answer.trim().toLowerCase() !== 'yes') throw new OpsError({ code: 'CLI_CANCELED', message: 'Not trusted; nothing was changed.' });
  return certificate.sha256;
}

export async function testServer({ client, terminal }: ServerCommandContext, id: string): Promise<void> {
  const test = await client.request<ServerTest>('POST', `/servers/${encodeURIComponent(id)}/test`);
  printTest(terminal, test);
  if (!test.success) throw new OpsError({ code: test.code ?? 'CLI_SERVER_TEST_FAILED', message: test.message });
}

export async function trustServer(
  { client, terminal }: ServerCommandContext,
  id: string,
  options: { readonly fingerprint: string | undefined },
): Promise<void> {
  const path = `/servers/${encodeURIComponent(id)}`;
  const server = await client.request<Server>('GET', path);
  const offered =
    server.offered_certificate ??
    (await client.request<ServerTest>('POST', '/servers/probe', { host: server.host, port: server.port })).certificate;
  if (offered === null)
    throw new OpsError({ code: 'CLI_SERVER_TEST_FAILED', message: `No certificate could be read from ${server.host}:${server.port}.` });
  if (offered.sha256 === server.pinned_sha256) {
    terminal.print(`${toPrintable(server.name)} already trusts this certificate: ${offered.sha256}`);
    return;
  }
  if (server.pinned_sha256 !== null) terminal.print(`Trusted until now: ${server.pinned_sha256}`);
  const sha256 = options.fingerprint?.toUpperCase() ?? (await confirmCertificate(terminal, offered));
  const trusted = await client.request<Server>('POST', `${path}/trust`, { sha256 });
  terminal.print(`${toPrintable(trusted.name)} now trusts ${sha256}`);
}

function printCertificate(terminal: Terminal, certificate: Certificate): void {
  terminal.print(`SHA-256  ${certificate.sha256}`);
  terminal.print(`SHA-1    ${certificate.sha1}`);
  terminal.print(`Subject  ${toPrintable(certificate.subject)}`);
  terminal.print(`Issuer   ${toPrintable(certificate.issuer)}`);
  terminal.print(`Valid    ${certificate.valid_from} to ${certificate.valid_to}`);
}

function printTest(terminal: Terminal, test: ServerTest): void {
  for (const step of test.steps)
    terminal.print(`${step.ok ? 'ok  ' : 'FAIL'}  ${step.name.padEnd(9)}  ${toPrintable(step.detail)} (${Math.round(step.took_ms)} ms)`);
  terminal.print(toPrintable(test.message));
}
