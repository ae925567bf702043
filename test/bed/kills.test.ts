/**
 * Rounds of faults drawn from a seed: kill -9 and stops of hubs, NATS servers, lessors and a database,
 * and cuts, while orders of all hubs are under way.
 * SPAREGRID_BED_ROUNDS=50 SPAREGRID_BED_SEED=7 for more, or others.
 */
import { setTimeout as after } from 'node:timers/promises';
import { hasNatsServer } from '@sparegrid/link/nats/for-tests';
import { Rng } from '@sparegrid/sim/kernel/rng';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasPostgres } from '../../packages/link/test/private-postgres.ts';
import { submitAttended } from '../attended.ts';
import { orderOf } from '../e2e/running-devnet.ts';
import { Bed } from './bed.ts';
import { HUBS, LESSORS } from './bed-files.ts';
import { hasNamespaces } from './namespaces.ts';
import { AGREE_MS_MAX, msUntil, msUntilAgreed, untilSettled } from './settled.ts';

const ROUNDS = Number(process.env['SPAREGRID_BED_ROUNDS'] ?? 4);
const SEED = process.env['SPAREGRID_BED_SEED'] ?? '1';
const ROUND_MS_MAX = 180_000;
const TIMING = { holdMs: 5_000, startGraceMs: 15_000 };
const NODES = [...HUBS, ...HUBS.flatMap((hub) => [`${hub} mesh`, `${hub} local`])];
const VICTIMS = [...NODES, ...LESSORS.map(({ id }) => id)];

describe.skipIf(!hasNatsServer() || !hasNamespaces())('faults between hosts', () => {
  const database = hasPostgres();
  let bed: Bed;

  beforeAll(async () => {
    bed = await Bed.open({ timing: TIMING, database });
  }, 120_000);
  afterAll(() => bed?.close());

  /** Draws a fault; returns its name and what brings it about and ends it. */
  function draw(rng: Rng): [string, () => Promise<void>] {
    const victim = VICTIMS[rng.between(0, VICTIMS.length - 1)] as string;
    const ms = rng.between(500, 4_000);
    const [from = 'h1', to = 'h2'] = rng.between(0, 1) === 0 ? HUBS : [...HUBS].reverse();
    const faults: [string, () => Promise<void>][] = [
      [`kill -9 of ${victim}`, async () => bed.signal(victim, 'SIGKILL')],
      [
        `stop of ${victim} for ${ms} ms`,
        async () => {
          bed.signal(victim, 'SIGSTOP');
          await after(ms);
          bed.signal(victim, 'SIGCONT');
        },
      ],
      ...(['one-way', 'two-way', 'link-down'] as const).map(
        (kind): [string, () => Promise<void>] => [
          `${kind} cut of ${from} to ${to} for ${ms} ms`,
          async () => {
            bed.cut(from, to, kind);
            await after(ms);
            bed.heal();
          },
        ],
      ),
    ];
    if (database) faults.push(['crash of the database', () => bed.crashDatabase()]);
    // Kills are most of what happens.
    return faults[rng.between(0, 1) === 0 ? 0 : rng.between(0, faults.length - 1)] as never;
  }

  it(
    `${ROUNDS} rounds, seed ${SEED}: promises are kept, and all hubs agree afterwards`,
    async () => {
      const rng = new Rng(`bed ${SEED}`);
      let acknowledged = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const submitted = HUBS.map((hub) =>
          submitAttended(bed.client(hub), orderOf(rng.between(1, 3), rng.between(100, 1_500))),
        );
        const [name, happen] = draw(rng);
        await after(rng.between(0, 1_000));
        await happen();
        const ids = await Promise.all(submitted);
        acknowledged += ids.length;
        const upMs = await msUntil(bed.up());
        const agreedMs = await msUntilAgreed(bed);
        await untilSettled(bed, `round ${round}: ${name}`);
        const times = `all up after ${upMs | 0} ms, agreed ${agreedMs | 0} ms later`;
        process.stderr.write(`round ${round}: ${name}: ${times}\n`);
        expect(agreedMs, name).toBeLessThan(AGREE_MS_MAX);
        const orders = (await bed.allRecords()).flatMap((records) => records.orders);
        expect(orders.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
        expect(orders.length).toBe(acknowledged);
      }
    },
    ROUNDS * ROUND_MS_MAX,
  );
});
