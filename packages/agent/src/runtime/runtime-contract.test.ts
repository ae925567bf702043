/** The contract of container runtimes, on every one that this machine has: real daemons. */
import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ContainerFiles } from './container-files.ts';
import { TestEngine, whyNot } from './engine/for-tests.ts';
import { isRunning } from './process-identity.ts';
import { isAlive, RESULT_BYTES_MAX, shell, TestRuntime } from './runtime-for-tests.ts';

const KINDS = ['process', 'docker', 'podman'] as const;
const MIB = 1_048_576;
const GRACE_MS = 10_000;
const START_MS = 120_000;

for (const kind of KINDS) {
  const missing = kind === 'process' ? null : whyNot(kind);
  if (missing) console.error(`SKIPPED: tests of the ${kind} runtime: ${missing} on this machine`);

  describe.skipIf(missing !== null)(`${kind} runtime`, () => {
    let engine: TestEngine | null = null;
    let agent: TestRuntime;

    beforeAll(async () => {
      if (kind !== 'process') engine = await TestEngine.start(kind);
    }, START_MS);

    afterAll(async () => {
      await engine?.close();
    }, START_MS);

    beforeEach(async () => {
      agent = await TestRuntime.open(engine);
    });

    afterEach(async () => {
      await agent.close();
    });

    it('runs a program, hands over its output, and then its exit code', async () => {
      const id = agent.run('echo out; echo err >&2; exit 7');
      const event = await agent.reports.exit(id);
      expect(event).toMatchObject({ exitCode: 7, reason: 'exit' });
      expect(agent.reports.text(id, 'stdout')).toBe('out\n');
      expect(agent.reports.text(id, 'stderr')).toBe('err\n');
      expect(agent.reports.events.at(-1)).toBe(event);
    });

    const whole = it.runIf(kind !== 'process');
    whole('hands over every byte once, whatever a program begins with', async () => {
      const binary = agent.run(`printf '\\377\\376'; echo; echo text`);
      const much = agent.run('head -c 100000 /dev/zero | tr "\\0" x; echo end');
      await agent.reports.exit(binary);
      await agent.reports.exit(much);
      expect(agent.reports.text(much, 'stdout')).toBe(`${'x'.repeat(100_000)}end\n`);
      expect(agent.reports.text(binary, 'stdout')).toBe('\ufffd\ufffd\ntext\n');
    });

    it('gives the program its rank and the environment of its task', async () => {
      const id = agent.run(
        'echo $SPAREGRID_RANK of $SPAREGRID_SIZE, $SPAREGRID_ATTEMPT, $GREETING',
      );
      await agent.reports.exit(id);
      expect(agent.reports.text(id, 'stdout')).toBe('3 of 5, 0, hello\n');
    });

    it('stops with SIGTERM and keeps what the program still says', async () => {
      const id = agent.run('trap "echo bye; exit 3" TERM; echo go; while :; do sleep 0.05; done');
      await agent.reports.printed(id, 'go');
      agent.runtime.stop(id, GRACE_MS);
      expect(await agent.reports.exit(id)).toMatchObject({ exitCode: 3, reason: 'stopped' });
      expect(agent.reports.text(id, 'stdout')).toBe('go\nbye\n');
    });

    it('kills what ignores SIGTERM when the grace is over', async () => {
      const id = agent.run('trap "" TERM; echo go; while :; do sleep 0.05; done');
      await agent.reports.printed(id, 'go');
      agent.runtime.stop(id, 100);
      expect(await agent.reports.exit(id)).toMatchObject({ reason: 'stopped' });
    });

    it('starts again by a higher attempt, never twice by the same one', async () => {
      const container = shell(kind, 'echo attempt $SPAREGRID_ATTEMPT; exit 1');
      const { id } = container;
      agent.runtime.start(container);
      await agent.reports.exit(id);
      agent.runtime.start(container);
      agent.runtime.start({ ...container, attempt: 1 });
      await agent.reports.until(() => agent.reports.exits(id).length === 2);
      expect(agent.reports.text(id, 'stdout')).toBe('attempt 0\nattempt 1\n');
      await agent.reports.until(() => agent.reports.life(id).includes('1 exited'));
      expect(agent.reports.life(id)).toEqual([
        ...(engine ? ['0 image'] : []),
        '0 started',
        '0 exited',
        ...(engine ? ['1 image'] : []),
        '1 started',
        '1 exited',
      ]);
    });

    it('adopts what runs on without an agent, and continues its log', async () => {
      const id = agent.run(
        'echo go; while ! [ -e $SPAREGRID_OUT/end ]; do sleep 0.05; done; echo bye; exit 4',
      );
      await agent.reports.printed(id, 'go');
      const logSeq = agent.reports.chunks(id).length;
      await agent.runtime.close();
      await agent.reopen();
      agent.reports.continue(id, logSeq);
      await agent.runtime.adopt([{ id, attempt: 0, logSeq, stopGraceMs: null }]);
      await agent.reports.until((event) => event.kind === 'container-started');
      await agent.endOf(id);
      expect(await agent.reports.exit(id)).toMatchObject({ exitCode: 4, reason: 'exit' });
      expect(agent.reports.text(id, 'stdout')).toBe('bye\n');
    });

    it('tells how what ended without an agent ended', async () => {
      const id = agent.run(
        'echo go; while ! [ -e $SPAREGRID_OUT/end ]; do sleep 0.05; done; exit 9',
      );
      await agent.reports.printed(id, 'go');
      const pid = await agent.pidOf(id);
      const logSeq = agent.reports.chunks(id).length;
      await agent.runtime.close();
      await agent.endOf(id);
      while (isAlive(pid)) await setImmediate();
      await agent.reopen();
      agent.reports.continue(id, logSeq);
      await agent.runtime.adopt([{ id, attempt: 0, logSeq, stopGraceMs: null }]);
      expect(await agent.reports.exit(id)).toMatchObject({ exitCode: 9, reason: 'exit' });
      expect(agent.reports.text(id, 'stdout')).toBe('');
    });

    it('ends and removes what the core does not know', async () => {
      const id = agent.run('echo go; sleep 1000');
      await agent.reports.printed(id, 'go');
      await agent.runtime.close();
      await agent.reopen();
      await agent.runtime.adopt([]);
      await agent.runtime.close();
      expect(await readdir(agent.directory)).toEqual([]);
      await agent.reopen();
    });

    it('ends everything with its agent where it shall, also what is just being started', async () => {
      await agent.runtime.close();
      await agent.reopen(true);
      const running = agent.run('echo go; sleep 1000');
      await agent.reports.printed(running, 'go');
      const supervisor = await new ContainerFiles(join(agent.directory, running)).supervisor();
      const starting = agent.run('sleep 1000');
      await agent.runtime.close();
      if (engine) return expect(await engine.names()).toEqual([]);
      const other = await new ContainerFiles(join(agent.directory, starting)).supervisor();
      for (const identity of [supervisor, other]) {
        // The kernel takes a moment for what was killed.
        while (identity && (await isRunning(identity))) await setImmediate();
      }
    });

    it('hands over the result directory as an archive, then says that nothing follows', async () => {
      const id = agent.run(
        'echo 42 >$SPAREGRID_OUT/answer; mkdir $SPAREGRID_OUT/d; echo x >$SPAREGRID_OUT/d/y',
      );
      await agent.reports.exit(id);
      agent.runtime.collect(id);
      await agent.reports.closed(id);
      expect(await agent.reports.resultFiles(id)).toMatchObject({
        './answer': '42\n',
        './d/y': 'x\n',
      });
      expect(agent.reports.chunks(id).at(-1)?.text).toBe('');
    });

    it('closes at once when there is no result', async () => {
      const id = agent.run('exit 0');
      await agent.reports.exit(id);
      agent.runtime.collect(id);
      await agent.reports.closed(id);
      expect(agent.reports.text(id, 'result')).toBe('');
    });

    it('refuses a result above the limit, and says so', async () => {
      const id = agent.run(`head -c ${2 * RESULT_BYTES_MAX} /dev/zero >$SPAREGRID_OUT/big`);
      await agent.reports.exit(id);
      agent.runtime.collect(id);
      await agent.reports.closed(id);
      expect(agent.reports.text(id, 'result')).toBe('too-large');
      expect(agent.reports.text(id, 'life')).toContain('RESULT_TOO_LARGE');
    });

    it('tells what a running container uses', async () => {
      const id = agent.run('while :; do :; done');
      await agent.reports.started(id);
      let usage = await agent.runtime.usage(id);
      while (!usage || usage.cpuMs < 100) usage = await agent.runtime.usage(id);
      expect(usage.memoryBytes).toBeGreaterThan(0);
      expect(await agent.runtime.usage('o-1')).toBeNull();
    });

    it('reports what cannot be started', async () => {
      const { task } = shell(kind, '');
      const image = 'process:none';
      const id = agent.run('', { task: { ...task, public: { ...task.public, image } } });
      expect(await agent.reports.exit(id)).toMatchObject({
        exitCode: null,
        reason: 'start-failed',
      });
    });

    describe.skipIf(process.getuid?.() !== 0)('on a full disk', () => {
      const others = () => join(agent.directory, 'others');

      beforeEach(async () => {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', agent.directory]);
        await agent.runtime.close();
        await agent.reopen();
      });

      afterEach(async () => {
        await rm(others(), { force: true });
        await agent.clear();
        execFileSync('umount', ['-l', agent.directory]);
        await agent.reopen();
      });

      it('stops on time, and tells the rest once there is room', async () => {
        const id = agent.run('trap "echo bye; exit 3" TERM; echo go; while :; do sleep 0.05; done');
        await agent.reports.printed(id, 'go');
        const pid = await agent.pidOf(id);
        fill(others());
        agent.runtime.stop(id, GRACE_MS);
        while (isAlive(pid)) await setImmediate();
        expect(agent.reports.exits(id)).toEqual([]);
        await rm(others());
        // A plain process has nowhere to leave its exit code.
        const exitCode = engine ? 3 : null;
        expect(await agent.reports.exit(id)).toMatchObject({ exitCode, reason: 'stopped' });
        if (engine) expect(agent.reports.text(id, 'stdout')).toBe('go\nbye\n');
      });

      it('starts nothing, says why, and starts it later', async () => {
        const container = shell(kind, 'echo here');
        const { id } = container;
        fill(others());
        agent.runtime.start(container);
        expect(await agent.reports.exit(id)).toMatchObject({
          exitCode: null,
          reason: 'start-failed',
        });
        await rm(others());
        agent.runtime.start({ ...container, attempt: 1 });
        await agent.reports.until(() => agent.reports.exits(id).length === 2);
        expect(agent.reports.exits(id)[1]).toMatchObject({ exitCode: 0, reason: 'exit' });
        expect(agent.reports.text(id, 'stdout')).toBe('here\n');
      });
    });
  });
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
