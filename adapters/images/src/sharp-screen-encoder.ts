import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import type { CondensedScreen, EncodedScreen, ScreenEncoder } from '@breakwater/fleet';
import { OpsError } from '@breakwater/kernel';
import type { Sharp, SharpOptions } from 'sharp';
import { Gate } from './gate.ts';
import { sampleGrey } from './grey-sample.ts';
import { readPngHeader } from './png-header.ts';

type SharpFactory = (input: Uint8Array, options: SharpOptions) => Sharp;

export interface SharpScreenEncoderOptions {
  /** Default `webp`. */
  readonly format?: 'webp' | 'jpeg';
  /** Default 320 x 200: the smallest at which a login prompt can be read. Other shapes get black bars. */
  readonly width?: number;
  readonly height?: number;
  /** 1 to 100; default 50. */
  readonly quality?: number;
  /** WebP only, 0 (fast) to 6 (small); default 2. */
  readonly effort?: number;
  /** `on` (default): each picture keeps its pixels, packed, so that it can be condensed to AVIF later. */
  readonly avif?: 'on' | 'off';
  /** Pictures in work at once, each on one thread; default 1. As many again are condensed. */
  readonly concurrency?: number;
}

/**
 * At 45 AVIF is as good as WebP at 50 for a fifth fewer bytes at 320 x 200. Effort 0 needs a third of the CPU of effort 2 and 4 % more bytes.
 */
const AVIF = { quality: 45, effort: 0, chromaSubsampling: '4:2:0' } as const;

/** Largest picture that is decoded; a virtual machine's screen has at most 7680 x 4320. */
const MAX_SIDE = 8_192;
const MAX_PIXELS = MAX_SIDE * MAX_SIDE;
/** A noisy 4K screen compresses badly, but not as badly as this. */
const MAX_PNG_BYTES = 32 * 1_048_576;
/** Spec 02, "Smart Image Validation": a smaller result is no picture. */
const MIN_RESULT_BYTES = 100;
/** Far more than a 8K screen takes; ends the decoding of what was made to be slow. */
const DECODE_TIMEOUT_S = 10;

const pack = promisify(zstdCompress);
const unpack = promisify(zstdDecompress);

/** Level 1: 0.4 ms for 192 kB of pixels, which become 27 kB on average. */
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

type Fault = 'not-png' | 'empty' | 'too-large' | 'damaged' | 'no-picture';

const FAULT_TEXTS: Readonly<Record<Fault, string>> = {
  'not-png': 'The host sent something that is no PNG picture.',
  empty: 'The host sent a picture without pixels.',
  'too-large': 'The host sent a picture that is too large to decode safely.',
  damaged: 'The host sent a picture that is cut off or damaged.',
  'no-picture': 'The host sent a picture that holds nothing.',
};

/** Screens for the fleet: decoded within limits, scaled to one size, re-encoded. Sharp is loaded with the first picture. */
export function createSharpScreenEncoder(options: SharpScreenEncoderOptions = {}): ScreenEncoder {
  const { format = 'webp', width = 320, height = 200, quality = 50, effort = 2, avif = 'on', concurrency = 1 } = options;
  const gate = new Gate(concurrency);
  // A gate of its own: somebody waits for these, and a hostile picture may hold the other one for seconds.
  const condensing = new Gate(concurrency);
  const raw = { raw: { width, height, channels: 3 } } as const;
  let loading: Promise<SharpFactory> | null = null;

  const load = (): Promise<SharpFactory> => {
    loading ??= loadSharp();
    return loading;
  };
  const encodeNow = async (png: Uint8Array, signal: AbortSignal): Promise<EncodedScreen> => {
    signal.throwIfAborted();
    const sharp = await load();
    const rgb = await decode(sharp, png, { width, height });
    // The picture that nobody waits for any more is not worth the second half of the work.
    signal.throwIfAborted();
    const picture = sharp(rgb, raw);
    const bytes = await (format === 'webp' ? picture.webp({ quality, effort }) : picture.jpeg({ quality })).toBuffer();
    if (bytes.length < MIN_RESULT_BYTES) throw createInvalid('no-picture');
    const pixels = avif === 'on' ? await pack(rgb, FAST) : null;
    return { bytes, mediaType: `image/${format}`, sample: sampleGrey(rgb, { width, height }), pixels };
  };

  const condenseNow = async (pixels: Uint8Array, signal: AbortSignal): Promise<CondensedScreen> => {
    const sharp = await load();
    const rgb = await unpack(pixels, { maxOutputLength: width * height * 3 });
    signal.throwIfAborted();
    const bytes = await sharp(rgb, raw).avif(AVIF).toBuffer();
    if (bytes.length < MIN_RESULT_BYTES) throw createInvalid('no-picture');
    return { bytes, mediaType: 'image/avif' };
  };

  return {
    async encode(png, { signal }) {
      assertDecodable(png);
      return gate.run(() => encodeNow(png, signal), { signal });
    },
    condense: (pixels, { signal }) => condensing.run(() => condenseNow(pixels, signal), { signal }),
  };
}

function assertDecodable(png: Uint8Array): void {
  if (png.length > MAX_PNG_BYTES) throw createInvalid('too-large');
  const header = readPngHeader(png);
  if (header.kind === 'not-png') throw createInvalid('not-png');
  if (header.width === 0 || header.height === 0) throw createInvalid('empty');
  if (header.width > MAX_SIDE || header.height > MAX_SIDE) throw createInvalid('too-large');
}

async function loadSharp(): Promise<SharpFactory> {
  const { default: sharp } = await import('sharp');
  // One thread per picture, so that `concurrency` alone says how much CPU screens may take.
  sharp.concurrency(1);
  // Every input is new; a cache of decoded ones would only hold memory.
  sharp.cache(false);
  return sharp;
}

async function decode(sharp: SharpFactory, png: Uint8Array, size: { readonly width: number; readonly height: number }): Promise<Buffer> {
  try {
    return await sharp(png, { limitInputPixels: MAX_PIXELS, failOn: 'error', sequentialRead: true, pages: 1 })
      .timeout({ seconds: DECODE_TIMEOUT_S })
      .resize(size.width, size.height, { fit: 'contain', background: '#000', kernel: 'linear' })
      .flatten({ background: '#000' })
      .toColourspace('srgb')
      .removeAlpha()
      .raw()
      .toBuffer();
  } catch (error) {
    throw createInvalid('damaged', error);
  }
}

function createInvalid(fault: Fault, cause?: unknown): OpsError {
  return new OpsError({ code: 'FLEET_SCREEN_INVALID', message: FAULT_TEXTS[fault], details: { fault }, cause });
}
