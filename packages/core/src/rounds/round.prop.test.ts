import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { machine, resourceSpec, WALL_MS } from '../../test/fixtures.ts';
import { keysOf } from '../../test/keys.ts';
import { Dice, randomOffer, randomOrder, type Taste } from '../../test/random-market.ts';
import type { JointInstance } from '../joint/instance.ts';
import { solveJoint } from '../joint/solve.ts';
import { Market } from '../matching/market.ts';
import { matchOrder } from '../matching/match.ts';
import { Panorama } from '../panorama/panorama.ts';
import { answerOf } from './answer.ts';
import { checkFilled } from './checker.ts';
import { compile } from './compile.ts';
import type { Filled } from './filling.ts';
import type { RoundOrder } from './market.ts';

const TASTES: Taste[] = [
  { asks: 3, hugeOneIn: 0, alike: true },
  { asks: 20, hugeOneIn: 0, alike: false },
];

function marketOf(dice: Dice, lessors: number, taste: Taste): Market {
  const panorama = new Panorama('h0', 1, ['h0'], keysOf('h0').crypto);
  for (let at = 0; at < lessors; at += 1) {
    const offer = randomOffer(dice, `p${at}.h0`, taste);
    const machines = offer.lots.map(({ id, amounts, devices }) =>
      machine(id, {
        processor: { ...machine().processor, cpuMillicores: amounts.cpuMillicores },
        memory: { model: 'm', memoryBytes: amounts.memoryBytes },
        storage: { model: 's', storageBytes: amounts.storageBytes },
        bandwidthBitsPerSecond: amounts.bandwidthBitsPerSecond,
        gpu: devices.map(({ milli: _milli, ...owned }) => owned),
      }),
    );
    const spec = resourceSpec(offer.participant, { provision: offer.provision, machines });
    panorama.publishResource(offer.participant, spec);
    panorama.publishLease(offer.participant, offer);
  }
  return new Market(panorama);
}

function ordersOf(dice: Dice, count: number, taste: Taste): RoundOrder[] {
  return Array.from({ length: count }, (_, at) => {
    const order = randomOrder(dice, taste);
    const { max } = order.count;
    const budgetMicro = dice.chance(3) ? BigInt(dice.below(20_000)) : order.budgetMicro;
    const want = { min: 1 + dice.below(max), max, budgetMicro };
    const maxLessors = dice.pick([1, 2, 8]);
    return { id: `o-${at}`, order: { ...order, maxLessors }, want, age: dice.below(3) };
  });
}

/** Weights compare with the best lots left: those of the snapshot in a round, of the moment alone. */
function unweighted(order: RoundOrder): RoundOrder {
  if (order.order.priority.kind !== 'weights') return order;
  return { ...order, order: { ...order.order, priority: { kind: 'performance' } } };
}

function whole<T>(pieces: Generator<number, T>): T {
  for (let next = pieces.next(); ; next = pieces.next()) if (next.done) return next.value;
}

function drawn(
  seed: number,
  lessors: number,
  count: number,
  taste: Taste,
  change = (order: RoundOrder) => order,
) {
  const dice = new Dice(seed);
  const market = marketOf(dice, lessors, taste);
  const orders = ordersOf(dice, count, taste).map(change);
  const view = { market, wallMs: WALL_MS };
  return { dice, view, orders, compiled: whole(compile(() => view, orders, 1_000_000)) };
}

const SEEDS = fc.integer({ min: 0, max: 2 ** 31 });
const SIZES = fc.record({
  seed: SEEDS,
  lessors: fc.integer({ min: 1, max: 12 }),
  count: fc.integer({ min: 1, max: 14 }),
  taste: fc.constantFrom(...TASTES),
});

