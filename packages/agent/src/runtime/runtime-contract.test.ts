/** The contract of container runtimes, on every one that this machine has: real daemons. */
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { DesiredContainer } from '@sparegrid/core/messages';
import { createLogger } from '@sparegrid/link/daemon/logger';
import type { HostConfig } from 'dockerode';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ContainerFiles } from './container-files.ts';
import { containerForTests } from './container-for-tests.ts';
import { EngineRuntime } from './engine/engine-runtime.ts';
import { type EngineKind, IMAGE, TestEngine, whyNot } from './engine/for-tests.ts';
import { scratchMode } from './engine/scratch.ts';
import { isRunning } from './process-identity.ts';
import { ProcessRuntime } from './process-runtime.ts';
import { Reports } from './reports-for-tests.ts';
import type { Runtime } from './runtime.ts';

const KINDS = ['process', 'docker', 'podman'] as const;
const RESULT_BYTES_MAX = 1_048_576;
const MIB = 1_048_576;
const GRACE_MS = 10_000;
const START_MS = 60_000;
/** Limits of processor time are kept over periods, not at every moment. */
const SHARE_SLACK_MS = 200;

const numbers = (function* () {
  for (let number = 0; ; number++) yield number;
})();

function shell(kind: (typeof KINDS)[number], script: string): DesiredContainer {
  const id = `o-${'0'.repeat(32)}-1.0.${numbers.next().value}`;
  const command = kind === 'process' ? ['-c', script] : ['sh', '-c', script];
  return containerForTests(id, {
    image: kind === 'process' ? 'process:sh' : IMAGE,
    task: { command, env: { GREETING: 'hello' } },
    over: { rank: 3, size: 5 },
  });
}

