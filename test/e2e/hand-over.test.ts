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

  test('a devnet goes on until it is told to end, and kill -9 ends it', async () => {
    const args = [BIN, 'devnet', 'up', '--dir', directory, '--runtime', 'process'];
    const up = spawn(node as string, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const lines: string[] = [];
    const ready = new Promise<void>((resolve) => {
      createInterface(up.stderr).on('line', (line) => {
        lines.push(line);
        if (line.startsWith('Ctrl-C ends the devnet')) resolve();
      });
    });
    const ended = once(up, 'exit');
    try {
      await Promise.race([ready, ended]);
      const look = [BIN, 'order', 'ls', '--dir', directory, '--output', 'json'];
      expect(execFileSync(node as string, look, { encoding: 'utf8' }).trim()).toBe('[]');
      expect(lines).not.toContain('Ending all processes ...');
      expect(processesWith(directory).length).toBeGreaterThan(2);
    } finally {
      up.kill('SIGKILL');
    }
    await ended;
    while (processesWith(directory).length > 0) await new Promise(setImmediate);
  }, 180_000);
});
