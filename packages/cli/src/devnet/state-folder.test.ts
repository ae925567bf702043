import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { failureOf } from '../failure.ts';
import { Layout } from './layout.ts';
import { makeStateFolder } from './state-folder.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync('/tmp/sg-state-folder-');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function refusalOf(directory: string) {
  try {
    makeStateFolder(new Layout(directory));
  } catch (error) {
    return failureOf(error);
  }
  return null;
}

test('is made, and left as it was', () => {
  const state = join(folder, 'a/b');
  expect([refusalOf(state), refusalOf(state)]).toEqual([null, null]);
  expect(readdirSync(state)).toEqual([]);
});

test('where nothing can be written is refused, with the place and the reason', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  for (const [directory, why] of [
    ['/proc/x', '/proc/x: nothing can be made there'],
    ['/proc', '/proc: nothing can be made there'],
    [file, `${file}: there is a file of this name`],
    [join(file, 'x'), `${file}: there is a file of this name`],
    [join(folder, 'n'.repeat(300)), 'the name is too long'],
  ] as const) {
    expect(refusalOf(directory)).toMatchObject({
      code: 'CLI_FILE_UNWRITABLE',
      hint: expect.stringContaining(why),
      exitCode: 2,
    });
  }
});

test('may have a longer path than a socket', () => {
  const long = join(folder, 'n'.repeat(120));
  expect(refusalOf(long)).toBeNull();
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = long;
  try {
    expect(refusalOf(long)).toMatchObject({ code: 'LINK_SOCKET_PATH_LENGTH', exitCode: 2 });
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
});
