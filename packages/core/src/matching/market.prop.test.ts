import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { machine, resourceSpec, WALL_MS } from '../../test/fixtures.ts';
import { scanMatch } from '../../test/full-scan-match.ts';
import { keysOf } from '../../test/keys.ts';
import { Dice, randomOffer, randomOrder, type Taste } from '../../test/random-market.ts';
import { placeReplicas, replicasThatFit } from '../order/fit.ts';
import type { ResourceSpec } from '../order/resource-spec.ts';
import type { SellOrder } from '../order/sell-order.ts';
import { Panorama } from '../panorama/panorama.ts';
import { Market } from './market.ts';
import { matchOrder } from './match.ts';
import { mayServe } from './may-serve.ts';

const HUBS = ['h0', 'h1', 'h2'];
const { crypto } = keysOf('h0');
const ALL = (rows: readonly unknown[]) => rows.length;

/** Machines as large as the lots, or larger; one in so many is smaller, as when a row is missing. */
function specFor(dice: Dice, offer: SellOrder): ResourceSpec {
  const shrink = dice.chance(12) ? 2 : 1;
  const machines = offer.lots.map(({ id, amounts, devices }) =>
    machine(id, {
      processor: {
        ...machine().processor,
        cpuMillicores: Math.floor(amounts.cpuMillicores / shrink),
      },
      memory: { model: 'm', memoryBytes: amounts.memoryBytes + dice.below(2) },
      storage: { model: 's', storageBytes: amounts.storageBytes },
      bandwidthBitsPerSecond: amounts.bandwidthBitsPerSecond,
      gpu: devices.slice(dice.chance(20) ? 1 : 0).map(({ milli: _milli, ...owned }) => owned),
    }),
  );
  const provision = dice.chance(30) ? 'single' : offer.provision;
  return resourceSpec(offer.participant, { provision, machines });
}

/** One hub's market under everything that happens to it. */
class World {
  readonly dice: Dice;
  readonly taste: Taste;
  readonly lessors: number;
  readonly owners = new Map(HUBS.map((hub) => [hub, new Panorama(hub, 1, HUBS, crypto)]));
  readonly panorama = this.owners.get('h0') as Panorama;
  readonly market = new Market(this.panorama);
  readonly #held: [lessor: string, part: string][] = [];
  #parts = 0;

  constructor(seed: number, taste: Taste, lessors: number) {
    this.dice = new Dice(seed);
    this.taste = taste;
    this.lessors = lessors;
    for (const hub of HUBS.slice(1)) this.copy(hub);
    for (const hub of HUBS) this.panorama.heard(hub, 0);
  }

  copy(hub: string): void {
    const owner = this.owners.get(hub) as Panorama;
    owner.takeDeltas(ALL);
    for (const chunk of owner.snapshot(() => 3)) this.panorama.applySnapshot(hub, chunk);
  }

  happen(): void {
    const { dice } = this;
    const hub = dice.pick(HUBS);
    const owner = this.owners.get(hub) as Panorama;
    const lessor = `p${dice.below(this.lessors)}.${hub}`;
    const offer = owner.lease(lessor)?.offer;
    const kind = dice.below(18);
    if (kind === 0 && hub !== 'h0') this.panorama.markStale(hub);
    else if (kind === 1 && hub !== 'h0') this.panorama.heard(hub, 0);
    else if (kind === 2) this.release();
    else if (kind === 3) owner.publishLease(lessor, null);
    else if (kind === 4 && dice.chance(4)) owner.publishResource(lessor, null);
    else if (kind === 5 && hub !== 'h0') this.copy(hub);
    else if (kind < 9 && offer) this.hold(lessor);
    else if (kind > 13 && offer) owner.publishLease(lessor, this.refigured(offer));
    else this.offerAnew(owner, lessor);
    for (const delta of owner.takeDeltas(ALL)) {
      if (hub !== 'h0') this.panorama.applyDelta(hub, delta);
    }
  }

  offerAnew(owner: Panorama, lessor: string): void {
    const offer = randomOffer(this.dice, lessor, this.taste);
    if (!this.dice.chance(5)) owner.publishResource(lessor, specFor(this.dice, offer));
    owner.publishLease(lessor, offer);
  }

