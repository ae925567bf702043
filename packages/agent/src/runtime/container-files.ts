/** The directory of one container of the `process` runtime, and what its files mean. */
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ProcessIdentity } from './process-identity.ts';

/**
 * - `supervisor`: identity of the process that leads the group; durable before the program may run.
 * - `started`: the supervisor was told to go on and is about to run the program.
 * - `stopping`: the agent decided to stop it.
 * - `exit`: exit code of the program, written whole or not at all.
 * - `out`, `err`: its output. `chunks`: how that was cut into log chunks.
 * - `work`: the program's home and working directory.
 */
export class ContainerFiles {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  path(name: 'work' | 'out' | 'err' | 'chunks'): string {
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
    return true;
  }

  /** Durable on return, with the directory that holds it. */
  async recordSupervisor(identity: ProcessIdentity): Promise<void> {
    const draft = join(this.directory, 'supervisor.tmp');
    await writeFile(draft, JSON.stringify(identity), { flush: true });
    await rename(draft, join(this.directory, 'supervisor'));
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

  async sizeOf(name: 'out' | 'err'): Promise<number> {
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
