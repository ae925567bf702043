/** Writable storage of one container, bounded to what was ordered. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { bytesIn } from '../process-usage.ts';

const run = promisify(execFile);

/** Everybody gets this much, whatever was ordered: programs expect to write somewhere. */
export const SCRATCH_BYTES_MIN = 16 * 1_048_576;

/**
 * How storage is bounded. `image`: a file system of its own in a file, so that more cannot be
 * written; needs root. `watched`: a plain directory; whoever writes too much is killed when seen.
 */
export type ScratchMode = 'image' | 'watched';

/** What this process can do. */
export async function scratchMode(): Promise<ScratchMode> {
  if (process.getuid?.() !== 0) return 'watched';
  const hasLoops = (await stat('/dev/loop-control').catch(() => null)) !== null;
  const hasTools = await Promise.all([run('mkfs.ext4', ['-V']), run('fallocate', ['-V'])]).then(
    () => true,
    () => false,
  );
  return hasLoops && hasTools ? 'image' : 'watched';
}

export class Scratch {
  readonly #mode: ScratchMode;
  readonly #image: string;
  readonly #root: string;
  readonly limitBytes: number;

  /** @param directory  of the container. */
  constructor(mode: ScratchMode, directory: string, storageBytes: number) {
    this.#mode = mode;
    this.#image = join(directory, 'disk.img');
    this.#root = resolve(directory, 'disk');
    this.limitBytes = Math.max(storageBytes, SCRATCH_BYTES_MIN);
  }

  get mode(): ScratchMode {
    return this.#mode;
  }

  /** Where it is, once it is open. */
  get paths(): { out: string; tmp: string } {
    return { out: join(this.#root, 'out'), tmp: join(this.#root, 'tmp') };
  }

  /** Makes it, or finds it as an earlier attempt left it. */
  async open(): Promise<void> {
    await mkdir(this.#root, { recursive: true });
    if (this.#mode === 'image' && !(await this.#isMounted())) await this.#mount();
    for (const path of Object.values(this.paths)) {
      await mkdir(path, { recursive: true });
      // The program runs as another user.
      await chmod(path, 0o1777);
    }
  }

  async usedBytes(): Promise<number> {
    if (this.#mode === 'watched') return bytesIn(this.#root);
    const { blocks, bfree, bsize } = await statfs(this.#root);
    return (blocks - bfree) * bsize;
  }

  async close(): Promise<void> {
    if (await this.#isMounted()) await run('umount', ['-l', this.#root]);
  }

  async #mount(): Promise<void> {
    const isNew = (await stat(this.#image).catch(() => null)) === null;
    if (isNew) {
      // What was sold is taken off the disk now: a full disk shows here, not in the program.
      const draft = `${this.#image}.tmp`;
      await rm(draft, { force: true });
      await run('fallocate', ['-l', String(this.limitBytes), draft]);
      // Without a journal: after a crash of the machine the container is gone anyway.
      const options = ['-q', '-F', '-m', '0', '-O', '^has_journal', '-E', 'nodiscard'];
      await run('mkfs.ext4', [...options, draft]);
      await rename(draft, this.#image);
    }
    await run('mount', ['-o', 'loop,nosuid,nodev', this.#image, this.#root]);
  }

  async #isMounted(): Promise<boolean> {
    const mounts = await readFile('/proc/self/mounts', 'utf8');
    return mounts.split('\n').some((line) => line.split(' ')[1] === this.#root);
  }
}
