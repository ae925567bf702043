/** Runs all tests from source; `pack`, which tests the built tarballs, is a project of its own. */
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Threads and processes that tests start read sources whose types are stripped already: it is
// faster, and stripping them in several threads at once is WebAssembly, in which V8 has crashed.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/compiled');

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    retry: 0,
    setupFiles: ['test/property-seed.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'source',
          include: ['packages/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**', 'test/pack/**'],
        },
      },
      { extends: true, test: { name: 'pack', include: ['test/pack/**/*.test.ts'] } },
    ],
  },
});
