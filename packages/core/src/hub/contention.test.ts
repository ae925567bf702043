/** Hubs that are after the same lots come apart, without a word to each other. */
import { describe, expect, it } from 'vitest';
import { amounts, asks, buyOrder, lot } from '../../test/fixtures.ts';
import { keysOf } from '../../test/keys.ts';
import { World } from '../../test/world.ts';
import { Panorama } from '../panorama/panorama.ts';
import { Contention } from './contention.ts';

const HUBS = ['h1', 'h2', 'h3'];
const LESSORS = Array.from({ length: 18 }, (_, at) => `l${at}.${HUBS[at % 3]}`);
const LESSEES = HUBS.map((hub) => `lea.${hub}`);

/** Eighteen lessors of one core each, no two at the same price. */
function market(): World {
  const world = new World({ hubs: HUBS, lessors: LESSORS, lessees: LESSEES }).start();
  for (const [at, lessor] of LESSORS.entries()) {
    const price = asks({ cpuMicroPerCoreHour: 1_000_000n + BigInt(at) });
    const one = lot('m1', { amounts: amounts({ cpuMillicores: 1000 }), asks: price });
    world.offer(lessor, { lots: [one] });
  }
  return world;
}

/** One order over two lessors at every hub: each is matched before it hears of the others. */
function orderEverywhere(world: World, salt: string): void {
  const count = { min: 2, max: 2 };
  for (const lessee of LESSEES) {
    const document = world.lessee(lessee).sign(buyOrder({ salt, count }));
    world.lessee(lessee).ask({ op: 'order.submit', document, taskPrivate: null });
  }
  world.run(2_000);
}

describe('orders of several hubs at the same moment', () => {
  it('lose races once, and not again while all can be served apart', () => {
    const world = market();
    const lostBy = (salt: string) => {
      orderEverywhere(world, salt);
      const orders = HUBS.flatMap((hub) => [...world.hub(hub).core.orders.values()]);
      const ours = orders.filter(({ order }) => order.salt === salt);
      expect(ours.map(({ state }) => state)).toEqual(['running', 'running', 'running']);
      return ours.flatMap(({ events }) => events.filter(({ name }) => name === 'lost-race')).length;
    };
    expect(lostBy('first')).toBeGreaterThan(0);
    expect(lostBy('second')).toBe(0);
  });
});

/** Seconds for which another race is expected after each of those lost then. */
function spansAfter(lostAtMs: readonly number[]): number[] {
  let elapsedMs = 0;
  const panorama = new Panorama('h1', 1, ['h2'], keysOf('h1').crypto);
  const contention = new Contention({
    self: 'h1',
    panorama,
    now: () => ({ elapsedMs, wallMs: 0 }),
  });
  return lostAtMs.map((atMs) => {
    elapsedMs = atMs;
    contention.raceLost();
    const from = elapsedMs;
    while (contention.isExpected) elapsedMs += 1_000;
    expect(contention.nearer).toBeNull();
    return (elapsedMs - from) / 1_000;
  });
}

describe('how long races are expected after one', () => {
  it('doubles each time hubs came together and raced again at once, up to a bound', () => {
    const lost = [0, 3_000, 9_000, 21_000, 45_000, 93_000, 141_000];
    expect(spansAfter(lost)).toEqual([3, 6, 12, 24, 48, 48, 48]);
  });

  it('is as short as at first after a while without any', () => {
    expect(spansAfter([0, 3_000, 20_000])).toEqual([3, 6, 3]);
  });

  it('does not grow by races lost while they were expected', () => {
    expect(spansAfter([0, 10, 20, 2_900])).toEqual([3, 3, 3, 3]);
  });
});
