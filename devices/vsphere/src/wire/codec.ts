import type { MethodName } from '../schema/index.ts';
import type { Digest } from './digest.ts';
import { EnvelopeSink, type Reply } from './envelope-sink.ts';
import { DEFAULT_WIRE_LIMITS, type WireLimits } from './limits.ts';
import { Plans } from './plans.ts';
import { type ServiceVersions, VersionsSink } from './versions-sink.ts';
import type { WorkSlicer } from './work-slicer.ts';
import { createReaderCaches, type ReaderCaches, XmlReader, type XmlSink } from './xml-reader.ts';

/** Bytes of a foreign answer, in any pieces. */
export type Chunks = AsyncIterable<Uint8Array>;

export interface Codec {
  /** The answer to `method`, or the fault in its place. */
  decodeReply(method: MethodName, chunks: Chunks, options?: { readonly digest?: Digest | undefined }): Promise<Reply>;
  decodeVersions(chunks: Chunks): Promise<ServiceVersions>;
}

export interface CodecOptions {
  readonly limits?: Partial<WireLimits>;
  readonly slicer: WorkSlicer;
}

/** Read in one go; a tenth of a millisecond once the process is warm. */
const SLICE_BYTES = 8 * 1024;

/** A rest is due after so many bytes even if no time has passed. */
const REST_BYTES = 64 * 1024;

/** Holds what repeats from answer to answer, so make one per server and keep it. */
export function createCodec(options: CodecOptions): Codec {
  const limits: WireLimits = { ...DEFAULT_WIRE_LIMITS, ...options.limits };
  const { slicer } = options;
  const caches = createReaderCaches(limits);
  const plans = new Plans();

  const read = (sink: XmlSink, chunks: Chunks): Promise<void> => readAll(chunks, { sink, limits, caches, slicer });

  return {
    async decodeReply(method, chunks, { digest } = {}) {
      const sink = new EnvelopeSink({ method, plans, digest });
      await read(sink, chunks);
      return sink.reply();
    },
    async decodeVersions(chunks) {
      const sink = new VersionsSink();
      await read(sink, chunks);
      return sink.versions();
    },
  };
}

interface ReadOptions {
  readonly sink: XmlSink;
  readonly limits: WireLimits;
  readonly caches: ReaderCaches;
  readonly slicer: WorkSlicer;
}

async function readAll(chunks: Chunks, { slicer, ...options }: ReadOptions): Promise<void> {
  const reader = new XmlReader(options);
  const stretch = slicer.begin();
  let sinceRest = 0;
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length; from += SLICE_BYTES) {
      const slice = chunk.subarray(from, from + SLICE_BYTES);
      reader.feed(slice);
      sinceRest += slice.length;
      if (sinceRest < REST_BYTES && !stretch.isOver()) continue;
      sinceRest = 0;
      await stretch.rest();
    }
  }
  reader.finish();
}
