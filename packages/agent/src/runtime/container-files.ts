/** The directory of one container of the `process` runtime, and what its files mean. */
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ProcessIdentity } from './process-identity.ts';

/** Files that are handed over as streams. */
export type StreamFile = 'out' | 'err' | 'life' | 'usage' | 'result';

/** What an attempt in an engine begins with. */
export interface AttemptBase {
  /** Sizes of the output files. */
  out: number;
  err: number;
  storageBytes: number;
  /** Bits per second that it may send, and receive; null or left out: as much as it can. */
  bandwidthMax?: number | null;
}

/**
 * - `attempt`: which start of the container the other files are about.
 * - `base`: what it began with, in an engine. `image`: the id of its image there.
 * - `supervisor`: identity of the process that leads the group; durable before the program may run.
 * - `started`: the supervisor was told to go on and is about to run the program.
 * - `stopping`: the agent decided to stop it.
 * - `exit`: exit code of the program, written whole or not at all.
 * - `out`, `err`: its output. `life`, `usage`: lines about it. `result`: the archive of what it left.
 *   `chunks`: how these were cut into log chunks.
 * - `work`: the program's home and working directory. `left`: its result directory.
 */
export class ContainerFiles {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  path(name: 'work' | 'left' | 'chunks' | StreamFile): string {
    return join(this.directory, name);
  }

  /** False when the directory was there: the container was tried before. */
  async create(): Promise<boolean> {
    await mkdir(dirname(this.directory), { recursive: true });
    try {
      await mkdir(this.directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
    await mkdir(this.path('work'));
    await mkdir(this.path('left'));
    return true;
  }

  async exists(): Promise<boolean> {
    return (await stat(this.directory).catch(() => null)) !== null;
  }

  /** The last recorded attempt; 0 when none was. */
  async attempt(): Promise<number> {
    return Number((await this.#read('attempt')) ?? 0);
  }

  /** Forgets what was recorded of the attempt before. Durable on return. */
  async beginAttempt(attempt: number): Promise<void> {
    for (const name of ['supervisor', 'base', 'started', 'stopping', 'exit']) {
      await rm(join(this.directory, name), { force: true });
    }
    await this.#record('attempt', String(attempt));
  }

  /** Where the output of the attempt begins, and how much it has of what is limited from outside. */
  async recordBase(base: AttemptBase): Promise<void> {
    await this.#record('base', JSON.stringify(base));
  }

  async base(): Promise<AttemptBase | null> {
    const text = await this.#read('base');
    return text === null ? null : (JSON.parse(text) as AttemptBase);
  }

  /** Which image the container runs, from its first attempt on. */
  async recordImage(id: string): Promise<void> {
    await writeFile(join(this.directory, 'image'), id);
  }

  async image(): Promise<string | null> {
    return (await this.#read('image')) || null;
  }

  /** Durable on return, with the directory that holds it. */
  async recordSupervisor(identity: ProcessIdentity): Promise<void> {
    await this.#record('supervisor', JSON.stringify(identity));
  }

  async #record(name: string, text: string): Promise<void> {
    const draft = join(this.directory, `${name}.tmp`);
    await writeFile(draft, text, { flush: true });
    await rename(draft, join(this.directory, name));
    await syncDirectory(this.directory);
    await syncDirectory(dirname(this.directory));
  }

  async supervisor(): Promise<ProcessIdentity | null> {
    const text = await this.#read('supervisor');
    return text === null ? null : (JSON.parse(text) as ProcessIdentity);
  }

  async hasStarted(): Promise<boolean> {
    return (await this.#read('started')) !== null;
  }

  async recordStarted(): Promise<void> {
    await writeFile(join(this.directory, 'started'), '');
  }

  async recordStopping(): Promise<void> {
    await writeFile(join(this.directory, 'stopping'), '');
  }

  async isStopping(): Promise<boolean> {
    return (await this.#read('stopping')) !== null;
  }

  /** The program's exit code; null as long as it has none. */
  async exitCode(): Promise<number | null> {
    const text = await this.#read('exit');
    return text === null ? null : Number(text);
  }

  async has(name: StreamFile): Promise<boolean> {
    return (await stat(this.path(name)).catch(() => null)) !== null;
  }

  async sizeOf(name: StreamFile): Promise<number> {
    try {
      return (await stat(this.path(name))).size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
      throw error;
    }
  }

  async remove(): Promise<void> {
    // Retried because a process that was just killed may have written once more.
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }

  async #read(name: string): Promise<string | null> {
    try {
      return await readFile(join(this.directory, name), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
