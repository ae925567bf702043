/** Archives of results: what tar wrote comes back, and what somebody forged leads nowhere. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TarEntry, tarOf } from '../devnet/image/tar.ts';
import { readArchive } from './tar-reader.ts';
import { unpack } from './unpack.ts';

const LONG = `${'long/'.repeat(40)}name`;

let directory: string;

beforeAll(() => {
  directory = mkdtempSync('/tmp/sg-result-test-');
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function archived(...options: string[]): Buffer {
  const source = mkdtempSync(join(directory, 'source-'));
  mkdirSync(join(source, LONG, '..'), { recursive: true });
  writeFileSync(join(source, LONG), 'deep');
  writeFileSync(join(source, 'Größe'), 'x'.repeat(1_000));
  mkdirSync(join(source, 'empty'));
  symlinkSync('/etc/passwd', join(source, 'link'));
  return execFileSync('tar', ['-c', ...options, '-C', source, '.']);
}

function forged(path: string, type = '0'): Promise<Buffer> {
  const entry: TarEntry = { path, content: { kind: 'text', text: 'evil' } };
  return buffer(tarOf([entry])).then((bytes) => {
    bytes.write(type, 156);
    const sum = bytes
      .subarray(0, 512)
      .reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 32 : byte), 0);
    bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return bytes;
  });
}

test.each([['--format=gnu'], ['--format=posix']])('reads what tar %s wrote', (format) => {
  const archive = readArchive(archived(format));
  const target = mkdtempSync(join(directory, 'target-'));
  expect(unpack(archive, target)).toBe(2);
  expect(readFileSync(join(target, LONG), 'utf8')).toBe('deep');
  expect(readFileSync(join(target, 'Größe'), 'utf8')).toBe('x'.repeat(1_000));
  expect(readdirSync(join(target, 'empty'))).toEqual([]);
  expect(existsSync(join(target, 'link'))).toBe(false);
  expect(archive.leftOut).toEqual(['./link']);
});

test.each([
  ['a path upwards', '../evil', '0'],
  ['a path upwards in the middle', 'a/../../evil', '0'],
  ['an absolute path', '/tmp/sg-evil', '0'],
  ['a symbolic link', 'evil', '2'],
  ['a hard link', 'evil', '1'],
  ['a device', 'evil', '3'],
])('leaves out %s', async (_, path, type) => {
  const archive = readArchive(await forged(path, type));
  expect(archive).toEqual({ entries: [], leftOut: [path] });
});

test('refuses what is no archive, or only the beginning of one', async () => {
  const whole = await forged('a');
  const cases: [Buffer, string][] = [
    [Buffer.alloc(0), 'end is missing'],
    [Buffer.from('x'.repeat(600)), 'cannot be read'],
    [whole.subarray(0, 514), 'in the middle of a file'],
    [whole.subarray(0, 1_024), 'end is missing'],
    [Buffer.concat([whole.subarray(0, 10), Buffer.from('zz'), whole.subarray(12)]), 'checksum'],
  ];
  for (const [bytes, hint] of cases) {
    const refused = { code: 'CLI_FILE_MALFORMED', hint: expect.stringContaining(hint) };
    expect(() => readArchive(bytes)).toThrow(expect.objectContaining(refused));
  }
});
