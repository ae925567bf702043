/** Joined commands are used when they are what the sources are, and for their commands only. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { INPUTS, quickMain, stampOf } from '../bin/quick.mjs';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sg-quick-'));
  mkdirSync(join(folder, 'quick'));
  writeFileSync(join(folder, 'quick/main.js'), '');
  writeFileSync(join(folder, 'source.ts'), 'one');
  const stamps = { 'source.ts': stampOf(join(folder, 'source.ts')) };
  writeFileSync(join(folder, 'quick', INPUTS), JSON.stringify(stamps));
});

afterEach(() => rmSync(folder, { recursive: true }));

test('a quick command takes the joined files, another one and none do not', () => {
  const main = join(folder, 'quick/main.js');
  expect(quickMain(folder, ['run', '--help'], true)).toBe(main);
  expect(quickMain(folder, ['--help', 'order', 'ls'], true)).toBe(main);
  expect(quickMain(folder, ['devnet', 'up'], true)).toBeUndefined();
  expect(quickMain(folder, [], true)).toBeUndefined();
});

test('a source that was written, touched or removed since makes them stale', () => {
  const source = join(folder, 'source.ts');
  const isUsed = () => quickMain(folder, ['run'], true) !== undefined;
  utimesSync(source, 1, 1);
  expect(isUsed()).toBe(false);
  writeFileSync(join(folder, 'quick', INPUTS), JSON.stringify({ 'source.ts': stampOf(source) }));
  expect(isUsed()).toBe(true);
  writeFileSync(source, 'more');
  expect(isUsed()).toBe(false);
  rmSync(source);
  expect(isUsed()).toBe(false);
});

test('in a checkout nothing is taken without its sources, in a package there are none', () => {
  rmSync(join(folder, 'quick', INPUTS));
  expect(quickMain(folder, ['run'], true)).toBeUndefined();
  expect(quickMain(folder, ['run'], false)).toBe(join(folder, 'quick/main.js'));
  rmSync(join(folder, 'quick/main.js'));
  expect(quickMain(folder, ['run'], false)).toBeUndefined();
});
