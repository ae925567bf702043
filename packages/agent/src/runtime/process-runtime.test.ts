/** The `process` runtime with real processes, stopped, killed and adopted. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createLogger } from '@sparegrid/link/daemon/logger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { containerForTests } from './container-for-tests.ts';
import { CHUNK_BYTES_MAX } from './output-chunk.ts';
import { WINDOW } from './output-log.ts';
import { identify } from './process-identity.ts';
import { ProcessRuntime } from './process-runtime.ts';
import type { RuntimeEvent } from './runtime.ts';

const ID = 'o-00000000000000000000000000000000-1.0.0';

function container(command: string[], options: { id?: string; image?: string } = {}) {
  const { id = ID, image = 'process:sh' } = options;
  const task = { command, env: { GREETING: 'hello' } };
  return containerForTests(id, { image, task, over: { rank: 3, size: 5, running: false } });
}

/** The end of a process that is nobody's child here cannot be awaited, only looked for. */
async function untilGone(pid: number): Promise<void> {
  while (await identify(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** What the runtime reported, and a way to await a certain report. */
class Reports {
  readonly events: RuntimeEvent[] = [];
  #changed = Promise.withResolvers<void>();

  readonly take = async (event: RuntimeEvent): Promise<void> => {
    this.events.push(event);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  };

  async until(found: (event: RuntimeEvent) => boolean): Promise<RuntimeEvent> {
    for (;;) {
      const event = this.events.find(found);
      if (event) return event;
      await this.#changed.promise;
    }
  }

  text(stream: 'stdout' | 'stderr'): string {
    return this.events
      .flatMap((event) => (event.kind === 'log' && event.stream === stream ? [event.text] : []))
      .join('');
  }

  count(kind: RuntimeEvent['kind']): number {
    return this.events.filter((event) => event.kind === kind).length;
  }
}

const started = (event: RuntimeEvent) => event.kind === 'container-started';
const exited = (event: RuntimeEvent) => event.kind === 'container-exited';
const printed = (text: string) => (event: RuntimeEvent) =>
  event.kind === 'log' && event.text.includes(text);

describe('process runtime', () => {
  let directory: string;
  let runtime: ProcessRuntime;
  let reports: Reports;
  const graceMs = 10_000;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sparegrid-process-'));
    ({ runtime, reports } = newRuntime());
  });

  afterEach(async () => {
    for (const id of await readdir(directory)) runtime.forget(id);
    await runtime.close();
    await rm(directory, { recursive: true, maxRetries: 20, retryDelay: 50 });
  });

  function newRuntime() {
    const reports = new Reports();
    const runtime = new ProcessRuntime({
      directory,
      programs: { sh: '/bin/sh', node: process.execPath },
      images: ['sparegrid/demo'],
      searchPath: process.env['PATH'] ?? '',
      resultBytesMax: 1_048_576,
      endWithAgent: false,
      report: reports.take,
      logger: createLogger('p1.h1', () => {}),
    });
    return { runtime, reports };
  }

  /**
   * Starts `command` from a process of its own that is killed with -9 once the program printed `go`;
   * tells how many chunks came until then.
   */
  async function startAndDie(command: string[]): Promise<number> {
    const source = new URL('./process-runtime.ts', import.meta.url).href;
    const program = `
      const { ProcessRuntime } = await import(${JSON.stringify(source)});
      const runtime = new ProcessRuntime({
        directory: ${JSON.stringify(directory)},
        programs: { sh: '/bin/sh' },
        images: [],
        searchPath: process.env.PATH,
        resultBytesMax: 1048576,
        endWithAgent: false,
        report: async (event) => console.log(JSON.stringify(event)),
        logger: { info() {}, warn() {}, error() {} },
      });
      runtime.start(${JSON.stringify(container(command))});`;
    const file = join(directory, 'agent.mjs');
    await writeFile(file, program);
    const agent = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
    let chunks = 0;
    for await (const line of createInterface({ input: agent.stdout })) {
      const event: RuntimeEvent = JSON.parse(line);
      if (event.kind === 'log') chunks += 1;
      if (printed('go')(event)) break;
    }
    const gone = once(agent, 'exit');
    agent.kill('SIGKILL');
    await gone;
    await rm(file);
    return chunks;
  }

  it('runs a program, hands over its output, and then its exit code', async () => {
    runtime.start(container(['-c', 'echo out; echo err >&2; exit 7']));
    await reports.until(exited);
    expect(reports.events[0]).toEqual({ kind: 'container-started', id: ID });
    expect(reports.events.at(-1)).toEqual({
      kind: 'container-exited',
      id: ID,
      exitCode: 7,
      reason: 'exit',
    });
    expect([reports.text('stdout'), reports.text('stderr')]).toEqual(['out\n', 'err\n']);
  });

  it('gives the program its own home and the stated environment only', async () => {
    runtime.start(container(['-c', 'pwd; env | sort']));
    await reports.until(exited);
    const home = join(directory, ID, 'work');
    const lines = reports.text('stdout').trim().split('\n');
    expect(lines.filter((line) => !/^(PWD|OLDPWD|_|SHLVL)=/.test(line))).toEqual([
      home,
      'GREETING=hello',
      `HOME=${home}`,
      `PATH=${process.env['PATH']}`,
      'SPAREGRID_ATTEMPT=0',
      `SPAREGRID_CONTAINER=${ID}`,
      `SPAREGRID_OUT=${join(directory, ID, 'left')}`,
      'SPAREGRID_RANK=3',
      'SPAREGRID_SIZE=5',
    ]);
  });

  it('runs node by its name', async () => {
    runtime.start(container(['-e', 'console.log(6 * 7)'], { image: 'process:node' }));
    await reports.until(exited);
    expect(reports.text('stdout')).toBe('42\n');
  });

  it('runs what the command names for an image that stands for the programs', async () => {
    const command = ['node', '-e', 'console.log(6 * 7)'];
    runtime.start(container(command, { image: 'sparegrid/demo:latest' }));
    await reports.until(exited);
    expect(reports.text('stdout')).toBe('42\n');
  });

  it.each([
    ['a command that names no program', container(['bash'], { image: 'sparegrid/demo' })],
    ['no command where one is needed', container([], { image: 'sparegrid/demo' })],
    ['an image whose name only begins like one', container(['sh'], { image: 'sparegrid/demo2' })],
    ['a program that is not allowed', container([], { image: 'process:bash' })],
    ['an image of another runtime', container([], { image: 'docker.io/library/busybox' })],
    ['a property that every object has', container([], { image: 'process:toString' })],
    ['an id that would leave the directory', container([], { id: '../x-1.0.0' })],
    ['a task without its private part', { ...container([]), taskPrivate: null }],
    ['a private part that is no task', { ...container([]), taskPrivate: '{"command":1}' }],
  ])('does not start %s', async (_what, refused) => {
    runtime.start(refused);
    expect(await reports.until(exited)).toEqual({
      kind: 'container-exited',
      id: refused.id,
      exitCode: null,
      reason: 'start-failed',
    });
    expect(await readdir(directory)).toEqual([]);
  });

  it('stops a program with SIGTERM and keeps what it still says', async () => {
    runtime.start(
      container(['-c', 'trap "echo bye; exit 3" TERM; echo go; while :; do sleep 0.05; done']),
    );
    await reports.until(printed('go'));
    runtime.stop(ID, graceMs);
    expect(await reports.until(exited)).toMatchObject({ exitCode: 3, reason: 'stopped' });
    expect(reports.text('stdout')).toBe('go\nbye\n');
  });

  it('kills a program that ignores SIGTERM, and its children', async () => {
    const command = 'trap "" TERM; sleep 1000 & echo child $! go; while :; do sleep 0.1; done';
    runtime.start(container(['-c', command]));
    await reports.until(printed('go'));
    const child = Number(/child (\d+)/.exec(reports.text('stdout'))?.[1]);
    expect(await identify(child)).not.toBeNull();
    runtime.stop(ID, 100);
    expect(await reports.until(exited)).toMatchObject({ exitCode: null, reason: 'stopped' });
    await untilGone(child);
  });

  it('leaves no process behind when the program ends', async () => {
    runtime.start(container(['-c', 'sleep 1000 & echo child $!']));
    await reports.until(exited);
    const child = Number(/child (\d+)/.exec(reports.text('stdout'))?.[1]);
    await untilGone(child);
  });

  it('hands over no more chunks than the window while nothing is acknowledged', async () => {
    const bytes = 3 * WINDOW * CHUNK_BYTES_MAX;
    runtime.start(
      container([
        '-c',
        `head -c ${bytes} /dev/zero | tr '\\0' x; echo; echo end; read x <&2; sleep 1000`,
      ]),
    );
    const chunks = () => reports.events.filter((event) => event.kind === 'log');
    await reports.until(() => chunks().length === WINDOW);
    const waiting = chunks().length;
    runtime.logAcked(ID, 1);
    await reports.until(() => chunks().length > waiting);
    expect(chunks().length).toBe(WINDOW + 1);
    for (let seq = 2; !reports.text('stdout').endsWith('end\n'); seq++) {
      await reports.until(() => chunks().length >= seq);
      runtime.logAcked(ID, seq);
      await new Promise(setImmediate);
    }
    expect(reports.text('stdout')).toBe(`${'x'.repeat(bytes)}\nend\n`);
    runtime.stop(ID, graceMs);
    await reports.until(exited);
  });

  it('hands over all output before the exit, without acknowledgements', async () => {
    const bytes = 2 * WINDOW * CHUNK_BYTES_MAX;
    runtime.start(container(['-c', `head -c ${bytes} /dev/zero | tr '\\0' x`]));
    await reports.until(exited);
    expect(reports.text('stdout').length).toBe(bytes);
    expect(reports.events.at(-1)).toMatchObject({ kind: 'container-exited', exitCode: 0 });
  });

  it('adopts what runs on after the agent was killed, and continues its log', async () => {
    const logSeq = await startAndDie([
      '-c',
      'echo go; while ! [ -e stop ]; do sleep 0.02; done; echo bye; exit 4',
    ]);
    await runtime.adopt([{ id: ID, attempt: 0, logSeq, stopGraceMs: null }]);
    await reports.until(started);
    await writeFile(join(directory, ID, 'work/stop'), '');
    expect(await reports.until(exited)).toMatchObject({ exitCode: 4, reason: 'exit' });
    expect(reports.text('stdout')).toBe('bye\n');
  });

  it('hands chunks over again, cut the same way, that the core did not take', async () => {
    await startAndDie(['-c', 'echo go; exec sleep 1000']);
    await runtime.adopt([{ id: ID, attempt: 0, logSeq: 0, stopGraceMs: null }]);
    await reports.until(printed('go'));
    expect(reports.text('stdout')).toBe('go\n');
    runtime.stop(ID, graceMs);
    expect(await reports.until(exited)).toMatchObject({ reason: 'stopped' });
  });

  it('tells the exit code of a program that ended while the agent was away', async () => {
    await startAndDie(['-c', 'echo go; read x <work; exit 9']);
    const supervisor = JSON.parse(await readFile(join(directory, ID, 'supervisor'), 'utf8'));
    await untilGone(supervisor.pid);
    await runtime.adopt([{ id: ID, attempt: 0, logSeq: 1, stopGraceMs: null }]);
    expect(await reports.until(exited)).toMatchObject({ exitCode: 9, reason: 'exit' });
  });

  it('goes on stopping what was being stopped when the agent was killed', async () => {
    await startAndDie(['-c', 'trap "" TERM; echo go; while :; do sleep 0.1; done']);
    await writeFile(join(directory, ID, 'stopping'), '');
    await runtime.adopt([{ id: ID, attempt: 0, logSeq: 1, stopGraceMs: 50 }]);
    expect(await reports.until(exited)).toMatchObject({ exitCode: null, reason: 'stopped' });
  });

  it('stops what the core wanted stopped before the agent was killed', async () => {
    await startAndDie(['-c', 'echo go; exec sleep 1000']);
    await runtime.adopt([{ id: ID, attempt: 0, logSeq: 1, stopGraceMs: 10_000 }]);
    expect(await reports.until(exited)).toMatchObject({ exitCode: 143, reason: 'stopped' });
  });

  it('reports what was killed together with its supervisor without an exit code', async () => {
    runtime.start(container(['-c', 'echo go; exec sleep 1000']));
    await reports.until(printed('go'));
    const supervisor = JSON.parse(await readFile(join(directory, ID, 'supervisor'), 'utf8'));
    process.kill(-supervisor.pid, 'SIGKILL');
    expect(await reports.until(exited)).toMatchObject({ exitCode: null, reason: 'exit' });
  });

  it('never starts what it cannot prove to be new', async () => {
    runtime.start(container(['-c', 'exit 0']));
    await reports.until(exited);
    await runtime.close();
    ({ runtime, reports } = newRuntime());
    runtime.start(container(['-c', 'echo again']));
    expect(await reports.until(exited)).toMatchObject({ exitCode: 0, reason: 'exit' });
    expect(reports.text('stdout')).toBe('');
  });

  it('reports as never started what the agent was killed before', async () => {
    await runtime.adopt([{ id: ID, attempt: 0, logSeq: 0, stopGraceMs: null }]);
    expect(await reports.until(exited)).toMatchObject({ exitCode: null, reason: 'start-failed' });
  });

  it('ends and removes what the core does not know', async () => {
    await startAndDie(['-c', 'echo go; exec sleep 1000']);
    const supervisor = JSON.parse(await readFile(join(directory, ID, 'supervisor'), 'utf8'));
    await runtime.adopt([]);
    await runtime.close();
    expect(await readdir(directory)).toEqual([]);
    expect(reports.events).toEqual([]);
    await untilGone(supervisor.pid);
  });

  it('removes the directory of an ended container when told to forget it', async () => {
    runtime.start(container(['-c', 'exit 0']));
    await reports.until(exited);
    runtime.forget(ID);
    await runtime.close();
    expect(await readdir(directory)).toEqual([]);
  });

  it('takes another process of the same number for what it is', async () => {
    await startAndDie(['-c', 'echo go; exec sleep 1000']);
    const file = join(directory, ID, 'supervisor');
    const supervisor = JSON.parse(await readFile(file, 'utf8'));
    process.kill(-supervisor.pid, 'SIGKILL');
    await writeFile(file, JSON.stringify({ ...supervisor, pid: process.pid }));
    await runtime.adopt([{ id: ID, attempt: 0, logSeq: 1, stopGraceMs: null }]);
    expect(await reports.until(exited)).toMatchObject({ exitCode: null, reason: 'exit' });
    expect(reports.count('container-exited')).toBe(1);
  });
});
