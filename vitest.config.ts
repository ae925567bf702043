/** Runs all tests from source; `pack`, which tests the built tarballs, is a project of its own. */
import { defineConfig } from 'vitest/config';

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
