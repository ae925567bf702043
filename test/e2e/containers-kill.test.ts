/**
 * kill -9 of agent, hub and dockerd in turn while leases run: containers are adopted, none starts
 * twice, logs go on without gap or repetition, leases end on time.
 * SPAREGRID_KILL_ROUNDS=20 SPAREGRID_KILL_SEED=7 for more, or others.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { BILLING_MIN_MS } from '@sparegrid/core/agreement/timing';
import { Rng } from '@sparegrid/sim/kernel/rng';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whyNot } from '../../packages/agent/src/runtime/engine/for-tests.ts';
import { ContainerNetwork, LESSORS, type NodeName, scriptOrder } from './container-network.ts';

const ROUNDS = Number(process.env['SPAREGRID_KILL_ROUNDS'] ?? 3);
const SEED = process.env['SPAREGRID_KILL_SEED'] ?? '1';
const ROUND_MS_MAX = 120_000;
const VICTIMS: readonly (NodeName | 'dockerd')[] = ['ann.h2', 'dockerd', 'h2', 'bob.h2', 'h1'];

/**
 * Counts its starts where all starts of a container would be seen. It goes on until everybody is back:
 * of a container that ends while dockerd is dead, dockerd itself loses the last output.
 */
const COUNTS = `
  echo start >>/out/starts
  i=0; while ! [ -e /out/end ]; do i=$((i+1)); echo line $i; sleep 0.1; done
  echo starts $(wc -l </out/starts)`;
/** Neither lessor has room for two of them. */
const CPU_OF_TWO = 600;
const STUBBORN = 'trap "" TERM; echo line 1; while :; do sleep 0.05; done';
const LEASE_MS = 5_000;
/** For killing it, on a loaded machine. */
const SLACK_MS = 30_000;

const missing = whyNot('docker');
if (missing) console.error(`SKIPPED: kills of container networks: ${missing} on this machine`);

