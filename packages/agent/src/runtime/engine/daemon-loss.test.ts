/** Containers over kill -9 of their daemon. */
import { setImmediate } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isAlive, shell, TestRuntime } from '../runtime-for-tests.ts';
import { TestEngine, whyNot } from './for-tests.ts';

const START_MS = 120_000;

for (const kind of ['docker', 'podman'] as const) {
  const missing = whyNot(kind);
  if (missing) console.error(`SKIPPED: kill -9 of ${kind}: ${missing} on this machine`);

  describe.skipIf(missing !== null)(`kill -9 of ${kind}`, () => {
    let engine: TestEngine;
    let agent: TestRuntime;

    beforeAll(async () => {
      engine = await TestEngine.start(kind);
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

    it('goes on over kill -9 of its daemon: nothing doubled, nothing lost', async () => {
      const id = agent.run(
        'i=0; while ! [ -e /out/end ]; do i=$((i+1)); echo line $i; sleep 0.1; done',
      );
      await agent.reports.started(id);
      await agent.reports.printed(id, 'line 3');
      await engine.killDaemon();
      await engine.start();
      await agent.reports.printed(id, 'line 25');
      await agent.endOf(id);
      expect(await agent.reports.exit(id)).toMatchObject({ exitCode: 0, reason: 'exit' });
      const lines = agent.reports.text(id, 'stdout').trim().split('\n');
      expect(lines).toEqual(lines.map((_, index) => `line ${index + 1}`));
      expect(agent.reports.exits(id).length).toBe(1);
    });

    it('tells how what ended without a daemon ended, and what may be missing', async () => {
      const id = agent.run('echo go; while ! [ -e /out/end ]; do sleep 0.05; done; exit 6');
      await agent.reports.started(id);
      await agent.reports.printed(id, 'go');
      const { Pid } = (await agent.inspect(id)).State;
      await engine.killDaemon();
      await agent.endOf(id);
      while (isAlive(Pid)) await setImmediate();
      await engine.start();
      expect(await agent.reports.exit(id)).toMatchObject({ exitCode: 6, reason: 'exit' });
      expect(agent.reports.text(id, 'life')).toContain('output may be missing');
    });

    if (kind !== 'docker') return;

    it('does not take it for done when a restart of the daemon ended it', async () => {
      await agent.close();
      await engine.close();
      engine = await TestEngine.start(kind, { liveRestore: false });
      agent = await TestRuntime.open(engine);
      const script = `trap "echo bye; exit 0" TERM; echo $SPAREGRID_ATTEMPT
        while ! [ -e /out/end ]; do sleep 0.05; done`;
      const container = shell(kind, script);
      const { id } = container;
      agent.runtime.start(container);
      await agent.reports.started(id);
      await agent.reports.printed(id, '0');
      await engine.killDaemon();
      await engine.start();
      expect(await agent.reports.exit(id)).toMatchObject({ exitCode: null, reason: 'exit' });
      expect(agent.reports.text(id, 'life')).toContain('ended together with its engine');
      agent.runtime.start({ ...container, attempt: 1 });
      await agent.reports.printed(id, '1');
      await agent.endOf(id);
      await agent.reports.until(() => agent.reports.exits(id).length === 2);
      expect(agent.reports.exits(id)[1]).toMatchObject({ exitCode: 0, reason: 'exit' });
      expect(agent.reports.text(id, 'stdout')).toMatch(/^0\n(bye\n)?1\n$/);
    });
  });
}
