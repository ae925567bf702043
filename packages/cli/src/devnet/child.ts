/** One process of the devnet: started, started again with back-off when it dies, ended when told. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { getCompileCacheDir } from 'node:module';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeId } from '@sparegrid/core/units/ids';
import { EXIT_CONFIG } from '@sparegrid/link/daemon/exit-codes';

const BACK_OFF_MS = 250;
const BACK_OFF_MS_MAX = 8_000;
/** One that was never ready ends for a reason that more tries do not mend. */
const FIRST_TRIES_MAX = 5;
/** A process that lived this long was a good one: the next wait starts small again. */
const STEADY_MS = 10_000;
/** What a process said last is waited for no longer: somebody else may hold its end open. */
const WORDS_MS_MAX = 1_000;
/** Daemons cut a slow stop off themselves before this. */
const STOP_MS_MAX = 12_000;

export interface ChildSettings {
  name: NodeId;
  /** Main file of the daemon. */
  main: string;
  config: string;
  log: string;
  /** A sentence about what happened to it. */
  say(text: string): void;
  /** It started, started again, or ended. */
  changed(): void;
}

export class Child {
  readonly name: NodeId;
  readonly #settings: ChildSettings;
  readonly #firstReady = Promise.withResolvers<void>();
  #process: ChildProcess | null = null;
  #startedMs = 0;
  #failures = 0;
  #wasReady = false;
  #retry: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(settings: ChildSettings) {
    this.name = settings.name;
    this.#settings = settings;
    this.#firstReady.promise.catch(() => {});
  }

  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  /** Resolves when it is ready for the first time. @throws when it does not come to that */
  start(): Promise<void> {
    this.#spawn();
    return this.#firstReady.promise;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#retry);
    this.#firstReady.reject(new Error(`${this.name} was stopped`));
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
    await ended;
    clearTimeout(timer);
  }

  kill(): void {
    this.#stopping = true;
    this.#process?.kill('SIGKILL');
  }

  /**
   * A group of its own: Ctrl-C in the terminal reaches the supervisor alone, which then ends its
   * children in order. The IPC channel ends them when the supervisor is killed.
   */
  #spawn(): void {
    const { main, config, log, changed } = this.#settings;
    this.#startedMs = performance.now();
    const child = spawn(process.execPath, [main, '--config', config], {
      // What this process compiled, the daemons need not; they leave there what they compile.
      env: { ...process.env, NODE_COMPILE_CACHE: getCompileCacheDir() ?? '' },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#process = child;
    const words = createWriteStream(log, { flags: 'a', mode: 0o600 });
    words.on('error', () => {});
    child.stderr?.pipe(words);
    if (child.stdout) {
      createInterface(child.stdout).on('line', (line) => {
        if (!line.startsWith('{"ready":true')) return;
        this.#wasReady = true;
        this.#firstReady.resolve();
      });
    }
    // An error without a process is told by `exit` too, or there never was one.
    child.on('error', (error) => {
      if (child.pid === undefined) this.#ended(null, error.message, Promise.resolve());
    });
    const written = once(words, 'close').catch(() => {});
    child.on('exit', (code, signal) => this.#ended(code, signal ?? `exit code ${code}`, written));
    changed();
  }

  /** @param written  all its words are in the log: they may come after its exit is known. */
  #ended(code: number | null, how: string, written: Promise<unknown>): void {
    const { say, changed } = this.#settings;
    this.#process = null;
    changed();
    if (this.#stopping) return;
    if (code === EXIT_CONFIG) {
      void this.#giveUp(`${this.name}: its configuration is refused`, written).then(say);
      return;
    }
    if (performance.now() - this.#startedMs >= STEADY_MS) this.#failures = 0;
    const waitMs = Math.min(BACK_OFF_MS * 2 ** this.#failures, BACK_OFF_MS_MAX);
    this.#failures += 1;
    if (!this.#wasReady && this.#failures >= FIRST_TRIES_MAX) {
      void this.#giveUp(`${this.name} ended ${FIRST_TRIES_MAX} times`, written);
      return;
    }
    say(`${this.name} ended (${how}); starting it again in ${waitMs} ms`);
    this.#retry = setTimeout(() => this.#spawn(), waitMs);
  }

  /** @returns what was said. */
  async #giveUp(what: string, written: Promise<unknown>): Promise<string> {
    await Promise.race([written, sleep(WORDS_MS_MAX, undefined, { ref: false })]);
    const why = `${what}: ${lastLine(this.#settings.log)}`;
    this.#firstReady.reject(new Error(why));
    return why;
  }
}

/** A daemon says last why it ends; below that may be where in the program it was. */
function lastLine(log: string): string {
  try {
    const lines = readFileSync(log, 'utf8').trim().split('\n');
    const said = lines.findLast((line) => !/^\s+(?:at|caused by) /.test(line))?.trim();
    return said ? `${said} (${log})` : `see ${log}`;
  } catch {
    return `see ${log}`;
  }
}
