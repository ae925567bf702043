/** A devnet as on several hosts: NATS between its processes, and a database of its own behind its hubs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { hasNatsServer } from '@sparegrid/link/nats/for-tests';
import { afterAll, describe, expect, it } from 'vitest';
import { databaseDirectory } from '../../packages/cli/src/devnet/database.ts';
import { Layout } from '../../packages/cli/src/devnet/layout.ts';
import { hasPostgres } from '../../packages/link/test/private-postgres.ts';
import { goneWith, run } from './command.ts';

describe.skipIf(!hasNatsServer() || !hasPostgres())(
  'devnet --transport nats --store postgres',
  () => {
    const directory = mkdtempSync('/tmp/sg-devnet-pg-');
    const up = [
      'devnet',
      'up',
      '-d',
      '--dir',
      directory,
      '--transport',
      'nats',
      '--runtime',
      'process',
    ];
    const down = ['devnet', 'down', '--dir', directory];
    let order = '';

    afterAll(async () => {
      await run(down);
      for (const made of [directory, databaseDirectory(new Layout(directory))]) {
        rmSync(made, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
      }
    }, 120_000);

    it('completes an order', async () => {
      const { code, stderr } = await run([...up, '--store', 'postgres']);
      expect(code, stderr).toBe(0);
      const command = ['node', '-e', 'console.log("from", process.env.SPAREGRID_RANK)'];
      const ran = await run(['run', '--dir', directory, 'sparegrid/demo', '--', ...command]);
      expect(ran.stdout, ran.stderr).toBe('from 0\n');
      order = /Order (o-[0-9a-f]+)/.exec(ran.stderr)?.[1] as string;
    }, 120_000);

    it('ends its database with everything else', async () => {
      expect((await run(down)).code).toBe(0);
      await goneWith(directory);
    }, 120_000);

    it('stays with its store, and finds its records there when it is up again', async () => {
      const other = await run([...up, '--store', 'sqlite']);
      expect(other.code).not.toBe(0);
      expect(other.stderr).toContain('Its records are in postgres.');
      const { code, stderr } = await run(up);
      expect(code, stderr).toBe(0);
      const { stdout } = await run(['order', 'ls', '--dir', directory, '-o', 'name']);
      expect(stdout.trim()).toBe(order);
    }, 120_000);
  },
);
