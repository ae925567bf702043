/** Looks for texts that nobody but their owners may hold: in files, on the wire, in the memory of processes. */
import { closeSync, type Dirent, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';

const MEMORY_STEP_BYTES = 4 * 1_048_576;

/** The ways in which a text may stand somewhere: as it is, wide, in base64 at any offset, in hex. */
export function formsOf(canary: string): Buffer[] {
  const plain = Buffer.from(canary);
  const inBase64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), plain]).toString('base64');
    // Its first and last characters depend on what stands beside it.
    return text.slice(offset === 0 ? 0 : offset + 1, text.length - 4);
  });
  const hex = plain.toString('hex');
  const texts = [canary, ...inBase64, hex, hex.toUpperCase()];
  return [...texts.map((text) => Buffer.from(text)), Buffer.from(canary, 'utf16le')];
}

/** Names of the canaries in these bytes. */
export function canariesIn(bytes: Buffer, canaries: Readonly<Record<string, string>>): string[] {
  return Object.entries(canaries)
    .filter(([, canary]) => formsOf(canary).some((form) => bytes.includes(form)))
    .map(([name]) => name);
}

/** Each file below the directory that holds one, with what it holds. */
export function canariesBelow(
  directory: string,
  canaries: Readonly<Record<string, string>>,
  isLeftOut: (path: string) => boolean,
): string[] {
  const found: string[] = [];
  for (const entry of entriesOf(directory)) {
    const path = join(directory, entry.name);
    if (isLeftOut(path)) continue;
    if (entry.isDirectory()) found.push(...canariesBelow(path, canaries, isLeftOut));
    if (!entry.isFile()) continue;
    const names = canariesIn(contentOf(path), canaries);
    found.push(...names.map((name) => `${name} in ${path}`));
  }
  return found;
}

/** What their owners remove while they are searched holds nothing any more. */
function entriesOf(directory: string): Dirent[] {
  return unlessGone(() => readdirSync(directory, { withFileTypes: true })) ?? [];
}

function contentOf(path: string): Buffer {
  return unlessGone(() => readFileSync(path)) ?? Buffer.alloc(0);
}

function unlessGone<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return null;
  }
}

/** Everything that a process can write to: what it holds, and what it has let go but not overwritten. */
export function canariesInMemory(
  pid: number,
  canaries: Readonly<Record<string, string>>,
): string[] {
  const found = new Set<string>();
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
      const [, from = '', to = '', rights = ''] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(line) ?? [];
      if (!rights.startsWith('rw') || line.includes('[vvar]')) continue;
      for (const bytes of pieces(memory, Number.parseInt(from, 16), Number.parseInt(to, 16))) {
        for (const name of canariesIn(bytes, canaries)) found.add(name);
      }
    }
  } finally {
    closeSync(memory);
  }
  return [...found];
}

/** Pieces overlap, so that nothing is cut in two. */
function* pieces(memory: number, from: number, to: number): Generator<Buffer> {
  const overlap = 4_096;
  for (let at = from; at < to; at += MEMORY_STEP_BYTES - overlap) {
    const bytes = Buffer.alloc(Math.min(MEMORY_STEP_BYTES, to - at));
    let read: number;
    try {
      read = readSync(memory, bytes, 0, bytes.length, at);
    } catch {
      // The process has given this range back meanwhile.
      return;
    }
    yield bytes.subarray(0, read);
  }
}

/** Whether this user may look into the memory of its processes. */
export function canReadMemory(pid = process.pid): boolean {
  try {
    closeSync(openSync(`/proc/${pid}/mem`, 'r'));
    return true;
  } catch {
    return false;
  }
}
