/**
 * kill -9 of any process of a devnet at random moments: nothing acknowledged is lost, nothing is
 * sold twice, every lease ends. SPAREGRID_KILL_ROUNDS=20 SPAREGRID_KILL_SEED=7 for more, or others.
 */

import type { OrderView } from '@sparegrid/core/messages';
import { FINAL_ORDER_STATES } from '@sparegrid/core/order/order-record';
import type { Client } from '@sparegrid/sdk/client';
import { awaitsKey } from '@sparegrid/sdk/task-keys';
import { Rng } from '@sparegrid/sim/kernel/rng';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DevnetTransport } from '../../packages/cli/src/devnet/links.ts';
import { sendSignal } from '../send-signal.ts';
import { orderOf, RunningDevnet } from './running-devnet.ts';

const ROUNDS = Number(process.env['SPAREGRID_KILL_ROUNDS'] ?? 6);
const SEED = process.env['SPAREGRID_KILL_SEED'] ?? '1';
/** Half cores that each lessor of the devnet offers. */
const REPLICAS_PER_LESSOR = 2;
const ROUND_MS_MAX = 120_000;
/** Each kind of process comes up again and again: first hub, target hubs, agents. */
const VICTIMS: Readonly<Record<DevnetTransport, readonly string[]>> = {
  sockets: ['h1', 'mill.h2', 'h2', 'moor.h3', 'h3', 'quay.h2', 'north.h1', 'fen.h3'],
  nats: ['h2 mesh', 'h1', 'h1 local', 'mill.h2', 'h3 mesh', 'h2', 'h3 local', 'h1 mesh', 'h3'],
};

/** Declares the tests in the file that calls it. */
export function testKills(transport: DevnetTransport): void {
  const victims = VICTIMS[transport];
  let devnet: RunningDevnet;
  let client: Client;

  beforeAll(async () => {
    devnet = await RunningDevnet.open({ transport });
    client = await devnet.connect();
  }, 180_000);

  afterAll(async () => {
    await client?.close();
    await devnet?.close();
  }, 180_000);

  /** Every agreement that was seen signed, with its order. */
  const signed = new Map<string, string>();
  const orders: string[] = [];

  test(
    `${ROUNDS} kills, seed ${SEED}: orders and agreements stay, nothing is sold twice`,
    async () => {
      const rng = new Rng(`kill ${SEED}`);
      for (let round = 0; round < ROUNDS; round += 1) {
        const victim = victims[round % victims.length] ?? 'h1';
        const sizes = [4, 2 + rng.between(0, 2), 3];
        const submitted = sizes.map((size) =>
          client.submitOrder(orderOf(size, rng.between(200, 1_500)), { timeoutMs: null }),
        );
        const delay = rng.between(0, 1_200);
        const killed = after(delay).then(() => kill(victim));
        // Whoever waits for an acknowledgement while its hub dies asks again, under the same id.
        const [ids] = await Promise.all([Promise.all(submitted), killed]);
        orders.push(...ids);
        await untilEnded(`round ${round}: ${victim} after ${delay} ms`);
      }
      const views = await viewsOf(orders);
      for (const view of views) expect(view.state, describeOrder(view)).toBe('completed');
      expectSigned(views);
      await untilFree();
    },
    ROUNDS * ROUND_MS_MAX,
  );

  test('killing the supervisor ends all processes; the next start resumes what was there', async () => {
    const before = await viewsOf(orders);
    const running = await client.submitOrder(orderOf(4, 500), { timeoutMs: null });
    await client.close();
    await devnet.killSupervisor();
    await devnet.resume();
    client = await devnet.connect();
    const after = await viewsOf(orders);
    expect(after.map(({ id, state }) => ({ id, state }))).toEqual(
      before.map(({ id, state }) => ({ id, state })),
    );
    orders.push(running);
    await untilEnded('after the supervisor was killed');
    await untilFree();
  }, 180_000);

  test('Ctrl-C ends everything with exit code 0', async () => {
    await client.close();
    expect(await devnet.interrupt()).toBe(0);
    await devnet.gone();
  }, 180_000);

  function kill(victim: string): void {
    const [hub = '', door] = victim.split(' ');
    const isBroker = door === 'mesh' || door === 'local';
    const pid = isBroker ? devnet.brokerPid(hub, door) : devnet.pids().get(victim);
    // It may just be on its way up from the round before.
    if (pid !== undefined) sendSignal(pid, 'SIGKILL');
  }

  async function untilEnded(when: string): Promise<void> {
    const endMs = performance.now() + ROUND_MS_MAX;
    for (;;) {
      const first = await viewsOf(orders);
      const second = await viewsOf(orders);
      expectSigned(second);
      expectNothingSoldTwice(first, second);
      const open = second.filter(({ state }) => !FINAL_ORDER_STATES.has(state));
      if (open.length === 0) return;
      if (performance.now() > endMs) {
        throw new Error(`${when}: not ended\n${open.map(describeOrder).join('\n')}`);
      }
      await after(100);
    }
  }

  /** An acknowledged order is never unknown; an agreement that was seen is never gone. */
  function expectSigned(views: readonly OrderView[]): void {
    for (const view of views) {
      for (const { id, negotiation } of view.agreements) {
        if (negotiation === 'FINALIZED') signed.set(id, view.id);
      }
    }
    const present = new Set(views.flatMap(({ agreements }) => agreements.map(({ id }) => id)));
    for (const id of signed.keys()) expect(present, `agreement ${id} is gone`).toContain(id);
  }

  /** Parts that were live at both looks were live together in between. */
  function expectNothingSoldTwice(first: readonly OrderView[], second: readonly OrderView[]): void {
    const before = liveParts(first);
    const sold = new Map<string, number>();
    for (const [part, { lessor, replicas }] of liveParts(second)) {
      if (before.has(part)) sold.set(lessor, (sold.get(lessor) ?? 0) + replicas);
    }
    for (const [lessor, replicas] of sold) {
      expect(replicas, `replicas at ${lessor}`).toBeLessThanOrEqual(REPLICAS_PER_LESSOR);
    }
  }

  function liveParts(views: readonly OrderView[]) {
    const agreements = views.flatMap((view) => view.agreements);
    const signedOnes = agreements.filter(({ negotiation }) => negotiation === 'FINALIZED');
    return new Map(
      signedOnes.flatMap(({ id, parts }) =>
        parts
          .filter(({ outcome }) => outcome === null)
          .map(({ part, lessor, replicas }) => [`${id}.${part}`, { lessor, replicas }] as const),
      ),
    );
  }

  /** Everything that was frozen is on offer again. */
  async function untilFree(): Promise<void> {
    const endMs = performance.now() + ROUND_MS_MAX;
    for (;;) {
      const offers = await client.offers({ timeoutMs: null });
      const free = offers.filter(({ stale, offer }) => {
        return !stale && offer.lots.every(({ amounts }) => amounts.cpuMillicores === 1_000);
      });
      if (free.length === 5) return;
      expect(performance.now(), `${free.length} lessors are free`).toBeLessThan(endMs);
      await after(100);
    }
  }

  async function viewsOf(ids: readonly string[]): Promise<OrderView[]> {
    return Promise.all(
      ids.map(async (id) => {
        const view = await client.getOrder(id, { timeoutMs: null });
        if (awaitsKey(view)) await client.release(id, { timeoutMs: null });
        return view;
      }),
    );
  }

  function describeOrder({ id, state, events }: OrderView): string {
    return `${id} ${state}: ${events.map(({ name, detail }) => `${name} ${detail}`).join('; ')}`;
  }

  function after(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }
}
