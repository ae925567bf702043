/** A daemon on a host of the test bed: started again whenever it ends, as an operator's system does. */
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

const RESTART_MS = 200;

export class BedProcess {
  readonly #command: readonly [string, string[]];
  readonly #log: WriteStream;
  #child: ChildProcess | null = null;
  #restart: NodeJS.Timeout | null = null;
  #stopped = false;
  #up = false;
  readonly #changed = new EventEmitter();
  /** Everything that it said, of all its lives. */
  said = '';

  constructor(command: readonly [string, string[]], logFile: string) {
    this.#command = command;
    this.#log = createWriteStream(logFile, { flags: 'a' });
  }

  /** Resolves when it says that it is ready. */
  async start(): Promise<void> {
    const [program, args] = this.#command;
    // The IPC channel ties its life to ours.
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.said += text;
      this.#log.write(text);
    });
    child.once('exit', () => {
      this.#up = false;
      this.#changed.emit('down');
      if (this.#stopped) return;
      this.#restart = setTimeout(() => void this.start().catch(() => {}), RESTART_MS);
    });
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const ended = once(child, 'exit').then(() => {
      throw new Error(`${args.join(' ')} ended:\n${this.said.slice(-2_000)}`);
    });
    await Promise.race([once(lines, 'line'), ended]);
    ended.catch(() => {});
    this.#up = true;
    this.#changed.emit('up');
  }

  /** Resolves as soon as this life of it has ended. */
  async down(): Promise<void> {
    if (this.#up) await once(this.#changed, 'down');
  }

  /** Resolves when it serves, at once where it does. */
  async up(): Promise<void> {
    if (!this.#up) await once(this.#changed, 'up');
  }

  /** False when it is just on its way up again. */
  signal(signal: NodeJS.Signals): boolean {
    // Its end is told a moment later.
    if (signal === 'SIGKILL') this.#up = false;
    return this.#child?.kill(signal) ?? false;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#restart) clearTimeout(this.#restart);
    const child = this.#child;
    if (child && child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }
    this.#log.end();
  }
}
