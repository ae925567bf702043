import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { formerKeyFiles, replaceKey } from './former-keys.ts';

let folder: string;
let keyFile: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sparegrid-former-'));
  keyFile = join(folder, 'node.key');
  writeFileSync(keyFile, 'key 0');
});
afterEach(() => rmSync(folder, { recursive: true }));

function replaced(text: string): string {
  const next = join(folder, 'node.next.key');
  writeFileSync(next, text);
  return replaceKey(keyFile, next);
}

it('keeps each key that was replaced, the newest first', () => {
  expect(formerKeyFiles(keyFile)).toEqual([]);
  const kept = Array.from({ length: 11 }, (_, k) => replaced(`key ${k + 1}`));
  expect(readFileSync(keyFile, 'utf8')).toBe('key 11');
  expect(formerKeyFiles(keyFile)).toEqual(kept.reverse());
  const texts = formerKeyFiles(keyFile).map((file) => readFileSync(file, 'utf8'));
  expect(texts).toEqual(Array.from({ length: 11 }, (_, k) => `key ${10 - k}`));
});

it('knows what it kept, and nothing else', () => {
  for (const name of [
    'node.key.former-',
    'node.key.former-1x',
    'seal.key.former-1',
    'node.key.1',
  ]) {
    writeFileSync(join(folder, name), '');
  }
  expect(formerKeyFiles(keyFile)).toEqual([]);
});
