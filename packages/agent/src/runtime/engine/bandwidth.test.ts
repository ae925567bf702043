/** What containers of real daemons send and receive on a bridge of this machine: no more than ordered. */
import { execFileSync } from 'node:child_process';
import type { DesiredContainer } from '@sparegrid/core/messages';
import type { ContainerId } from '@sparegrid/core/units/ids';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { shell, TestRuntime } from '../runtime-for-tests.ts';
import { BANDWIDTH_BITS_MIN, burstBytes, whyNoLimits } from './bandwidth.ts';
import { type EngineKind, TestEngine, whyNot } from './for-tests.ts';

const START_MS = 120_000;
const BITS_PER_SECOND = 8_000_000;
const BYTES_PER_MS = BITS_PER_SECOND / 8 / 1_000;
/** Without a limit they pass within milliseconds, and many more with them. */
const MOVED_BYTES = 2_000_000;
/** Of headers that one side counts and the other does not. */
const SLACK = 1.1;

/** Both directions at once; a side whose input ends ends the connection. */
const SERVES = `
  nc -l -p 7000 </dev/zero >/dev/null &
  sleep 1000 | nc -l -p 7001 >/dev/null &
  while [ $(netstat -ltn | grep -c ':700[01] ') -lt 2 ]; do :; done
  echo up; wait`;

for (const kind of ['docker', 'podman'] as const) {
  const missing = whyNot(kind) ?? (await whyNoLimits());
  if (missing) console.error(`SKIPPED: limits of bandwidth by ${kind}: ${missing} on this machine`);

  describe.skipIf(missing !== null)(`bandwidth of containers of ${kind}`, () => {
    let engine: TestEngine;
    let egressNetwork: string;
    let agent: TestRuntime;

    beforeAll(async () => {
      engine = await TestEngine.start(kind);
      egressNetwork = await engine.makeNetwork();
    }, START_MS);

    afterAll(async () => {
      await engine?.close();
    }, START_MS);

    afterEach(async () => {
      await agent.close();
    });

    const open = async (limitsBandwidth: boolean, network = egressNetwork) => {
      agent = await TestRuntime.open(engine, { egressNetwork: network, limitsBandwidth });
    };
    const run = (script: string, bitsPerSecond: number) =>
      agent.run(script, outside(kind, bitsPerSecond));
    const limitsOf = async (id: ContainerId) => limitsAround(await agent.pidOf(id));

    it('a container sends and receives no more than it ordered, beside one that may more', async () => {
      await open(true);
      const server = run(SERVES, 1_000_000_000);
      await agent.reports.printed(server, 'up');
      const { Networks } = (await agent.inspect(server)).NetworkSettings;
      const address = Networks[egressNetwork]?.IPAddress;
      const moved = async (id: ContainerId) => {
        const usage = await agent.runtime.usage(id);
        if (!usage) throw new Error(`it ended: ${agent.reports.text(id, 'stderr')}`);
        return [usage.sentBytes, usage.receivedBytes] as const;
      };

      let sinceMs = performance.now();
      const id = run(
        `sleep 1000 | nc ${address} 7000 >/dev/null & nc ${address} 7001 </dev/zero`,
        BITS_PER_SECOND,
      );
      await agent.reports.started(id);
      // Docker's begins a moment before it can be limited.
      if (kind === 'docker') sinceMs = performance.now();
      const before = kind === 'docker' ? await moved(id) : [0, 0];
      for (;;) {
        const bytes = (await moved(id)).map((now, at) => now - (before[at] ?? 0));
        const allowed = burstBytes(BITS_PER_SECOND) + BYTES_PER_MS * (performance.now() - sinceMs);
        expect(Math.max(...bytes)).toBeLessThanOrEqual(SLACK * allowed);
        if (Math.min(...bytes) >= MOVED_BYTES) break;
      }
      for (const one of [id, server]) {
        agent.runtime.stop(one, 1);
        await agent.reports.exit(one);
      }
    }, 120_000);

    it('the next life of the agent holds it to that again', async () => {
      await open(true);
      const id = run('echo go; sleep 1000', BITS_PER_SECOND);
      await agent.reports.printed(id, 'go');
      await agent.reports.started(id);
      const limits = [BITS_PER_SECOND, BITS_PER_SECOND];
      expect(await limitsOf(id)).toEqual(limits);
      await agent.runtime.close();
      for (const link of linksAround(await agent.pidOf(id))) tc(link, 'del');
      expect(await limitsOf(id)).toEqual([null, null]);
      await agent.reopen();
      await agent.runtime.adopt([{ id, attempt: 0, logSeq: 0, stopGraceMs: null }]);
      await agent.reports.started(id);
      expect(await limitsOf(id)).toEqual(limits);
    }, 120_000);

    it('whoever ordered none has the least there is', async () => {
      await open(true);
      const id = run('echo go; sleep 1000', 0);
      await agent.reports.started(id);
      expect(await limitsOf(id)).toEqual([BANDWIDTH_BITS_MIN, BANDWIDTH_BITS_MIN]);
    }, 120_000);

    it('where none is offered nobody is limited', async () => {
      await open(false);
      const id = run('echo go; sleep 1000', BITS_PER_SECOND);
      await agent.reports.started(id);
      expect(await limitsOf(id)).toEqual([null, null]);
    }, 120_000);

    it('what has the network of this machine is ended, and the machine is not limited', async () => {
      await open(true, 'host');
      const before = execFileSync('tc', ['qdisc', 'show', 'dev', 'lo'], { encoding: 'utf8' });
      const id = run('echo go; sleep 1000', BITS_PER_SECOND);
      await agent.reports.exit(id);
      const why = 'it has the network of this machine';
      const said = () => agent.reports.text(id, 'life') + agent.reports.text(id, 'stderr');
      await agent.reports.until(() => said().includes(why));
      if (kind === 'podman') expect(agent.reports.text(id, 'stdout')).toBe('');
      expect(execFileSync('tc', ['qdisc', 'show', 'dev', 'lo'], { encoding: 'utf8' })).toBe(before);
    }, 120_000);
  });
}

function outside(kind: EngineKind, bandwidthBitsPerSecond: number): Partial<DesiredContainer> {
  const { amounts, task } = shell(kind, '');
  return {
    amounts: { ...amounts, bandwidthBitsPerSecond },
    task: { ...task, public: { ...task.public, egress: true } },
  };
}

/** Commands that act on the container's end of its link, and on the machine's. */
function linksAround(pid: number): [string[], string][] {
  const inside = ['nsenter', '-t', String(pid), '-n'];
  const [link] = JSON.parse(said([...inside, 'ip', '-j', 'link', 'show', 'eth0']));
  const ends = JSON.parse(said(['ip', '-j', 'link', 'show', 'type', 'veth']));
  const end = ends.find((one: { ifindex: number }) => one.ifindex === link.link_index);
  return [
    [inside, 'eth0'],
    [[], end.ifname],
  ];
}

/** Bits per second that may be sent, and received; null: as much as it can. */
function limitsAround(pid: number): (number | null)[] {
  return linksAround(pid).map((link) => {
    const bucket = JSON.parse(tc(link, 'show')).find(
      ({ kind }: { kind: string }) => kind === 'tbf',
    );
    return bucket ? bucket.options.rate * 8 : null;
  });
}

function tc([prefix, link]: [string[], string], what: 'show' | 'del'): string {
  const where = ['dev', link, ...(what === 'del' ? ['root'] : [])];
  return said([...prefix, 'tc', '-j', 'qdisc', what, ...where]);
}

function said([program = '', ...args]: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8' });
}
