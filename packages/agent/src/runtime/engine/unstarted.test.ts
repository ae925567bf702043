/**
 * kill -9 of the daemon between the start of a program and the moment the daemon knows of it: the
 * program is ended, reported, and never doubled. SPAREGRID_KILL_ROUNDS=20 for more.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers/promises';
import type { DesiredContainer } from '@sparegrid/core/messages';
import { createLogger } from '@sparegrid/link/daemon/logger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { containerForTests } from '../container-for-tests.ts';
import { Reports } from '../reports-for-tests.ts';
import { whyNoLimits } from './bandwidth.ts';
import { EngineRuntime } from './engine-runtime.ts';
import { IMAGE, TestEngine, whyNot } from './for-tests.ts';
import { scratchMode } from './scratch.ts';

const ROUNDS = Number(process.env['SPAREGRID_KILL_ROUNDS'] ?? 2);
const ROUND_MS_MAX = 120_000;
const MIB = 1_048_576;

/** Says where it would be seen twice that it runs. */
const COUNTS = `
  echo $SPAREGRID_ATTEMPT >>/out/starts
  while ! [ -e /out/end ]; do sleep 0.05; done; echo ended $SPAREGRID_ATTEMPT`;

/** What an agent does with such a container, as somebody who is neither root nor the program's user. */
const ROOTLESS = `
  import { createLogger } from '@sparegrid/link/daemon/logger';
  import { Engine } from '${import.meta.dirname}/engine.ts';
  import { removeUnstarted } from '${import.meta.dirname}/unstarted.ts';
  const logger = createLogger('p1.h1', (line) => process.stdout.write(line));
  process.setgroups([]);
  process.setgid(1234);
  process.setuid(1234);
  const engine = new Engine(process.env.SOCKET, logger);
  await removeUnstarted(engine, process.env.CONTAINER, logger, new AbortController().signal);`;

const ENGINES = [
  { kind: 'docker', liveRestore: false, isLimited: false },
  { kind: 'docker', liveRestore: true, isLimited: false },
  { kind: 'podman', liveRestore: true, isLimited: false },
  { kind: 'podman', liveRestore: true, isLimited: true },
] as const;

