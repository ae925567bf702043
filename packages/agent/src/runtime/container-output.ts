/** Everything that one container leaves, over all its attempts, on its way to the hub. */
import { appendFile, readFile, rename, rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { LeaseStream } from '@sparegrid/core/messages';
import type { ContainerId } from '@sparegrid/core/units/ids';
import type { Logger } from '@sparegrid/link/daemon/logger';
import type { ContainerFiles } from './container-files.ts';
import { OutputLog, TOO_LARGE } from './output-log.ts';
import type { Report } from './runtime.ts';
import { writeBounded } from './write-bounded.ts';

/** After a fault of the disk. */
const AGAIN_MS = 1_000;

export interface OutputSettings {
  report: Report;
  logger: Logger;
  /** A result above this is not handed over. */
  resultBytesMax: number;
}

export class ContainerOutput {
  readonly #id: ContainerId;
  readonly #files: ContainerFiles;
  readonly #settings: OutputSettings;
  readonly #log: OutputLog;
  /** Events of its life that were noted already, also in earlier lives of the agent. */
  readonly #noted: Set<string>;
  /** One pump at a time; further ones wait for their turn. */
  #pumping: Promise<boolean> = Promise.resolve(true);
  #poked = false;
  /** The present attempt runs no more. */
  #ended = false;
  #closing: 'not-yet' | 'closing' | 'closed' = 'not-yet';

  private constructor(
    id: ContainerId,
    files: ContainerFiles,
    settings: OutputSettings,
    log: OutputLog,
    noted: Set<string>,
  ) {
    this.#id = id;
    this.#files = files;
    this.#settings = settings;
    this.#log = log;
    this.#noted = noted;
  }

  /** @param logSeq  last chunk that is stored for good. */
  static async open(
    id: ContainerId,
    files: ContainerFiles,
    logSeq: number,
    settings: OutputSettings,
  ): Promise<ContainerOutput> {
    const log = await OutputLog.open(files, logSeq, (chunk) =>
      settings.report({ kind: 'log', container: id, ...chunk }),
    );
    return new ContainerOutput(id, files, settings, log, await notedIn(files));
  }

  /**
   * An event of its life: each name once per attempt.
   *
   * @patent [0061] CLU-5 MON-2
   */
  async life(attempt: number, event: string, detail: object = {}): Promise<void> {
    const name = `${attempt} ${event}`;
    if (this.#noted.has(name)) return;
    await this.note('life', { event, attempt, ...detail });
    this.#noted.add(name);
  }

  async note(stream: LeaseStream, line: object): Promise<void> {
    const text = JSON.stringify({ atMs: Date.now(), ...line });
    await appendFile(this.#files.path(stream), `${text}\n`);
    this.poke();
  }

  /**
   * The program could not be started. Why is for the lessee alone, as what its program prints: an
   * error may quote the task. Hubs hear that it was so.
   */
  async startFailed(attempt: number, error: string): Promise<void> {
    await appendFile(this.#files.path('err'), `${error}\n`);
    await this.life(attempt, 'start-failed');
  }

  /** A new attempt begins: its program writes on. */
  began(): void {
    this.#ended = false;
  }

  acked(seq: number): void {
    this.#log.acked(seq);
  }

  /** There may be something to hand over. */
  poke(): void {
    if (this.#poked) return;
    this.#poked = true;
    void this.pump(this.#ended);
  }

  /** @returns true when everything so far was handed over. */
  pump(ended: boolean): Promise<boolean> {
    this.#ended = ended;
    this.#pumping = this.#pumping
      .then(() => {
        this.#poked = false;
        return this.#log.pump(this.#ended);
      })
      .then(async (done) => {
        if (done && this.#closing === 'closing') {
          this.#closing = 'closed';
          await this.#settings.report({ kind: 'container-closed', id: this.#id });
        }
        return done;
      })
      .catch((error: unknown) => {
        // A full disk, most likely: what was not noted is not lost.
        const text = String(error);
        this.#settings.logger.error('container.output', { id: this.#id, error: text });
        setTimeout(() => this.poke(), AGAIN_MS).unref();
        return false;
      });
    return this.#pumping;
  }

  /**
   * The last thing: the archive of its result directory, when there is anything in it.
   *
   * @param archive  null when there is no result.
   */
  async close(attempt: number, archive: () => Promise<Readable | null>): Promise<void> {
    if (this.#closing !== 'not-yet') return;
    if (!(await this.#files.has('result'))) await this.#archive(attempt, archive);
    this.#closing = 'closing';
    this.poke();
  }

  async #archive(attempt: number, archive: () => Promise<Readable | null>): Promise<void> {
    const draft = `${this.#files.path('result')}.tmp`;
    const source = await archive();
    if (!source) return;
    const { resultBytesMax } = this.#settings;
    const bytes = await writeBounded(draft, source, resultBytesMax, TOO_LARGE);
    await rename(draft, this.#files.path('result'));
    if (bytes !== null) await this.life(attempt, 'result', { bytes });
    else await this.life(attempt, 'result', { code: 'RESULT_TOO_LARGE', bytesMax: resultBytesMax });
    await rm(draft, { force: true });
  }
}

async function notedIn(files: ContainerFiles): Promise<Set<string>> {
  const text = await readFile(files.path('life'), 'utf8').catch(() => '');
  const names = text.split('\n').flatMap((line) => {
    try {
      const { attempt, event } = JSON.parse(line) as { attempt: number; event: string };
      return [`${attempt} ${event}`];
    } catch {
      // The end of the file, or a line that a crash tore.
      return [];
    }
  });
  return new Set(names);
}
