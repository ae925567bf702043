/** Reads a tar archive that nobody vouches for: it was made where somebody else's program ran. */
import { CliFault } from '../fault.ts';

export interface ArchiveEntry {
  /** Relative, without `.` and `..`; never empty but for the root itself. */
  path: string;
  kind: 'file' | 'directory';
  content: Uint8Array;
}

export interface Archive {
  entries: ArchiveEntry[];
  /** Names of what is neither file nor directory, and of what points elsewhere. */
  leftOut: string[];
}

const BLOCK = 512;
const FILE = new Set(['0', '\0', '7']);
const DIRECTORY = '5';
/** Entries that say something about the next one: GNU's long name, POSIX's records. */
const [LONG_NAME, LONG_LINK, RECORDS, GLOBAL_RECORDS] = ['L', 'K', 'x', 'g'];

/** @throws CliFault CLI_FILE_MALFORMED */
export function readArchive(bytes: Uint8Array): Archive {
  const archive: Archive = { entries: [], leftOut: [] };
  let longName: string | undefined;
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const head = bytes.subarray(at, at + BLOCK);
    if (head.every((byte) => byte === 0)) return archive;
    check(head);
    const size = numberAt(head, 124, 12);
    const from = at + BLOCK;
    const content = bytes.subarray(from, from + size);
    if (content.length < size) throw malformed('it ends in the middle of a file');
    at = from + Math.ceil(size / BLOCK) * BLOCK;
    const type = String.fromCharCode(head[156] as number);
    if (type === LONG_NAME) longName = textOf(content);
    else if (type === RECORDS) longName = pathIn(content) ?? longName;
    else if (type !== LONG_LINK && type !== GLOBAL_RECORDS) {
      add(archive, longName ?? nameOf(head), type, content);
      longName = undefined;
    }
  }
  throw malformed('its end is missing');
}

function add(archive: Archive, name: string, type: string, content: Uint8Array): void {
  const steps = name.split('/').filter((step) => step !== '' && step !== '.');
  const isInside = !name.startsWith('/') && !steps.includes('..') && !name.includes('\0');
  const path = steps.join('/');
  if (isInside && FILE.has(type) && path !== '') {
    archive.entries.push({ path, kind: 'file', content });
  } else if (isInside && type === DIRECTORY) {
    archive.entries.push({ path, kind: 'directory', content: new Uint8Array() });
  } else archive.leftOut.push(name);
}

function nameOf(head: Uint8Array): string {
  const prefix = textOf(head.subarray(345, 500));
  const isPosix = textOf(head.subarray(257, 263)) === 'ustar';
  const name = textOf(head.subarray(0, 100));
  return isPosix && prefix !== '' ? `${prefix}/${name}` : name;
}

/** `<length> <key>=<value>\n` each; bytes, not characters. */
function pathIn(records: Uint8Array): string | undefined {
  let path: string | undefined;
  for (let at = 0; at < records.length; ) {
    const length = Number.parseInt(textOf(records.subarray(at, at + 20)), 10);
    if (!(length > 0)) throw malformed('a record without a length');
    const record = new TextDecoder().decode(records.subarray(at, at + length - 1));
    const [key, ...value] = record.slice(record.indexOf(' ') + 1).split('=');
    if (key === 'path') path = value.join('=');
    at += length;
  }
  return path;
}

/** Up to the first NUL. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function numberAt(head: Uint8Array, at: number, length: number): number {
  const text = textOf(head.subarray(at, at + length)).trim();
  if (/^[0-7]{1,11}$/.test(text)) return Number.parseInt(text, 8);
  throw malformed('a number in it cannot be read');
}

function check(head: Uint8Array): void {
  const sum = head.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 32 : byte), 0);
  if (numberAt(head, 148, 8) !== sum) throw malformed('a checksum in it is wrong');
}

function malformed(what: string): CliFault {
  return new CliFault('CLI_FILE_MALFORMED', `The archive of the result: ${what}.`, 'failed');
}