for (const { kind, liveRestore, isLimited } of ENGINES) {
  const missing = whyNot(kind) ?? (isLimited ? await whyNoLimits() : null);
  const title = `${kind}${liveRestore ? '' : ' without live restore'}${isLimited ? ' with limits of bandwidth' : ''}`;
  if (missing) console.error(`SKIPPED: starts lost with ${title}: ${missing} on this machine`);

  describe.skipIf(missing !== null)(`a start that is lost with its daemon: ${title}`, () => {
    let engine: TestEngine;
    let egressNetwork: string | null = null;
    let directory: string;
    let runtime: EngineRuntime;
    let reports: Reports;

    beforeAll(async () => {
      engine = await TestEngine.start(kind, { liveRestore, holds: true });
      if (isLimited) egressNetwork = await engine.makeNetwork();
      directory = await mkdtemp(join(tmpdir(), 'sparegrid-lost-'));
      await open();
    });

    afterAll(async () => {
      await runtime?.close();
      await engine?.close();
      await rm(directory, { recursive: true, maxRetries: 20, retryDelay: 50 });
    });

    async function open(): Promise<void> {
      const current = new Reports();
      const opened = new EngineRuntime({
        kind,
        socket: engine.socket,
        directory,
        owner: 'lost',
        images: [],
        pidsMax: 64,
        egressNetwork,
        limitsBandwidth: isLimited,
        cgroupParent: null,
        devices: {},
        scratchMode: await scratchMode(),
        resultBytesMax: MIB,
        endWithAgent: false,
        report: current.take,
        logger: createLogger('p1.h1', () => {}),
      });
      current.acknowledge = (id, seq) => opened.logAcked(id, seq);
      [runtime, reports] = [opened, current];
    }

    for (const moment of ['create', 'start'] as const) {
      it(
        `${ROUNDS} kills after ${moment}: what began is ended and told, then started once more`,
        async () => {
          for (let round = 0; round < ROUNDS; round += 1) {
            await playRound(moment, `o-${'0'.repeat(32)}-1.0.${moment}${round}`, false);
          }
        },
        ROUNDS * ROUND_MS_MAX,
      );
    }

    it(
      'the same with an agent that dies as well',
      () => playRound('start', `o-${'0'.repeat(32)}-1.0.both`, true),
      ROUND_MS_MAX,
    );

    it.runIf(kind === 'docker')(
      'an agent without root tells who runs, and waits until somebody else has ended it',
      async () => {
        const id = `o-${'0'.repeat(32)}-1.0.rootless`;
        const goOn = await engine.hold('start', () => runtime.start(containerOf(id, isLimited)));
        while (attemptsOf(id).length === 0) await setImmediate();
        await engine.killDaemon();
        goOn();
        await runtime.close();
        await engine.start();
        const [name = ''] = await engine.names();
        const { Id } = (await engine.engine.inspect(name)) ?? { Id: '' };
        chmodSync(dirname(engine.socket), 0o711);
        chmodSync(engine.socket, 0o666);
        const rootless = spawn(process.execPath, ['--input-type=module', '-e', ROOTLESS], {
          env: { ...process.env, SOCKET: engine.socket, CONTAINER: Id },
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const ended = once(rootless, 'exit');
        let isTold = false;
        for await (const line of createInterface({ input: rootless.stdout })) {
          const { event, pids, text } = JSON.parse(line);
          expect(event).toBe('container.orphan');
          expect(text).toMatch(/^Only root may end it/);
          // Told again, some of them may have ended with the first.
          if (!isTold) expect(attemptsOf(id)).toEqual(['0']);
          isTold = true;
          for (const pid of pids.split(' ')) kill(Number(pid));
        }
        expect(isTold).toBe(true);
        expect(await ended).toEqual([0, null]);
        expect(attemptsOf(id)).toEqual([]);
        expect(await engine.names()).toEqual([]);
        await open();
        runtime.forget(id);
        while ((await readdir(directory)).length > 0);
      },
      ROUND_MS_MAX,
    );

    async function playRound(moment: 'create' | 'start', id: string, agentToo: boolean) {
      const container = containerOf(id, isLimited);
      const goOn = await engine.hold(moment, () => runtime.start(container));
      // What was started becomes the program a moment later.
      while (moment === 'start' && attemptsOf(id).length === 0) await setImmediate();
      if (moment === 'start') expect(attemptsOf(id)).toEqual(['0']);
      const before = runtime;
      await engine.killDaemon();
      goOn();
      if (agentToo) {
        await before.close();
        await open();
        await runtime.adopt([{ id, attempt: 0, logSeq: 0, stopGraceMs: null }]);
      }
      await engine.start();
      expect(await reports.exit(id)).toMatchObject({ exitCode: null });
      if (moment === 'start') expect(reports.life(id)).toContain('0 started');
      expect(attemptsOf(id)).toEqual([]);
      runtime.start({ ...container, attempt: 1 });
      while (attemptsOf(id).length === 0) await setImmediate();
      expect(attemptsOf(id)).toEqual(['1']);
      writeFileSync(join(directory, id, 'disk/out/end'), '');
      await reports.until(() => reports.exits(id).some(({ exitCode }) => exitCode === 0));
      expect(reports.text(id, 'stdout')).toBe('ended 1\n');
      const starts = readFileSync(join(directory, id, 'disk/out/starts'), 'utf8').trim();
      const lines = starts.split('\n');
      expect(lines).toEqual([...new Set(lines)]);
      runtime.forget(id);
      while ((await engine.names()).length > 0 || (await readdir(directory)).length > 0);
      // A shim ends by itself once its container is gone.
      while (shimsOf(engine.socket).length > 0) await setImmediate();
    }
  });
}

/** Ends a process that may be ending by itself. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Attempts of the container whose programs run right now, as these know themselves. */
function attemptsOf(id: string): string[] {
  const own = [...processes('environ')].filter((lines) =>
    lines.includes(`SPAREGRID_CONTAINER=${id}`),
  );
  const name = 'SPAREGRID_ATTEMPT=';
  const attempts = own.map((lines) => lines.find((line) => line.startsWith(name)) ?? name);
  return [...new Set(attempts.map((line) => line.slice(name.length)))];
}

function shimsOf(socket: string): string[] {
  const folder = socket.slice(0, socket.lastIndexOf('/'));
  return [...processes('cmdline')]
    .filter(([program = '', ...args]) => program.includes('shim') && args.join().includes(folder))
    .map((words) => words.join(' '));
}

function* processes(file: 'environ' | 'cmdline'): Generator<string[]> {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      yield readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0');
    } catch {
      // It ended meanwhile.
    }
  }
}

function containerOf(id: string, egress: boolean): DesiredContainer {
  const task = { command: ['sh', '-c', COUNTS] };
  const container = containerForTests(id, { image: IMAGE, task });
  const visible = { ...container.task.public, egress };
  return { ...container, task: { ...container.task, public: visible } };
}