  /** The same offer with more or less of everything, and other asks: what an owner tells as a change. */
  refigured(offer: SellOrder): SellOrder {
    const { dice } = this;
    const isDearer = dice.chance(2);
    const lots = offer.lots.map((lot) => ({
      ...lot,
      amounts: { ...lot.amounts, cpuMillicores: dice.below(1 + 2 * lot.amounts.cpuMillicores) },
      asks: isDearer ? dice.pick(randomOffer(dice, 'x.h1', this.taste).lots).asks : lot.asks,
      performance: {
        ...lot.performance,
        score: lot.performance.score + (isDearer ? dice.below(3) : 0),
      },
      devices: lot.devices.map((device) => ({ ...device, milli: dice.pick([0, 500, 1000]) })),
    }));
    const validUntilMs = dice.pick([offer.validUntilMs, WALL_MS - 1, WALL_MS + 7_200_000]);
    const termsRevision = offer.termsRevision + (isDearer ? 1 : 0);
    return { ...offer, revision: offer.revision + 1, termsRevision, validUntilMs, lots };
  }

  /** Reserves some replicas of a random order, in whatever lot of the lessor holds them. */
  hold(lessor: string): void {
    const { replica } = randomOrder(this.dice, this.taste);
    const offer = this.market.freeOffer(lessor);
    const lot = offer?.lots.find((one) => replicasThatFit(one, replica, 1) === 1);
    if (!lot) return;
    this.#parts += 1;
    const part = `part${this.#parts}`;
    this.market.reservations.add(lessor, part, replica, [placeReplicas(lot, replica, 1)]);
    this.#held.push([lessor, part]);
  }

  release(): void {
    const [held] = this.#held.splice(this.dice.below(this.#held.length + 1), 1);
    if (held) this.market.reservations.remove(...held);
  }

  ask(): void {
    const { dice, market, panorama } = this;
    // Rows of snapshots that are not taken over yet are not there yet.
    market.followArrived(dice.pick([0, 3, Infinity]));
    const { reservations } = market;
    const order = {
      ...randomOrder(dice, this.taste),
      maxLessors: 1 + dice.below(4),
      durationMs: 3_600_000,
    };
    const max = dice.pick([1, 2, 7, 40]);
    const budgetMicro = dice.pick([10n ** 4n, 10n ** 5n, 10n ** 6n, 10n ** 30n]);
    const want = { min: 1 + dice.below(max), max, budgetMicro };
    const found = matchOrder({ market, wallMs: WALL_MS }, order, want);
    const scanned = scanMatch({ panorama, reservations, wallMs: WALL_MS }, order, want);
    expect(found).toEqual(scanned);
    const lessor = `p${dice.below(this.lessors)}.${dice.pick(HUBS)}`;
    const one = { min: 1, max: 1, budgetMicro: 10n ** 60n };
    const alone = { panorama: only(panorama, lessor), reservations, wallMs: WALL_MS };
    const serves = mayServe({ market, wallMs: WALL_MS }, [lessor], [{ order }]).length > 0;
    expect(serves).toBe(scanMatch(alone, order, one).ok);
  }
}

/** The panorama as if there were only one lessor. */
function only(panorama: Panorama, lessor: string): Panorama {
  const alone = new Panorama('h0', 1, [], crypto);
  const hub = panorama.parts.get(lessor.slice(lessor.indexOf('.') + 1));
  if (!hub || hub.stale || panorama.arrived.has(lessor)) return alone;
  const spec = hub.resources.get(lessor)?.spec ?? null;
  const offer = hub.leases.get(lessor)?.offer ?? null;
  alone.publishResource(lessor, spec);
  alone.publishLease(lessor, offer);
  return Object.assign(alone, { lease: () => alone.own.leases.get(lessor) });
}

function check(seed: number, taste: Taste, lessors: number, happenings: number): void {
  const world = new World(seed, taste, lessors);
  for (let at = 0; at < happenings; at += 1) {
    world.happen();
    if (world.dice.chance(5)) world.ask();
  }
  for (let at = 0; at < 20; at += 1) world.ask();
}

const seeds = fc.integer({ min: 0, max: 2 ** 31 });

describe('matching through the index finds what a full scan of both panoramas finds', () => {
  /** @patent C1.5 C1.6 MAT-1 MAT-2 MAT-3 MAT-7 */
  it('in a market of many kinds of lots under changes and reservations', () => {
    const taste = { asks: 50, hugeOneIn: 0, alike: false };
    fc.assert(
      fc.property(seeds, (seed) => check(seed, taste, 20, 200)),
      { numRuns: 20 },
    );
  });

  it('when most lots cost the same', () => {
    const taste = { asks: 2, hugeOneIn: 0, alike: true };
    fc.assert(
      fc.property(seeds, (seed) => check(seed, taste, 40, 300)),
      { numRuns: 8 },
    );
  });

  it('with numbers beyond the plain range', () => {
    const taste = { asks: 9, hugeOneIn: 30, alike: false };
    fc.assert(
      fc.property(seeds, (seed) => check(seed, taste, 8, 120)),
      { numRuns: 40 },
    );
  });
});
