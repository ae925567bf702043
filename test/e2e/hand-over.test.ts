/** Under a Node that is too old the command line goes on in another one; the two live and die together. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processesWith } from './command.ts';

const BIN = fileURLToPath(new URL('../../packages/cli/bin/sparegrid.mjs', import.meta.url));
const NODE_MAJOR = 24;

/** A Node of the machine that cannot run the command line itself. */
function oldNode(): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((directory) => join(directory, 'node'))
    .filter((path) => existsSync(path))
    .find((path) => {
      const version = execFileSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' });
      return Number(version.split('.')[0]) < NODE_MAJOR;
    });
}

const node = oldNode();
if (!node) console.error(`SKIPPED: handing over: no Node older than ${NODE_MAJOR} in the PATH`);

describe.skipIf(!node)('under an older Node', () => {
  let directory: string;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'sg-hand-over-'));
  });

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test('output and exit code come through', () => {
    const version = execFileSync(node as string, [BIN, '--version'], { encoding: 'utf8' });
    expect(version).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(() =>
      execFileSync(node as string, [BIN, 'ordr'], { stdio: ['ignore', 'ignore', 'pipe'] }),
    ).toThrow(expect.objectContaining({ status: 2 }));
  });

  test('kill -9 ends what it handed over to', async () => {
    const args = [BIN, 'devnet', 'up', '--dir', directory, '--runtime', 'process'];
    const up = spawn(node as string, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    for await (const line of createInterface(up.stderr)) {
      if (line.includes('All processes are ready.')) break;
    }
    const running = processesWith(directory);
    expect(running.length).toBeGreaterThan(2);
    const ended = once(up, 'exit');
    up.kill('SIGKILL');
    await ended;
    while (processesWith(directory).length > 0) await new Promise(setImmediate);
  }, 120_000);
});
