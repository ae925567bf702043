/** Room kept on the disk for the time when others have filled it: a node must still end what it began. */
import { existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Thousands of commits: SQLite's own log takes up to 4 MiB, and is used again and again. */
const RESERVE_BYTES = 8 * 1_048_576;
/** The reserve is filled up again only where it leaves room for others. */
const FREE_BYTES_MIN = 4 * RESERVE_BYTES;

/** SQLite's number for a full disk. */
const SQLITE_FULL = 13;

export function isDiskFull(error: unknown): boolean {
  const { code, errcode } = error as { code?: string; errcode?: number };
  return code === 'ENOSPC' || errcode === SQLITE_FULL;
}

export class Reserve {
  readonly #path: string;

  constructor(storePath: string) {
    this.#path = `${storePath}.reserve`;
  }

  /** Gives the room back to the disk. @returns false when there was none to give. */
  release(): boolean {
    if (!existsSync(this.#path)) return false;
    rmSync(this.#path);
    return true;
  }

  /** Takes the room when there is plenty. @returns whether it has it */
  fill(): boolean {
    if (existsSync(this.#path)) return true;
    const { bavail, bsize } = statfsSync(dirname(this.#path));
    if (bavail * bsize < FREE_BYTES_MIN) return false;
    try {
      // Written, not just measured off: a hole in a file reserves nothing.
      writeFileSync(this.#path, Buffer.alloc(RESERVE_BYTES, 1), { mode: 0o600 });
      return true;
    } catch (error) {
      rmSync(this.#path, { force: true });
      if (isDiskFull(error)) return false;
      throw error;
    }
  }
}
