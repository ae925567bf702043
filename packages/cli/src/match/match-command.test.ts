import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { matchCommand } from '../commands/match.ts';

const BIN = fileURLToPath(new URL('../../bin/sparegrid.mjs', import.meta.url));

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sparegrid-match-'));
  writeFileSync(join(directory, 'good'), '2\n5\n3 4\n1 2\n0 0\n');
  writeFileSync(join(directory, 'short'), '2\n9\n3 4\n1 2\n0 0\n');
  writeFileSync(join(directory, 'bad'), '2\n5\n3 4\n1 two\n0 0\n');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function match(...args: string[]) {
  const ended = spawnSync(process.execPath, [BIN, 'match', ...args], {
    cwd: directory,
    encoding: 'utf8',
  });
  const lines = ended.stdout.split('\n').filter((line) => line !== '');
  return { code: ended.status, lines, stderr: ended.stderr };
}

describe('sparegrid match', () => {
  it('answers every file in a line of its own and writes the prices', () => {
    const { code, lines } = match(
      ...['--format', 'ssfctp', 'good', 'good', '--json', '--certificate', 'prices'],
    );
    expect(code).toBe(0);
    expect(lines).toHaveLength(2);
    const answer = JSON.parse(lines[0] as string);
    expect(answer).toMatchObject({
      file: 'good',
      status: 'optimal',
      cost: 7,
      lowerBound: 7,
      gap: 0,
    });
    expect(Object.keys(answer)).toEqual([
      ...['file', 'status', 'cost', 'lowerBound', 'gap'],
      ...['filled', 'unfilled', 'ms', 'assignment'],
    ]);
    const prices = readFileSync(join(directory, 'prices'), 'utf8').split('\n');
    expect(JSON.parse(prices[0] as string)).toMatchObject({ file: 'good', price: 2, bound: 7 });
  });

  it('ends with 3 when there is provably no answer', () => {
    const { code, lines } = match('--format', 'ssfctp', 'short', 'good', '--json');
    expect(code).toBe(3);
    expect(lines.map((line) => JSON.parse(line).status)).toEqual(['infeasible', 'optimal']);
  });

  it('ends with 2 at a malformed file, naming file and line, after the answers before it', () => {
    const { code, lines, stderr } = match('--format', 'ssfctp', 'good', 'bad');
    expect(code).toBe(2);
    expect(lines).toHaveLength(1);
    expect(stderr).toContain('CLI_FIELD_MALFORMED');
    expect(stderr).toContain('bad, line 4, unit cost 1');
  });

  it('refuses a wrong command line', async () => {
    const refusal = (...args: string[]) =>
      matchCommand()
        .exitOverride()
        .configureOutput({ writeErr: () => {} })
        .parseAsync(args, { from: 'user' })
        .then(
          () => 'none',
          (error: { code: string }) => error.code,
        );
    expect(await refusal('good')).toBe('CLI_USAGE');
    expect(await refusal('--format', 'odd', 'good')).toBe('commander.invalidArgument');
    expect(await refusal('--format', 'ssfctp')).toBe('commander.missingArgument');
    expect(await refusal('--format', 'ssfctp', 'missing')).toBe('CLI_FILE_UNREADABLE');
    const limits = ['--seconds', '1', '--iterations', '1'];
    expect(await refusal('--format', 'ssfctp', 'good', ...limits)).toBe(
      'commander.conflictingOption',
    );
  });

  it('draws the same market for the same seed, to stdout and to a file', () => {
    const size = ['--orders', '20', '--lessors', '40', '--seed', '3'];
    const { code, lines } = match('generate', 'practical', ...size);
    expect(code).toBe(0);
    expect(match('generate', 'practical', ...size, '--out', 'drawn.json').code).toBe(0);
    expect(readFileSync(join(directory, 'drawn.json'), 'utf8')).toBe(`${lines.join('\n')}\n`);
  });
});
