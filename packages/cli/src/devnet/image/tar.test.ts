/** The archives that make the demo image: what the system's tar finds in them, and their sameness. */
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TarEntry, tarBytes, tarOf } from './tar.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync('/tmp/sg-tar-test-');
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function entries(): TarEntry[] {
  const source = join(directory, 'source');
  writeFileSync(source, 'x'.repeat(513));
  const inner: TarEntry[] = [{ path: 'a', content: { kind: 'text', text: 'inside' } }];
  return [
    { path: 'usr/bin/', content: { kind: 'directory', mode: 0o755 } },
    { path: 'usr/bin/node', content: { kind: 'file', source, sizeBytes: 513, mode: 0o755 } },
    { path: 'usr/bin/ls', content: { kind: 'link', to: 'node' } },
    { path: 'etc/passwd', content: { kind: 'text', text: 'ein Gruß\n' } },
    { path: 'layer.tar', content: { kind: 'tar', entries: inner } },
  ];
}

test('the system unpacks what was written', async () => {
  const file = join(directory, 'archive.tar');
  const bytes = await buffer(tarOf(entries()));
  expect(bytes.length).toBe(tarBytes(entries()));
  writeFileSync(file, bytes);
  execFileSync('tar', ['-xf', file, '-C', directory]);
  expect(readFileSync(join(directory, 'usr/bin/node'), 'utf8')).toBe('x'.repeat(513));
  expect(lstatSync(join(directory, 'usr/bin/node')).mode & 0o777).toBe(0o755);
  expect(readlinkSync(join(directory, 'usr/bin/ls'))).toBe('node');
  expect(readFileSync(join(directory, 'etc/passwd'), 'utf8')).toBe('ein Gruß\n');
  execFileSync('tar', ['-xf', join(directory, 'layer.tar'), '-C', directory]);
  expect(readFileSync(join(directory, 'a'), 'utf8')).toBe('inside');
});

test('the same content gives the same bytes', async () => {
  const first = await buffer(tarOf(entries()));
  expect(first.equals(await buffer(tarOf(entries())))).toBe(true);
});

test('refuses a name that the format has no room for', async () => {
  const path = 'x'.repeat(101);
  await expect(buffer(tarOf([{ path, content: { kind: 'text', text: '' } }]))).rejects.toThrow(
    path,
  );
});
