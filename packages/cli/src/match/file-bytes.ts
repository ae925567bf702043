/** Reads a whole instance file as bytes: these files are too large to be text first. */
import { readFileSync, statSync } from 'node:fs';
import { CliFault } from '../fault.ts';

/** Twice what 100,000 orders over 1,000,000 lessors need. */
export const FILE_BYTES_MAX = 1_073_741_824;

/** @throws CliFault CLI_FILE_UNREADABLE, CLI_FILE_TOO_LARGE, CLI_FILE_EMPTY */
export function readBytes(file: string): Buffer {
  let bytes: Buffer;
  try {
    const { size } = statSync(file);
    if (size > FILE_BYTES_MAX) {
      throw new CliFault('CLI_FILE_TOO_LARGE', `${file}: at most ${FILE_BYTES_MAX} bytes.`);
    }
    bytes = readFileSync(file);
  } catch (cause) {
    if (cause instanceof CliFault) throw cause;
    const hint = `${file}: ${(cause as Error).message}`;
    throw new CliFault('CLI_FILE_UNREADABLE', hint, 'input', cause);
  }
  if (bytes.every(isSpace)) throw new CliFault('CLI_FILE_EMPTY', `${file}: nothing in it.`);
  return bytes;
}

export const LINE_END = 10;

export function isSpace(byte: number): boolean {
  return byte === 32 || byte === LINE_END || byte === 13 || byte === 9;
}

/** Lines are counted from 1. */
export function lineAt(bytes: Buffer, offset: number): number {
  let line = 1;
  for (
    let at = bytes.indexOf(LINE_END);
    at >= 0 && at < offset;
    at = bytes.indexOf(LINE_END, at + 1)
  ) {
    line += 1;
  }
  return line;
}
