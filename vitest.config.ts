import { defineConfig } from 'vitest/config';

const floors = '{foundation,devices,simulators,domain,adapters,apps}';

/** Tests of whole programs: each has the machine to itself as far as its own kind goes. */
const WHOLE = { testTimeout: 120_000, hookTimeout: 180_000, fileParallelism: false };

/** Long enough to run beside the others of their kind. */
const ACCESSIBILITY = 'tests/e2e/browser-accessibility.test.ts';
const HOST_NETWORK = 'tests/e2e/host-network.test.ts';
/** Judges a control loop in real time, so nothing else may take the processor away. */
const ALONE = 'tests/e2e/hidden-capacity.test.ts';

export default defineConfig({
  // Vitest resolves workspace packages for Node through `ssr.resolve`; the condition in `resolve` alone has no effect there.
  resolve: { conditions: ['@breakwater/source'] },
  ssr: { resolve: { conditions: ['@breakwater/source', 'module', 'node', 'development|production'] } },
  test: {
    projects: [
      // Generous: on a busy machine a second of work takes many.
      { extends: true, test: { name: 'unit', include: [`${floors}/*/src/**/*.test.{ts,tsx}`], testTimeout: 30_000 } },
      { extends: true, test: { name: 'architecture', include: ['tests/architecture/**/*.test.ts'], testTimeout: 60_000 } },
      {
        extends: true,
        test: { name: 'contract', include: ['tests/contract/**/*.test.ts'], testTimeout: 60_000, fileParallelism: false },
      },
      { extends: true, test: { ...WHOLE, name: 'chaos', include: ['tests/chaos/**/*.test.ts'] } },
      { extends: true, test: { ...WHOLE, name: 'host-network', include: [HOST_NETWORK] } },
      { extends: true, test: { ...WHOLE, name: 'host', include: ['tests/e2e/host-*.test.ts'], exclude: [HOST_NETWORK] } },
      { extends: true, test: { ...WHOLE, name: 'accessibility', include: [ACCESSIBILITY] } },
      { extends: true, test: { ...WHOLE, name: 'browser', include: ['tests/e2e/browser-*.test.ts'], exclude: [ACCESSIBILITY] } },
      { extends: true, test: { ...WHOLE, name: 'alone', include: [ALONE] } },
      {
        extends: true,
        test: { ...WHOLE, name: 'e2e', include: ['tests/e2e/**/*.test.ts'], exclude: ['tests/e2e/{host,browser}-*.test.ts', ALONE] },
      },
    ],
  },
});
