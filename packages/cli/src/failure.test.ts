/** What is told of errors that no code of ours made. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LinkFault } from '@sparegrid/link/fault';
import { expect, test } from 'vitest';
import { failureOf } from './failure.ts';

function told(act: () => void) {
  try {
    act();
  } catch (error) {
    return failureOf(error);
  }
  return null;
}

test('a place where nothing can be written is named, not reported as a fault of the program', () => {
  const folder = mkdtempSync('/tmp/sg-failure-');
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const below = join(file, 'state');
  expect(told(() => mkdirSync(below, { recursive: true }))).toEqual({
    code: 'CLI_FILE_UNWRITABLE',
    text: 'A file cannot be written.',
    hint: `${below}: a part of the path is no folder.`,
    exitCode: 2,
  });
  expect(told(() => writeFileSync('/dev/full', 'x'))).toMatchObject({
    code: 'CLI_FILE_UNWRITABLE',
    hint: expect.stringContaining('the disk is full'),
  });
  rmSync(folder, { recursive: true });
});

test('a link that cannot be says why once', () => {
  const fault = new LinkFault('LINK_SOCKET_PATH_LENGTH', 'Choose a shorter directory.');
  expect(failureOf(fault)).toMatchObject({
    text: 'The path is longer than the system allows for a socket.',
    hint: 'Choose a shorter directory.',
  });
});

test('anything else is a fault of the program', () => {
  const fault = { code: 'CLI_FAULT', exitCode: 70 };
  expect(failureOf(new TypeError('x is undefined'))).toMatchObject(fault);
  expect(failureOf('a text')).toMatchObject(fault);
});