for (const kind of KINDS) {
  const missing = kind === 'process' ? null : whyNot(kind);
  if (missing) console.error(`SKIPPED: tests of the ${kind} runtime: ${missing} on this machine`);

  describe.skipIf(missing !== null)(`${kind} runtime`, () => {
    let engine: TestEngine | undefined;
    let directory: string;
    let runtime: Runtime;
    let reports: Reports;

    beforeAll(async () => {
      if (kind !== 'process') engine = await TestEngine.start(kind);
    }, START_MS);

    afterAll(async () => {
      await engine?.close();
    }, START_MS);

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), `sparegrid-${kind}-`));
      await open();
    });

    afterEach(async () => {
      for (const id of await readdir(directory)) runtime.forget(id);
      await runtime.close();
      if (engine) expect(await engine.names()).toEqual([]);
      await rm(directory, { recursive: true, maxRetries: 20, retryDelay: 50 });
    });

    /** A new life of the agent over the same directory. */
    async function open(endWithAgent = false): Promise<void> {
      const current = new Reports();
      reports = current;
      const common = {
        directory,
        resultBytesMax: RESULT_BYTES_MAX,
        endWithAgent,
        report: current.take,
        logger: createLogger('p1.h1', () => {}),
      };
      runtime = engine
        ? new EngineRuntime({
            ...common,
            kind: engine.kind,
            socket: engine.socket,
            owner: 'test',
            images: [],
            pidsMax: 64,
            egressNetwork: null,
            cgroupParent: null,
            devices: { null0: ['/dev/fuse'] },
            scratchMode: await scratchMode(),
          })
        : new ProcessRuntime({
            ...common,
            programs: { sh: '/bin/sh' },
            images: [],
            searchPath: process.env['PATH'] ?? '',
          });
      const opened = runtime;
      current.acknowledge = (id, seq) => opened.logAcked(id, seq);
    }

    const run = (script: string, over: Partial<DesiredContainer> = {}): string => {
      const container = { ...shell(kind, script), ...over };
      runtime.start(container);
      return container.id;
    };

    it('runs a program, hands over its output, and then its exit code', async () => {
      const id = run('echo out; echo err >&2; exit 7');
      const event = await reports.exit(id);
      expect(event).toMatchObject({ exitCode: 7, reason: 'exit' });
      expect(reports.text(id, 'stdout')).toBe('out\n');
      expect(reports.text(id, 'stderr')).toBe('err\n');
      expect(reports.events.at(-1)).toBe(event);
    });

    it('gives the program its rank and the environment of its task', async () => {
      const id = run('echo $SPAREGRID_RANK of $SPAREGRID_SIZE, $SPAREGRID_ATTEMPT, $GREETING');
      await reports.exit(id);
      expect(reports.text(id, 'stdout')).toBe('3 of 5, 0, hello\n');
    });

    it('stops with SIGTERM and keeps what the program still says', async () => {
      const id = run('trap "echo bye; exit 3" TERM; echo go; while :; do sleep 0.05; done');
      await reports.printed(id, 'go');
      runtime.stop(id, GRACE_MS);
      expect(await reports.exit(id)).toMatchObject({ exitCode: 3, reason: 'stopped' });
      expect(reports.text(id, 'stdout')).toBe('go\nbye\n');
    });

    it('kills what ignores SIGTERM when the grace is over', async () => {
      const id = run('trap "" TERM; echo go; while :; do sleep 0.05; done');
      await reports.printed(id, 'go');
      runtime.stop(id, 100);
      expect(await reports.exit(id)).toMatchObject({ reason: 'stopped' });
    });

    it('starts again by a higher attempt, never twice by the same one', async () => {
      const container = shell(kind, 'echo attempt $SPAREGRID_ATTEMPT; exit 1');
      const { id } = container;
      runtime.start(container);
      await reports.exit(id);
      runtime.start(container);
      runtime.start({ ...container, attempt: 1 });
      await reports.until(() => reports.exits(id).length === 2);
      expect(reports.text(id, 'stdout')).toBe('attempt 0\nattempt 1\n');
      await reports.until(() => reports.life(id).includes('1 exited'));
      expect(reports.life(id)).toEqual([
        ...(engine ? ['0 image'] : []),
        '0 started',
        '0 exited',
        ...(engine ? ['1 image'] : []),
        '1 started',
        '1 exited',
      ]);
    });

    it('adopts what runs on without an agent, and continues its log', async () => {
      const id = run(
        'echo go; while ! [ -e $SPAREGRID_OUT/end ]; do sleep 0.05; done; echo bye; exit 4',
      );
      await reports.printed(id, 'go');
      const logSeq = reports.chunks(id).length;
      await runtime.close();
      await open();
      reports.continue(id, logSeq);
      await runtime.adopt([{ id, attempt: 0, logSeq, stopGraceMs: null }]);
      await reports.until((event) => event.kind === 'container-started');
      await endOf(id);
      expect(await reports.exit(id)).toMatchObject({ exitCode: 4, reason: 'exit' });
      expect(reports.text(id, 'stdout')).toBe('bye\n');
    });

    /** Lets the program of that test go on, through its result directory. */
    async function endOf(id: string): Promise<void> {
      const path = engine ? 'disk/out/end' : 'left/end';
      const { writeFile } = await import('node:fs/promises');
      await writeFile(join(directory, id, path), '');
    }

    it('tells how what ended without an agent ended', async () => {
      const id = run('echo go; sleep 0.5; exit 9');
      await reports.printed(id, 'go');
      const logSeq = reports.chunks(id).length;
      await runtime.close();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await open();
      reports.continue(id, logSeq);
      await runtime.adopt([{ id, attempt: 0, logSeq, stopGraceMs: null }]);
      expect(await reports.exit(id)).toMatchObject({ exitCode: 9, reason: 'exit' });
      expect(reports.text(id, 'stdout')).toBe('');
    });

    it('ends and removes what the core does not know', async () => {
      const id = run('echo go; sleep 1000');
      await reports.printed(id, 'go');
      await runtime.close();
      await open();
      await runtime.adopt([]);
      await runtime.close();
      expect(await readdir(directory)).toEqual([]);
      await open();
    });

    it('ends everything with its agent where it shall, also what is just being started', async () => {
      await runtime.close();
      await open(true);
      const running = run('echo go; sleep 1000');
      await reports.printed(running, 'go');
      const supervisor = await new ContainerFiles(join(directory, running)).supervisor();
      const starting = run('sleep 1000');
      await runtime.close();
      if (engine) return expect(await engine.names()).toEqual([]);
      const other = await new ContainerFiles(join(directory, starting)).supervisor();
      for (const identity of [supervisor, other]) {
        // The kernel takes a moment for what was killed.
        while (identity && (await isRunning(identity))) await setImmediate();
      }
    });

    it('hands over the result directory as an archive, then says that nothing follows', async () => {
      const id = run(
        'echo 42 >$SPAREGRID_OUT/answer; mkdir $SPAREGRID_OUT/d; echo x >$SPAREGRID_OUT/d/y',
      );
      await reports.exit(id);
      runtime.collect(id);
      await reports.closed(id);
      expect(await reports.resultFiles(id)).toMatchObject({ './answer': '42\n', './d/y': 'x\n' });
      expect(reports.chunks(id).at(-1)?.text).toBe('');
    });

    it('closes at once when there is no result', async () => {
      const id = run('exit 0');
      await reports.exit(id);
      runtime.collect(id);
      await reports.closed(id);
      expect(reports.text(id, 'result')).toBe('');
    });

    it('refuses a result above the limit, and says so', async () => {
      const id = run(`head -c ${2 * RESULT_BYTES_MAX} /dev/zero >$SPAREGRID_OUT/big`);
      await reports.exit(id);
      runtime.collect(id);
      await reports.closed(id);
      expect(reports.text(id, 'result')).toBe('too-large');
      expect(reports.text(id, 'life')).toContain('RESULT_TOO_LARGE');
    });

    it('tells what a running container uses', async () => {
      const id = run('while :; do :; done');
      await reports.started(id);
      let usage = await runtime.usage(id);
      while (!usage || usage.cpuMs < 100) usage = await runtime.usage(id);
      expect(usage.memoryBytes).toBeGreaterThan(0);
      expect(await runtime.usage('o-1')).toBeNull();
    });

    it('reports what cannot be started', async () => {
      const { task } = shell(kind, '');
      const image = 'process:none';
      const id = run('', { task: { ...task, public: { ...task.public, image } } });
      expect(await reports.exit(id)).toMatchObject({ exitCode: null, reason: 'start-failed' });
    }, 60_000);

    describe.skipIf(process.getuid?.() !== 0)('on a full disk', () => {
      const others = () => join(directory, 'others');

      beforeEach(async () => {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', directory]);
        await runtime.close();
        await open();
      });

      afterEach(async () => {
        await rm(others(), { force: true });
        for (const id of await readdir(directory)) runtime.forget(id);
        await runtime.close();
        execFileSync('umount', ['-l', directory]);
        await open();
      });

      it('stops on time, and tells the rest once there is room', async () => {
        const id = run('trap "echo bye; exit 3" TERM; echo go; while :; do sleep 0.05; done');
        await reports.printed(id, 'go');
        const pid = await pidOf(id);
        fill(others());
        runtime.stop(id, GRACE_MS);
        while (isAlive(pid)) await setImmediate();
        expect(reports.exits(id)).toEqual([]);
        await rm(others());
        // A plain process has nowhere to leave its exit code.
        const exitCode = engine ? 3 : null;
        expect(await reports.exit(id)).toMatchObject({ exitCode, reason: 'stopped' });
        if (engine) expect(reports.text(id, 'stdout')).toBe('go\nbye\n');
      }, 60_000);

      it('starts nothing, says why, and starts it later', async () => {
        const container = shell(kind, 'echo here');
        const { id } = container;
        fill(others());
        runtime.start(container);
        expect(await reports.exit(id)).toMatchObject({ exitCode: null, reason: 'start-failed' });
        await rm(others());
        runtime.start({ ...container, attempt: 1 });
        await reports.until(() => reports.exits(id).length === 2);
        expect(reports.exits(id)[1]).toMatchObject({ exitCode: 0, reason: 'exit' });
        expect(reports.text(id, 'stdout')).toBe('here\n');
      }, 60_000);
    });

    /** Of the program, or of the shell that supervises it. */
    async function pidOf(id: string): Promise<number> {
      if (!engine) return (await new ContainerFiles(join(directory, id)).supervisor())?.pid ?? 0;
      const name = (await engine.names()).find((known) => known.includes(id)) ?? '';
      return (await engine.engine.inspect(name))?.State.Pid ?? 0;
    }

    if (kind !== 'process') isolation(kind);

    function isolation(_kind: EngineKind): void {
      const only = () => engine as TestEngine;
      const inspect = async (id: string) => {
        const name = (await only().names()).find((known) => known.includes(`-${id}-`));
        return only()
          .engine.docker.getContainer(name ?? '')
          .inspect();
      };

      it('hands over every byte once, whatever a program begins with', async () => {
        const binary = run(`printf '\\377\\376'; echo; echo text`);
        const much = run('head -c 100000 /dev/zero | tr "\\0" x; echo end');
        await reports.exit(binary);
        await reports.exit(much);
        expect(reports.text(much, 'stdout')).toBe(`${'x'.repeat(100_000)}end\n`);
        expect(reports.text(binary, 'stdout')).toBe('\ufffd\ufffd\ntext\n');
      });

      it('confines a container to what was ordered', async () => {
        const devices = existsSync('/dev/fuse') ? [{ deviceId: 'null0', milli: 1_000 }] : [];
        const id = run('echo go; sleep 1000', { devices });
        await reports.printed(id, 'go');
        const { HostConfig, Config } = await inspect(id);
        expect(HostConfig.NanoCpus || cpusOf(HostConfig)).toBe(500_000_000);
        expect(HostConfig).toMatchObject({
          Memory: 64 * MIB,
          MemorySwap: 64 * MIB,
          PidsLimit: 64,
          ReadonlyRootfs: true,
          NetworkMode: 'none',
          Privileged: false,
        });
        expect(HostConfig.SecurityOpt).toContain('no-new-privileges');
        expect(Config.User).toBe('65534:65534');
      });

      it('gives a lease its share of the processors however much their owner does, and no more', async () => {
        const owners = Array.from({ length: 8 * availableParallelism() }, () =>
          spawn('/bin/busybox', ['sh', '-c', 'while :; do :; done'], { stdio: 'ignore' }),
        );
        try {
          const id = run('while :; do :; done');
          const startedMs = performance.now();
          await reports.started(id);
          const before = owners.map(({ pid }) => spentMs(pid));
          const cpuMs = async () => (await runtime.usage(id))?.cpuMs ?? 0;
          const first = await cpuMs();
          let used = 0;
          while (used < 1_000) used = (await cpuMs()) - first;
          const spent = owners.map(({ pid }, at) => spentMs(pid) - (before[at] ?? 0));
          // Each of the owner's programs would have gotten as much.
          expect(used).toBeGreaterThan(2 * Math.max(...spent));
          const elapsedMs = performance.now() - startedMs;
          expect(await cpuMs()).toBeLessThan(0.5 * elapsedMs + SHARE_SLACK_MS);
        } finally {
          for (const owner of owners) owner.kill('SIGKILL');
        }
      }, 60_000);

      it('gives what ordered no processor time the least there is', async () => {
        const none = { ...shell(kind, '').amounts, cpuMillicores: 0, memoryBytes: 0 };
        const id = run('echo go; sleep 1000', { amounts: none });
        await reports.printed(id, 'go');
        const { HostConfig } = await inspect(id);
        expect(HostConfig.NanoCpus || cpusOf(HostConfig)).toBe(10_000_000);
        expect(HostConfig.Memory).toBe(6 * MIB);
      });

      it('leaves a program no rights, no network and nothing to write to but its storage', async () => {
        const id = run(`
          id -u
          grep CapEff /proc/self/status | cut -f2
          ls /sys/class/net 2>/dev/null || grep -c : /proc/net/dev
          touch /x 2>/dev/null && echo wrote root
          touch /out/x /tmp/x && echo wrote storage
          grep NoNewPrivs /proc/self/status | cut -f2`);
        await reports.exit(id);
        const lines = reports.text(id, 'stdout').trim().split('\n');
        expect(lines).toEqual(['65534', '0000000000000000', 'lo', 'wrote storage', '1']);
      });

      it('lets a program write no more than its storage', async () => {
        const id = run('head -c 100000000 /dev/zero >/out/big; wc -c </out/big; exit 5');
        expect(await reports.exit(id)).toMatchObject({ exitCode: 5 });
        expect(Number(reports.text(id, 'stdout'))).toBeLessThanOrEqual(24 * MIB);
      });

      it('kills a program that takes too much memory, and leaves its neighbour alone', async () => {
        const neighbour = run('echo go; while ! [ -e /out/end ]; do sleep 0.05; done; echo fine');
        await reports.printed(neighbour, 'go');
        const id = run('x=1234567890; while :; do x=$x$x$x$x; done');
        expect(await reports.exit(id)).toMatchObject({ reason: 'out-of-memory' });
        await endOf(neighbour);
        expect(await reports.exit(neighbour)).toMatchObject({ exitCode: 0 });
        expect(reports.text(neighbour, 'stdout')).toBe('go\nfine\n');
      });

      it('holds a program to its number of processes', async () => {
        const id = run('for i in $(seq 200); do sleep 1000 & done 2>&1; exit 0');
        await reports.exit(id);
        expect(reports.text(id, 'stdout') + reports.text(id, 'stderr')).toMatch(/fork/);
      });

      it('goes on over kill -9 of its daemon: nothing doubled, nothing lost', async () => {
        const id = run(
          'i=0; while ! [ -e /out/end ]; do i=$((i+1)); echo line $i; sleep 0.1; done',
        );
        await reports.started(id);
        await reports.printed(id, 'line 3');
        await only().killDaemon();
        await only().start();
        await reports.printed(id, 'line 25');
        await endOf(id);
        expect(await reports.exit(id)).toMatchObject({ exitCode: 0, reason: 'exit' });
        const lines = reports.text(id, 'stdout').trim().split('\n');
        expect(lines).toEqual(lines.map((_, index) => `line ${index + 1}`));
        expect(reports.exits(id).length).toBe(1);
      }, 60_000);

      it('tells how what ended without a daemon ended, and what may be missing', async () => {
        const id = run('echo go; while ! [ -e /out/end ]; do sleep 0.05; done; exit 6');
        await reports.started(id);
        await reports.printed(id, 'go');
        const { Pid } = (await inspect(id)).State;
        await only().killDaemon();
        await endOf(id);
        while (isAlive(Pid)) await setImmediate();
        await only().start();
        expect(await reports.exit(id)).toMatchObject({ exitCode: 6, reason: 'exit' });
        expect(reports.text(id, 'life')).toContain('output may be missing');
      }, 60_000);
    }

    if (kind === 'docker') {
      it('does not take it for done when a restart of the daemon ended it', async () => {
        await engine?.close();
        engine = await TestEngine.start(kind, { liveRestore: false });
        await runtime.close();
        await open();
        const script = `trap "echo bye; exit 0" TERM; echo $SPAREGRID_ATTEMPT
          while ! [ -e /out/end ]; do sleep 0.05; done`;
        const container = shell(kind, script);
        const { id } = container;
        runtime.start(container);
        await reports.started(id);
        await reports.printed(id, '0');
        await engine.killDaemon();
        await engine.start();
        expect(await reports.exit(id)).toMatchObject({ exitCode: null, reason: 'exit' });
        expect(reports.text(id, 'life')).toContain('ended together with its engine');
        runtime.start({ ...container, attempt: 1 });
        await reports.printed(id, '1');
        await endOf(id);
        await reports.until(() => reports.exits(id).length === 2);
        expect(reports.exits(id)[1]).toMatchObject({ exitCode: 0, reason: 'exit' });
        expect(reports.text(id, 'stdout')).toMatch(/^0\n(bye\n)?1\n$/);
      }, 60_000);
    }
  });
}

/** Podman tells quota and period instead. */
function cpusOf({ CpuQuota = 0, CpuPeriod = 1 }: HostConfig): number {
  return (CpuQuota / CpuPeriod) * 1_000_000_000;
}

/** Processor time of a process so far. */
function spentMs(pid: number | undefined): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(')'))
    .split(' ')
    .slice(12, 14)
    .map(Number);
  return 10 * (user + system);
}

/** Takes all the room that is left on the disk. */
function fill(path: string): void {
  for (const bytes of [MIB, 4_096]) {
    try {
      for (;;) appendFileSync(path, Buffer.alloc(bytes));
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
    }
  }
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}
