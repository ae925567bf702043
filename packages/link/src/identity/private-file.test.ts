/** What is written whole or not at all: a full disk leaves what was there. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writePrivate, writeWhole } from './private-file.ts';

/** A disk without room, on every Linux. */
const FULL = '/dev/full';

describe('a file that is written whole', () => {
  let directory: string;
  let path: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sparegrid-whole-'));
    path = join(directory, 'file');
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  it('replaces what was there, and leaves nothing else', () => {
    writeFileSync(path, 'before');
    writeWhole(path, 'after');
    expect(readFileSync(path, 'utf8')).toBe('after');
    expect(readdirSync(directory)).toEqual(['file']);
  });

  it('is for its owner only when it is private', () => {
    writePrivate(path, 'secret');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('stays as it was when the new text cannot be written, and the error names it', () => {
    const there = join(directory, 'folder', 'file');
    expect(() => writeWhole(there, 'after')).toThrow(expect.objectContaining({ path: there }));
    expect(readdirSync(directory)).toEqual([]);
  });

  it('goes to what is no file without a draft beside it', () => {
    expect(() => writeWhole(FULL, 'text')).toThrow(expect.objectContaining({ code: 'ENOSPC' }));
    expect(statSync(FULL).isCharacterDevice()).toBe(true);
  });
});
