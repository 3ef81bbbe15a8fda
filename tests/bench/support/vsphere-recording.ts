import { Secret } from '@breakwater/kernel';
import { openTransport, probeCertificate, type Transport, type TransportResponse } from '@breakwater/transport';
import { createVsphereClient } from '@breakwater/vsphere';

/** One exchange of a listing, as it went over the wire. */
export interface RecordedExchange {
  readonly operation: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly answer: Buffer;
}

export interface VsphereRecording {
  readonly sha256: string;
  readonly machines: number;
  readonly exchanges: readonly RecordedExchange[];
  /** The property paths of machines that this project's client asks for. */
  readonly properties: readonly string[];
  /** Ends the session, which until then answers repeated requests. */
  close(): Promise<void>;
}

export interface VsphereAddress {
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** Lists the machines of a server once with this project's client and keeps every byte of it. */
export async function recordListing(address: VsphereAddress): Promise<VsphereRecording> {
  const { certificate, error } = await probeCertificate({ host: '127.0.0.1', port: address.port });
  if (certificate === null) throw error ?? new Error('the server has shown no certificate');
  const transport = openTransport({
    origin: `https://127.0.0.1:${address.port}`,
    trust: { kind: 'pinned', sha256: certificate.sha256 },
    maxBodyBytes: 256 * 1024 * 1024,
    timeoutMs: 120_000,
  });
  const exchanges: RecordedExchange[] = [];
  const recorder: Transport = {
    origin: transport.origin,
    pool: () => transport.pool(),
    close: () => transport.close(),
    exchange: (request, read) =>
      transport.exchange(request, async (response) => {
        const answer = Buffer.from(await response.bytes());
        exchanges.push({ operation: request.operation, headers: request.headers ?? {}, body: String(request.body ?? ''), answer });
        return read(replay(response, answer));
      }),
  };
  const client = createVsphereClient({ transport: recorder, user: address.user, password: new Secret(address.password) });
  const { machines } = await client.load({ priority: 'normal' });
  return {
    sha256: certificate.sha256,
    machines: machines.length,
    exchanges,
    properties: readMachinePaths(exchanges),
    async close() {
      await client.close();
      await transport.close();
    },
  };
}

function replay(response: TransportResponse, bytes: Buffer): TransportResponse {
  return {
    ...response,
    chunks: (async function* () {
      yield bytes;
    })(),
    bytes: () => Promise.resolve(bytes),
    text: () => Promise.resolve(bytes.toString()),
  };
}

export function findExchange(recording: VsphereRecording, operation: string): RecordedExchange {
  const found = recording.exchanges.find((exchange) => exchange.operation === operation);
  if (found === undefined) throw new Error(`no ${operation} in this recording`);
  return found;
}

function readMachinePaths(exchanges: readonly RecordedExchange[]): readonly string[] {
  const body = exchanges.find((exchange) => exchange.operation === 'RetrievePropertiesEx')?.body ?? '';
  const set = /<propSet><type>VirtualMachine<\/type>(.*?)<\/propSet>/s.exec(body)?.[1] ?? '';
  const paths = [...set.matchAll(/<pathSet>([^<]+)<\/pathSet>/g)].map((match) => match[1] ?? '');
  if (paths.length === 0) throw new Error('the listing asked for no property of machines');
  return paths;
}

/** The same question for one answer without pages, as other clients ask it. */
export function toWholeRequest(recording: VsphereRecording): { readonly headers: Readonly<Record<string, string>>; readonly body: string } {
  const { headers, body } = findExchange(recording, 'RetrievePropertiesEx');
  return { headers, body: body.replace(/<maxObjects>\d+<\/maxObjects>/, '') };
}
