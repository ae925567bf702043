/** A devnet that cannot come up says why, and leaves nothing running. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { goneWith, run } from './command.ts';

test('a process that never gets ready is not started for ever', async () => {
  const fails = async (...detach: string[]) => {
    const directory = mkdtempSync('/tmp/sg-devnet-fails-');
    // Where its store should be.
    mkdirSync(join(directory, 'state/h1.sqlite'), { recursive: true });
    try {
      const how = ['--runtime', 'process', '--dir', directory];
      const { code, stderr } = await run(['devnet', 'up', ...how, ...detach]);
      expect(code, stderr).toBe(1);
      expect(stderr).toMatch(/error CLI_DEVNET_FAILED: .*\nhint: h1 ended 5 times: STORE_OPEN: /);
      await goneWith(directory);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  };
  await Promise.all([fails(), fails('-d')]);
}, 300_000);
