/** What containers of real daemons may do, and what they get. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { HostConfig } from 'dockerode';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { shell, TestRuntime } from '../runtime-for-tests.ts';
import { TestEngine, whyNot } from './for-tests.ts';

const MIB = 1_048_576;
const START_MS = 120_000;
/** Limits of processor time are kept over periods, not at every moment. */
const SHARE_SLACK_MS = 200;

for (const kind of ['docker', 'podman'] as const) {
  const missing = whyNot(kind);
  if (missing) console.error(`SKIPPED: confinement by ${kind}: ${missing} on this machine`);

  describe.skipIf(missing !== null)(`containers of ${kind}`, () => {
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

    it('confines a container to what was ordered', async () => {
      const devices = existsSync('/dev/fuse') ? [{ deviceId: 'null0', milli: 1_000 }] : [];
      const id = agent.run('echo go; sleep 1000', { devices });
      await agent.reports.printed(id, 'go');
      const { HostConfig, Config } = await agent.inspect(id);
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
        const id = agent.run('while :; do :; done');
        const startedMs = performance.now();
        await agent.reports.started(id);
        const before = owners.map(({ pid }) => spentMs(pid));
        const cpuMs = async () => (await agent.runtime.usage(id))?.cpuMs ?? 0;
        const first = await cpuMs();
        let used = 0;
        while (used < 1_000) used = (await cpuMs()) - first;
        const spent = owners.map(({ pid }, at) => spentMs(pid) - (before[at] ?? 0));
        // Each of the owner's programs would have gotten as much.
        expect(used).toBeGreaterThan(2 * Math.max(...spent));
        // Asked first: a daemon without processors of its own answers late.
        const usedMs = await cpuMs();
        const elapsedMs = performance.now() - startedMs;
        expect(usedMs).toBeLessThan(0.5 * elapsedMs + SHARE_SLACK_MS);
      } finally {
        for (const owner of owners) owner.kill('SIGKILL');
      }
    });

    it('gives what ordered no processor time the least there is', async () => {
      const none = { ...shell(kind, '').amounts, cpuMillicores: 0, memoryBytes: 0 };
      const id = agent.run('echo go; sleep 1000', { amounts: none });
      await agent.reports.printed(id, 'go');
      const { HostConfig } = await agent.inspect(id);
      expect(HostConfig.NanoCpus || cpusOf(HostConfig)).toBe(10_000_000);
      expect(HostConfig.Memory).toBe(6 * MIB);
    });

    it('leaves a program no rights, no network and nothing to write to but its storage', async () => {
      const id = agent.run(`
        id -u
        grep CapEff /proc/self/status | cut -f2
        ls /sys/class/net 2>/dev/null || grep -c : /proc/net/dev
        touch /x 2>/dev/null && echo wrote root
        touch /out/x /tmp/x && echo wrote storage
        grep NoNewPrivs /proc/self/status | cut -f2`);
      await agent.reports.exit(id);
      const lines = agent.reports.text(id, 'stdout').trim().split('\n');
      expect(lines).toEqual(['65534', '0000000000000000', 'lo', 'wrote storage', '1']);
    });

    it('lets a program write no more than its storage', async () => {
      const id = agent.run('head -c 100000000 /dev/zero >/out/big; wc -c </out/big; exit 5');
      expect(await agent.reports.exit(id)).toMatchObject({ exitCode: 5 });
      expect(Number(agent.reports.text(id, 'stdout'))).toBeLessThanOrEqual(24 * MIB);
    });

    it('kills a program that takes too much memory, and leaves its neighbour alone', async () => {
      const neighbour = agent.run(
        'echo go; while ! [ -e /out/end ]; do sleep 0.05; done; echo fine',
      );
      await agent.reports.printed(neighbour, 'go');
      const id = agent.run('x=1234567890; while :; do x=$x$x$x$x; done');
      expect(await agent.reports.exit(id)).toMatchObject({ reason: 'out-of-memory' });
      await agent.endOf(neighbour);
      expect(await agent.reports.exit(neighbour)).toMatchObject({ exitCode: 0 });
      expect(agent.reports.text(neighbour, 'stdout')).toBe('go\nfine\n');
    });

    it('holds a program to its number of processes', async () => {
      const id = agent.run('for i in $(seq 200); do sleep 1000 & done 2>&1; exit 0');
      await agent.reports.exit(id);
      expect(agent.reports.text(id, 'stdout') + agent.reports.text(id, 'stderr')).toMatch(/fork/);
    });
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
