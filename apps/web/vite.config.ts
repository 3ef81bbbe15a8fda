import { gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig, type Plugin } from 'vite';

/** gzip kilobytes (1,000 bytes); the build fails above them. */
const BUDGETS_KB = { initialJs: 210, css: 20, console: 70 };

/** React Aria carries its own words in over 30 languages; the UI speaks three. */
function keepThreeLanguages(): Plugin {
  return {
    name: 'keep-three-languages',
    enforce: 'pre',
    load(id) {
      const match = /\/react-(?:aria|aria-components|stately)\/.*\/intl\/(?:.*\/)?([a-z]{2}-[A-Z]{2})\.mjs$/.exec(id);
      if (match === null || ['en-US', 'ru-RU', 'es-ES'].includes(match[1] ?? '')) return null;
      return 'export default {};';
    },
  };
}

function checkBudgets(): Plugin {
  return {
    name: 'check-budgets',
    apply: 'build',
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((output) => output.type === 'chunk');
      const initial = new Set<string>();
      const visit = (fileName: string): void => {
        const chunk = chunks.find((candidate) => candidate.fileName === fileName);
        if (chunk === undefined || initial.has(fileName)) return;
        initial.add(fileName);
        for (const imported of chunk.imports) visit(imported);
      };
      for (const chunk of chunks) if (chunk.isEntry) visit(chunk.fileName);
      const toKb = (source: string | Uint8Array): number => gzipSync(source).length / 1_000;
      const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
      const figures = {
        initialJs: sum(chunks.filter((chunk) => initial.has(chunk.fileName)).map((chunk) => toKb(chunk.code))),
        css: sum(
          Object.values(bundle).flatMap((output) =>
            output.type === 'asset' && output.fileName.endsWith('.css') ? [toKb(output.source)] : [],
          ),
        ),
        console: sum(chunks.filter((chunk) => chunk.moduleIds.some((id) => id.includes('@novnc/novnc'))).map((chunk) => toKb(chunk.code))),
      };
      for (const [name, limit] of Object.entries(BUDGETS_KB)) {
        const value = figures[name as keyof typeof figures];
        const line = `budget ${name}: ${value.toFixed(1)} of ${limit} KB gzip`;
        if (value > limit) this.error(`${line}: too large`);
        this.info(line);
      }
    },
  };
}

export default defineConfig({
  // Relative, so that one build works below any path; `<base href>` in index.html is set by the server.
  base: './',
  plugins: [keepThreeLanguages(), react(), checkBudgets()],
  resolve: { conditions: ['@breakwater/source', ...defaultClientConditions] },
  build: {
    target: 'es2022',
    // Native `light-dark()`: the page of a console is dark inside a light portal.
    cssTarget: ['chrome123', 'firefox121', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:5001', '/proxy': { target: 'ws://127.0.0.1:5001', ws: true } } },
});
