import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

const ENTRY = 'bench-entry';

/** Bytes of a module with all it imports, minified and compressed: what a program has to load for it. */
export async function measureBundleBytes(source: string): Promise<number> {
  const bundle = await rolldown({
    input: ENTRY,
    cwd: import.meta.dirname,
    platform: 'node',
    resolve: { conditionNames: ['@breakwater/source', 'import', 'node', 'default'] },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === ENTRY ? `${import.meta.dirname}/${ENTRY}.js` : null),
        load: (id) => (id.endsWith(`${ENTRY}.js`) ? source : null),
      },
    ],
  });
  try {
    const { output } = await bundle.generate({ format: 'esm', minify: true });
    return gzipSync(output[0].code).length;
  } finally {
    await bundle.close();
  }
}
