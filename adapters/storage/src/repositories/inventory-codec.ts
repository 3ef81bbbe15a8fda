import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { constants, createZstdCompress, zstdDecompress } from 'node:zlib';
import type { MachineFacts } from '@breakwater/fleet';

/** Raise it when `MachineFacts` changes in a way that old rows do not fit: they are then read as absent and loaded anew. */
const FORMAT = 1;
const MACHINES_PER_SLICE = 200;
/** Some 200,000 machines. */
const MAX_DECODED_BYTES = 256 * 1_048_576;
const COMPRESSION_LEVEL = 3;

const decompress = promisify(zstdDecompress);

/** Compresses off the main thread and turns machines into text slice by slice, so that 5,000 of them do not stall consoles. */
export async function encodeInventory(machines: readonly MachineFacts[]): Promise<Uint8Array> {
  const compressor = createZstdCompress({
    params: { [constants.ZSTD_c_compressionLevel]: COMPRESSION_LEVEL, [constants.ZSTD_c_checksumFlag]: 1 },
  });
  const chunks: Buffer[] = [];
  for await (const chunk of Readable.from(toSlices(machines)).pipe(compressor)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function* toSlices(machines: readonly MachineFacts[]): Generator<string> {
  yield `${JSON.stringify({ format: FORMAT })}\n`;
  for (let start = 0; start < machines.length; start += MACHINES_PER_SLICE) {
    yield machines
      .slice(start, start + MACHINES_PER_SLICE)
      .map((machine) => `${JSON.stringify(machine)}\n`)
      .join('');
  }
}

/** Null for another format; rejects for damaged bytes. */
export async function decodeInventory(bytes: Uint8Array): Promise<readonly MachineFacts[] | null> {
  const text = (await decompress(bytes, { maxOutputLength: MAX_DECODED_BYTES })).toString('utf8');
  const [head, ...lines] = text.split('\n');
  const header: unknown = JSON.parse(head ?? '');
  if (typeof header !== 'object' || header === null || !('format' in header) || header.format !== FORMAT) return null;
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as MachineFacts);
}
