/** Former keys of a participant, beside its key file: nothing else opens what was sealed with them. */
import { linkSync, readdirSync, renameSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Files of the former keys of a key file, the newest first. */
export function formerKeyFiles(keyFile: string): string[] {
  return numbersOf(keyFile).map((number) => fileOf(keyFile, number));
}

/**
 * Moves another key into the place of the present one, which is kept. Ended in between, the present
 * key is there twice.
 *
 * @returns where the present one is kept.
 */
export function replaceKey(keyFile: string, next: string): string {
  const kept = fileOf(keyFile, (numbersOf(keyFile)[0] ?? 0) + 1);
  linkSync(keyFile, kept);
  renameSync(next, keyFile);
  return kept;
}

const fileOf = (keyFile: string, number: number) => `${keyFile}.former-${number}`;

function numbersOf(keyFile: string): number[] {
  const start = `${basename(keyFile)}.former-`;
  return namesIn(dirname(keyFile))
    .filter((name) => name.startsWith(start))
    .map((name) => name.slice(start.length))
    .filter((number) => /^[1-9][0-9]{0,8}$/.test(number))
    .map(Number)
    .sort((a, b) => b - a);
}

/** Nothing where a key may be read, but not the folder. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return [];
    throw error;
  }
}