describe.skipIf(missing !== null)('a network whose containers run in Docker', () => {
  let network: ContainerNetwork;

  beforeAll(async () => {
    network = await ContainerNetwork.open();
  }, 180_000);

  afterAll(async () => {
    await network?.close();
  }, 180_000);

  it(
    `${ROUNDS} kills, seed ${SEED}: nothing doubled, nothing lost, every lease ends on time`,
    async () => {
      const rng = new Rng(`containers ${SEED}`);
      for (let round = 0; round < ROUNDS; round += 1) {
        const victim = VICTIMS[round % VICTIMS.length] ?? 'h1';
        const [waitMs, awayMs] = [rng.between(0, 1_500), rng.between(0, 1_000)];
        await playRound(victim, waitMs, awayMs).catch((cause: unknown) => {
          const what = `round ${round}: ${victim} after ${waitMs} ms, for ${awayMs} ms`;
          throw new Error(`${what}: ${(cause as Error).message}`, { cause });
        });
      }
    },
    ROUNDS * ROUND_MS_MAX,
  );

  async function playRound(victim: NodeName | 'dockerd', waitMs: number, awayMs: number) {
    const drafts = [
      scriptOrder(COUNTS),
      scriptOrder(COUNTS, { replicas: 2, cpuMillicores: CPU_OF_TWO }),
      scriptOrder(STUBBORN, { kind: 'service', durationMs: LEASE_MS }),
    ];
    const orders = await Promise.all(drafts.map((draft) => network.submit(draft)));
    const [single = '', many = '', stubborn = ''] = orders;
    const replicasOf = (order: string) => (order === many ? 2 : 1);
    // A container that is not there yet when it is told to end goes on for ever.
    await Promise.all(orders.map((order) => network.printed(order, 'line 1', replicasOf(order))));
    await sleep(waitMs);
    await kill(victim, awayMs);
    const backAtMs = Date.now();
    for (const order of [single, many]) network.leave(order, 'end');
    for (const order of orders) {
      expect(await network.ended(order)).toMatchObject({ state: 'completed' });
    }
    const texts = [...(await network.output(single)), ...(await network.output(many))];
    expect(texts.length).toBe(3);
    for (const [container, text] of texts) {
      const lines = text.trim().split('\n');
      const expected = lines.map((_, at) => `line ${at + 1}`);
      expect(lines, container).toEqual([...expected.slice(0, -1), 'starts 1']);
    }
    const lines = await network.records(stubborn);
    expect(lines.map(({ event }) => event)).toEqual(['image', 'started', 'stopping', 'exited']);
    const [started, exited] = [lines[1]?.atMs ?? 0, lines[3]?.atMs ?? 0];
    // Nobody ends what runs while agent or dockerd are dead, and a loaded machine starts them slowly.
    const dueAtMs = Math.max(started + LEASE_MS, backAtMs);
    expect(exited, JSON.stringify({ dueAtMs, lines })).toBeLessThan(dueAtMs + SLACK_MS);
    while ((await network.engine.names()).length > 0);
  }

  it('a lease ends on time while dockerd is dead: its lessee is told what nobody knows, its stock is kept', async () => {
    const offers = await network.client.offers();
    const cores = offers.map(({ offer }) => offer.lots[0]?.amounts.cpuMillicores ?? 0);
    const order = await network.submit(
      scriptOrder(STUBBORN, { kind: 'service', durationMs: LEASE_MS }),
    );
    for await (const { state } of network.client.watch(order)) if (state === 'running') break;
    await network.engine.killDaemon();
    const { state, costMicro, agreements, events } = await network.client.awaitOrder(order);
    expect(state).toBe('completed');
    expect(costMicro).toBeGreaterThan(0n);
    expect(agreements[0]?.parts[0]).toMatchObject({ billedMs: LEASE_MS, outcome: 'completed' });
    expect(events.map(({ name }) => name)).toContain('unconfirmed');
    // Nobody has room for it until the container is gone.
    const all = { replicas: 2, cpuMillicores: Math.max(...cores) };
    const next = await network.submit(scriptOrder('echo here', all));
    expect(await network.client.getOrder(next)).toMatchObject({ state: 'open' });
    await network.engine.start();
    expect(await network.ended(next)).toMatchObject({ state: 'completed' });
    const lines = await network.records(order);
    expect(lines.map(({ event }) => event)).toEqual(['image', 'started', 'stopping', 'exited']);
    while ((await network.engine.names()).length > 0);
  }, 180_000);

  it('an agent that never comes back: its lease ends by the rule of its order, unbilled since its last word; nothing of it is offered', async () => {
    const submittedAtMs = performance.now();
    const order = await network.submit(
      scriptOrder(STUBBORN, {
        kind: 'service',
        disconnect: { stopAfterMs: LEASE_MS, onLoss: 'terminate' },
      }),
    );
    for await (const { state } of network.client.watch(order)) if (state === 'running') break;
    const [container = ''] = await network.engine.names();
    const lessor = (await network.client.getOrder(order)).agreements[0]?.parts[0]?.lessor;
    const victim = lessor as (typeof LESSORS)[number];
    const killedAtMs = performance.now();
    await network.kill(victim);
    const { agreements, ...view } = await network.client.awaitOrder(order);
    expect(view).toMatchObject({ state: 'failed', lastCode: 'LEASE_LESSOR_LOST' });
    const part = agreements[0]?.parts[0];
    expect(part?.outcome).toBe('LEASE_LESSOR_LOST');
    // Its last word came before it was killed.
    expect(part?.billedMs).toBeLessThanOrEqual(
      Math.max(BILLING_MIN_MS, killedAtMs - submittedAtMs),
    );
    expect(performance.now() - killedAtMs).toBeGreaterThan(LEASE_MS);
    // Nobody is there to end what runs, and nobody else gets its place.
    expect(await network.engine.names()).toEqual([container]);
    const offers = await network.client.offers();
    expect(offers.map(({ offer }) => offer.participant)).not.toContain(victim);
    await network.start(victim);
    while ((await network.engine.names()).length > 0);
    while ((await network.client.offers()).length < LESSORS.length);
    expect(await network.client.getOrder(order)).toMatchObject({ state: 'failed' });
  }, 180_000);

  async function kill(victim: NodeName | 'dockerd', awayMs: number): Promise<void> {
    if (victim === 'dockerd') {
      await network.engine.killDaemon();
      await sleep(awayMs);
      return network.engine.start();
    }
    await network.kill(victim);
    await sleep(awayMs);
    await network.start(victim);
  }
});
