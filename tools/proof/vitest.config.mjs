import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/**
 * Only the library under proof, and with fewer runs of each property: every one of a thousand changes runs them again. No test of it waits in
 * real time, so what takes seconds hangs.
 */
export default defineConfig({
  resolve: {
    conditions: ['@breakwater/source'],
    alias: [{ find: /^fast-check$/, replacement: fileURLToPath(new URL('fewer-runs.mjs', import.meta.url)) }],
  },
  ssr: { resolve: { conditions: ['@breakwater/source', 'module', 'node', 'development|production'] } },
  test: { isolate: false, include: ['foundation/resilience/src/**/*.test.ts'], testTimeout: 4_000 },
});
