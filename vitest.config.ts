/** Runs all tests from source; `pack`, which tests the built tarballs, is a project of its own. */
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Small files that take minutes: begun last, they would keep one worker alone at the end. */
const LONG = /\/packages\/sim\/src\/|\/test\/e2e\/kill/;

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => Number(LONG.test(b.moduleId)) - Number(LONG.test(a.moduleId)));
  }
}

// Threads and processes that tests start read sources whose types are stripped already: it is
// faster, and stripping them in several threads at once is WebAssembly, in which V8 has crashed.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/compiled');

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    // For what hangs, not for what is slow: the machine may be busy with other things.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    retry: 0,
    sequence: { sequencer: LongFirst },
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
