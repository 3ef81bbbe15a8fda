import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { isOpsError, OpsError } from '@breakwater/kernel';

export interface DecodeOptions {
  /** Value of `content-encoding`; empty for none. */
  readonly encoding: string;
  readonly origin: string;
  /** Bounds what comes out, because a few kilobytes of gzip can hold gigabytes. */
  readonly maxBytes: number;
}

/** Undoes the content encoding and bounds the size on both sides of it. */
export function decodeBody(raw: AsyncIterable<Uint8Array>, options: DecodeOptions): AsyncIterable<Uint8Array> {
  const encoding = options.encoding.trim().toLowerCase();
  const bounded = boundBody(raw, options);
  switch (encoding) {
    case '':
    case 'identity':
      return bounded;
    case 'gzip':
    case 'x-gzip':
      return boundBody(inflate(bounded, { ...options, createDecoder: () => createGunzip() }), options);
    case 'deflate':
      return boundBody(inflate(bounded, { ...options, createDecoder: createDeflateDecoder }), options);
    default:
      throw new OpsError({
        code: 'TRANSPORT_ENCODING_UNSUPPORTED',
        message: `The answer is encoded in a way that was not asked for (${options.origin})`,
        details: { origin: options.origin, encoding: encoding.slice(0, 40) },
      });
  }
}

export const createTooLargeError = (origin: string, maxBytes: number): OpsError =>
  new OpsError({
    code: 'TRANSPORT_BODY_TOO_LARGE',
    message: `The answer is larger than ${maxBytes} bytes (${origin})`,
    details: { origin, maxBytes, phase: 'body', sent: true },
  });

async function* boundBody(chunks: AsyncIterable<Uint8Array>, options: DecodeOptions): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > options.maxBytes) throw createTooLargeError(options.origin, options.maxBytes);
    yield chunk;
  }
}

/** Servers say `deflate` for two formats; the low half of a zlib header's first byte is always 8, that of raw deflate practically never. */
const createDeflateDecoder = (first: Uint8Array): Transform => (((first[0] ?? 0) & 0x0f) === 8 ? createInflate() : createInflateRaw());

async function* inflate(
  chunks: AsyncIterable<Uint8Array>,
  options: DecodeOptions & { createDecoder(first: Uint8Array): Transform },
): AsyncGenerator<Uint8Array> {
  const source = chunks[Symbol.asyncIterator]();
  const first = await source.next();
  if (first.done === true) return;
  const decoder = options.createDecoder(first.value);
  const feeding = pipeline(continueFrom(first.value, source), decoder);
  // The fault also reaches the loop below through the decoder; this copy of it has no other listener.
  feeding.catch(() => undefined);
  try {
    for await (const chunk of decoder) yield chunk as Uint8Array;
    await feeding;
  } catch (error) {
    if (isOpsError(error)) throw error;
    throw new OpsError({
      code: 'TRANSPORT_ENCODING_INVALID',
      message: `The compressed answer is damaged (${options.origin})`,
      cause: error,
      details: { origin: options.origin, phase: 'body', sent: true },
    });
  } finally {
    decoder.destroy();
  }
}

async function* continueFrom(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}
