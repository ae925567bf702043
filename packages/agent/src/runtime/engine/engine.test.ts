/** What daemons do with requests that cross each other. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IMAGE, TestEngine, whyNot } from './for-tests.ts';

for (const kind of ['docker', 'podman'] as const) {
  const missing = whyNot(kind);
  if (missing) console.error(`SKIPPED: crossing requests to ${kind}: ${missing} on this machine`);

  describe.skipIf(missing !== null)(`requests that cross each other at ${kind}`, () => {
    let engine: TestEngine;

    beforeAll(async () => {
      engine = await TestEngine.start(kind);
    });

    afterAll(async () => {
      await engine?.close();
    });

    it('a container is gone for each of those who removed it', async () => {
      const docker = engine.engine.docker;
      const names = Array.from({ length: 4 }, (_, at) => `sleeps-${at}`);
      for (const name of names) {
        // Podman's own are more than a sandboxed test may have.
        const Ulimits = ['nofile', 'nproc'].map((Name) => ({ Name, Soft: 1024, Hard: 1024 }));
        const HostConfig = { NetworkMode: 'none', Ulimits };
        await docker.createContainer({ name, Image: IMAGE, Cmd: ['sleep', '600'], HostConfig });
        await docker.getContainer(name).start();
      }
      const removals = [...names, ...names].map(async (name) => {
        await engine.engine.remove(name);
        return [name, await engine.names()] as const;
      });
      for (const [name, left] of await Promise.all(removals)) expect(left).not.toContain(name);
      await engine.engine.removeNow('never-there');
    });
  });
}
