import { Redis } from 'ioredis';

/** A breaker that asks the server for every call, as the libraries do whose ways these are. */
export interface InlineBreaker {
  readonly name: string;
  readonly call: (callee: () => Promise<unknown>) => Promise<unknown>;
}

/** Counts one result and answers with the state. */
const RESULT = `
if ARGV[1] == '1' then redis.call('SET', KEYS[1], 0) return 0 end
return redis.call('INCR', KEYS[1])
`;

export function openInlineBreakers(url: string): { readonly breakers: readonly InlineBreaker[]; readonly close: () => void } {
  const redis = new Redis(url);
  redis.defineCommand('result', { lua: RESULT, numberOfKeys: 1 });
  const scripts = redis as unknown as { result(key: string, ok: string): Promise<number> };
  return {
    breakers: [
      {
        name: 'GET before, GET and SET after (pybreaker)',
        async call(callee) {
          await redis.get('peer:state');
          const value = await callee();
          await redis.get('peer:counter');
          await redis.set('peer:counter', 0);
          return value;
        },
      },
      {
        name: 'one EVALSHA per result',
        async call(callee) {
          const value = await callee();
          await scripts.result('peer:result', '1');
          return value;
        },
      },
      {
        name: 'GET, SETNX, call, SET, DEL (gobreaker)',
        async call(callee) {
          await redis.get('peer:blob');
          await redis.set('peer:lock', '1', 'PX', 5_000, 'NX');
          const value = await callee();
          await redis.set('peer:blob', '{}');
          await redis.del('peer:lock');
          return value;
        },
      },
    ],
    close: () => redis.disconnect(),
  };
}
