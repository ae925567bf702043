import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeFolder } from './make-folder.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync('/tmp/sg-make-folder-');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('makes a folder and those above it, once or again', () => {
  const path = join(folder, 'a/b/c');
  makeFolder(path, 0o700);
  makeFolder(path, 0o700);
  expect(statSync(join(folder, 'a')).mode & 0o777).toBe(0o700);
  expect(statSync(path).isDirectory()).toBe(true);
});

test('says why it cannot, and ends', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(() => makeFolder(file)).toThrow('EEXIST');
  expect(() => makeFolder(join(file, 'x'))).toThrow('EEXIST');
  expect(() => makeFolder(join(folder, 'n'.repeat(300), 'x'))).toThrow('ENAMETOOLONG');
  expect(() => makeFolder('/proc/none/x')).toThrow('ENOENT');
});
