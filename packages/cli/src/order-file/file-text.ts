/** Reads a small text file that nobody vouches for: never more of it than allowed, and only text. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { CliFault } from '../fault.ts';

/** Order files are a page long; whatever is larger is a mistake. */
export const FILE_BYTES_MAX = 262_144;
/** Stands for standard input where a file is named. */
export const STDIN = '-';

/** Control characters that no line of text has: they hide what a file says, or show that it is none. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\r(?!\n)/;
const UTF16 = /^(?:\xff\xfe|\xfe\xff)/;

const WHY = {
  ENOENT: 'there is no such file',
  EACCES: 'it is not readable for you',
  EISDIR: 'it is a folder',
  EAGAIN: 'there is nothing to read',
} as const;

/** How messages call it. */
export function nameOf(file: string): string {
  return file === STDIN ? 'standard input' : file;
}

/** @throws CliFault CLI_FILE_UNREADABLE, CLI_FILE_TOO_LARGE, CLI_FILE_EMPTY, CLI_FILE_MALFORMED */
export function readFileText(file: string): string {
  const name = nameOf(file);
  const bytes = readBytes(file);
  if (bytes.length > FILE_BYTES_MAX) {
    throw new CliFault('CLI_FILE_TOO_LARGE', `${name}: at most ${FILE_BYTES_MAX} bytes.`);
  }
  const text = decode(bytes, name);
  if (text.trim() === '') throw new CliFault('CLI_FILE_EMPTY', `${name}: nothing but space.`);
  const at = text.search(CONTROL);
  if (at < 0) return text;
  const line = text.slice(0, at).split(/\r?\n/).length;
  const code = (text.codePointAt(at) ?? 0).toString(16).padStart(4, '0');
  const hint = `${name}, line ${line}: expected text, got the control character U+${code}.`;
  throw new CliFault('CLI_FILE_MALFORMED', hint);
}

/** At most one byte more than allowed, also of a pipe or a device that never ends. */
function readBytes(file: string): Buffer {
  try {
    const handle = file === STDIN ? 0 : openSync(file, 'r');
    try {
      if (fstatSync(handle).isDirectory()) throw new Error(WHY.EISDIR);
      return readSome(handle);
    } finally {
      if (handle !== 0) closeSync(handle);
    }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = WHY[code as keyof typeof WHY] ?? message;
    throw new CliFault('CLI_FILE_UNREADABLE', `${nameOf(file)}: ${why}.`, 'input', cause);
  }
}

function readSome(handle: number): Buffer {
  const bytes = Buffer.alloc(FILE_BYTES_MAX + 1);
  let length = 0;
  while (length < bytes.length) {
    const count = readSync(handle, bytes, length, bytes.length - length, null);
    if (count === 0) break;
    length += count;
  }
  return bytes.subarray(0, length);
}

function decode(bytes: Buffer, name: string): string {
  if (UTF16.test(bytes.toString('latin1', 0, 2))) {
    throw new CliFault('CLI_FILE_MALFORMED', `${name}: expected UTF-8 text; it is UTF-16.`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const line = firstBadLine(bytes);
    const hint = `${name}, line ${line}: expected UTF-8 text.`;
    throw new CliFault('CLI_FILE_MALFORMED', hint, 'input', cause);
  }
}

/** No character of UTF-8 holds the byte of a line's end, so lines can be looked at one by one. */
function firstBadLine(bytes: Buffer): number {
  const lines = bytes.toString('latin1').split('\n');
  const isBad = (line: string) => Buffer.from(line, 'latin1').toString().includes('\ufffd');
  return lines.findIndex(isBad) + 1;
}
