import { promisify } from 'node:util';
import { brotliCompress, constants, gzip, zstdCompress } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { readAcceptedNames } from './accepted-names.ts';

type Encoding = 'zstd' | 'br' | 'gzip';

/** In the order in which they are preferred: least CPU for the size first. */
const ENCODINGS: readonly Encoding[] = ['zstd', 'br', 'gzip'];

/** Below this a compressed body saves nothing worth a call. */
const MIN_COMPRESSED_BYTES = 1_024;

const [compressZstd, compressBrotli, compressGzip] = [promisify(zstdCompress), promisify(brotliCompress), promisify(gzip)];

const compressors: Readonly<Record<Encoding, (bytes: Buffer) => Promise<Buffer>>> = {
  zstd: (bytes) => compressZstd(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
  br: (bytes) =>
    compressBrotli(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 1, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }),
  gzip: (bytes) => compressGzip(bytes, { level: 1 }),
};

/** Bytes of one version of an answer, made once and sent to everybody; compressed when first asked for. */
export class PreparedBody {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly mediaType: string;
  readonly #compressed = new Map<Encoding, Promise<Buffer>>();

  constructor(bytes: Buffer, options: { readonly etag: string; readonly mediaType: string }) {
    this.bytes = bytes;
    this.etag = options.etag;
    this.mediaType = options.mediaType;
  }

  /** The bytes in the best encoding that the client takes. */
  encode(acceptEncoding: string | undefined): { readonly encoding: Encoding | null; readonly bytes: Buffer | Promise<Buffer> } {
    const encoding = this.bytes.length < MIN_COMPRESSED_BYTES ? null : chooseEncoding(acceptEncoding);
    if (encoding === null) return { encoding, bytes: this.bytes };
    let compressed = this.#compressed.get(encoding);
    if (compressed === undefined) {
      compressed = compressors[encoding](this.bytes);
      this.#compressed.set(encoding, compressed);
    }
    return { encoding, bytes: compressed };
  }
}

/** Null: send the bytes as they are. */
export function chooseEncoding(acceptEncoding: string | undefined): Encoding | null {
  if (acceptEncoding === undefined) return null;
  const accepted = readAcceptedNames(acceptEncoding);
  return ENCODINGS.find((encoding) => accepted.has(encoding)) ?? null;
}

/** True when the client already holds this version. Compares weakly, as RFC 9110 asks for If-None-Match. */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined || ifNoneMatch.length > 4_000) return false;
  if (ifNoneMatch === etag || ifNoneMatch === '*') return true;
  const wanted = etag.replace(/^W\//, '');
  return ifNoneMatch.split(',').some((item) => item.trim().replace(/^W\//, '') === wanted);
}

/** Answers with the prepared bytes, or with 304 when the client has them. Cache headers are the caller's. */
export function sendPrepared(request: FastifyRequest, reply: FastifyReply, body: PreparedBody): FastifyReply | Promise<void> {
  reply.header('etag', body.etag).header('vary', 'accept-encoding');
  if (matchesEtag(request.headers['if-none-match'], body.etag)) return reply.code(304).send();
  const { encoding, bytes } = body.encode(request.headers['accept-encoding']);
  reply.header('content-type', body.mediaType);
  if (encoding !== null) reply.header('content-encoding', encoding);
  return bytes instanceof Promise ? bytes.then((ready) => void reply.send(ready)) : reply.send(bytes);
}