describe('a round', () => {
  it('gives one by one exactly what single matching gives, order after order', () => {
    fc.assert(
      fc.property(SIZES, ({ seed, lessors, count, taste }) => {
        const { view, orders, compiled } = drawn(seed, lessors, count, taste, unweighted);
        for (const [i, { id, order, want }] of orders.entries()) {
          const match = matchOrder(view, order, want);
          const parts = compiled.alone.parts[i] ?? [];
          expect(parts).toEqual(match.ok ? match.parts : []);
          for (const [number, part] of parts.entries()) {
            const { lessor, placements } = part;
            view.market.reservations.add(lessor, `${id}.${number}`, order.replica, placements);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('never leaves out who would have got something alone, and is dearer for none of them together', () => {
    let joint = 0;
    fc.assert(
      fc.property(SIZES, ({ seed, lessors, count, taste }) => {
        const { compiled } = drawn(seed, lessors, count, taste);
        const { units, cost, lowerBound, certificate, iterations } = solveJoint(
          compiled.programme.instance,
          { seed, iterations: 300 },
        );
        const { lessorPrices } = certificate;
        const answer = { units, cost, lowerBound, lessorPrices, iterations };
        const { filled, used, fault } = whole(answerOf(compiled, answer));
        if (used === 'joint') joint += 1;
        expect(fault).toBeNull();
        expect(checkFilled(compiled.round, filled)).toBeUndefined();
        let saved = 0;
        for (const i of compiled.round.orders.keys()) {
          const before = compiled.alone.replicas[i] as number;
          expect(filled.replicas[i]).toBeGreaterThanOrEqual(before);
          const was = compiled.alone.preference[i] as number;
          if (before > 0) saved += (was - (filled.preference[i] as number)) * before;
        }
        expect(saved).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 400 },
    );
    expect(joint).toBeGreaterThan(5);
  });

  it('takes what is better of an answer that leaves out an order, and nothing of the rest', () => {
    let mixed = 0;
    fc.assert(
      fc.property(SIZES, ({ seed, lessors, count, taste }) => {
        const { compiled } = drawn(seed, lessors, count, taste);
        const { alone, programme, round } = compiled;
        const { first } = programme.instance;
        const result = solveJoint(programme.instance, { seed, iterations: 300 });
        const left = alone.replicas.findIndex((replicas) => replicas > 0);
        if (left < 0) return;
        const units = result.units.slice().fill(0, first[left], first[left + 1]);
        const cost = costOf(programme.instance, units);
        const answer = { ...result, units, cost, ...result.certificate };
        const { filled, used, fault } = whole(answerOf(compiled, answer));
        expect(fault).toBeNull();
        expect(checkFilled(round, filled)).toBeUndefined();
        expect(filled.replicas[left]).toBeGreaterThanOrEqual(alone.replicas[left] as number);
        if (used === 'joint') mixed += 1;
      }),
      { numRuns: 200 },
    );
    expect(mixed).toBeGreaterThan(5);
  });

  it('refuses an answer that sells too much, and one that lies about its cost', () => {
    let refused = 0;
    fc.assert(
      fc.property(SIZES, fc.boolean(), ({ seed, lessors, count, taste }, lies) => {
        const { dice, compiled } = drawn(seed, lessors, count, taste);
        const { instance } = compiled.programme;
        const result = solveJoint(instance, { seed, iterations: 50 });
        const units = result.units.slice();
        if (units.length === 0) return;
        const at = dice.below(units.length);
        if (!lies) units[at] = (instance.most[at] as number) + 1;
        const cost = lies ? result.cost - 1 : result.cost;
        const { lessorPrices } = result.certificate;
        const answer = { units, cost, lowerBound: -1, lessorPrices, iterations: 0 };
        const { used, fault } = whole(answerOf(compiled, answer));
        expect(used).toBe('alone');
        expect(fault).not.toBeNull();
        refused += 1;
      }),
      { numRuns: 60 },
    );
    expect(refused).toBeGreaterThan(20);
  });

  it('is checked down to single devices before anything is signed', () => {
    let changed = 0;
    fc.assert(
      fc.property(SIZES, ({ seed, lessors, count, taste }) => {
        const { dice, compiled } = drawn(seed, lessors, count, taste);
        const broken = structuredClone(compiled.alone);
        const parts = broken.parts.flat();
        if (parts.length === 0) return;
        spoil(dice, broken);
        expect(checkFilled(compiled.round, broken)).toBeDefined();
        changed += 1;
      }),
      { numRuns: 150 },
    );
    expect(changed).toBeGreaterThan(50);
  });
});

/** As the programme counts: units at their costs, and the penalty of what is missing. */
function costOf({ orders, first, need, penalty, unitCost }: JointInstance, units: Int32Array) {
  let cost = 0;
  for (let i = 0; i < orders; i += 1) {
    let missing = need[i] as number;
    for (let e = first[i] as number; e < (first[i + 1] as number); e += 1) {
      missing -= units[e] as number;
      cost += (units[e] as number) * (unitCost[e] as number);
    }
    cost += (missing * (penalty[i] as number)) / (need[i] as number);
  }
  return cost;
}

/** Changes one thing that nobody agreed to. */
function spoil(dice: Dice, { parts }: Filled): void {
  const part = dice.pick(parts.flat());
  const placement = dice.pick(part.placements);
  const share = placement.devices.flat()[0];
  switch (dice.below(share ? 6 : 5)) {
    case 0:
      placement.replicas += 1;
      break;
    case 1:
      part.priceMicroPerHour += 1n;
      break;
    case 2:
      part.termsRevision += 1;
      break;
    case 3:
      placement.lotId = 'elsewhere';
      break;
    case 4:
      part.replicas += 1;
      break;
    default:
      if (share) share.milli += 1;
  }
}
