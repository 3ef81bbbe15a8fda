import type { MethodName } from '../schema/index.ts';
import { EnvelopeSink, type Reply } from './envelope-sink.ts';
import { DEFAULT_WIRE_LIMITS, type WireLimits } from './limits.ts';
import { Plans } from './plans.ts';
import { type ServiceVersions, VersionsSink } from './versions-sink.ts';
import { createReaderCaches, type ReaderCaches, XmlReader, type XmlSink } from './xml-reader.ts';

/** Bytes of a foreign answer, in any pieces. */
export type Chunks = AsyncIterable<Uint8Array>;

export interface Codec {
  /** The answer to `method`, or the fault in its place. */
  decodeReply(method: MethodName, chunks: Chunks): Promise<Reply>;
  decodeVersions(chunks: Chunks): Promise<ServiceVersions>;
}

export interface CodecOptions {
  readonly limits?: Partial<WireLimits>;
  /** Lets other work of the process have its turn. Called after every 64 KB, which take about a millisecond to read. */
  readonly yieldTurn?: () => Promise<void>;
}

const SLICE_BYTES = 64 * 1024;

const yieldToEventLoop = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Holds what repeats from answer to answer, so make one per server and keep it. */
export function createCodec(options: CodecOptions = {}): Codec {
  const limits: WireLimits = { ...DEFAULT_WIRE_LIMITS, ...options.limits };
  const yieldTurn = options.yieldTurn ?? yieldToEventLoop;
  const caches = createReaderCaches(limits);
  const plans = new Plans();

  const read = (sink: XmlSink, chunks: Chunks): Promise<void> => readAll(chunks, { sink, limits, caches, yieldTurn });

  return {
    async decodeReply(method, chunks) {
      const sink = new EnvelopeSink({ method, plans });
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
  readonly yieldTurn: () => Promise<void>;
}

async function readAll(chunks: Chunks, { yieldTurn, ...options }: ReadOptions): Promise<void> {
  const reader = new XmlReader(options);
  let sinceYield = 0;
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length; from += SLICE_BYTES) {
      const slice = chunk.subarray(from, from + SLICE_BYTES);
      reader.feed(slice);
      sinceYield += slice.length;
      if (sinceYield < SLICE_BYTES) continue;
      sinceYield = 0;
      await yieldTurn();
    }
  }
  reader.finish();
}
