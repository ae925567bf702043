/**
 * Improves an answer part by part: puts out some orders that compete for the same lessors, finds the
 * prices of just their room, and settles them anew. The bound of the part tells when there is
 * nothing to gain.
 */
import type { SeededRandom } from './budget.ts';
import { type DivePace, dive, openOrders } from './dive.ts';
import type { Columns } from './instance.ts';
import type { PairPrices } from './pair-prices.ts';
import type { Serving } from './serve.ts';
import type { JointState } from './state.ts';

/** Orders looked at to find one that pays much more than its bound. */
const TOURNAMENT = 6;
const ROUNDS = 60;
const LIFT = 0.01;
const PACE: DivePace = { rounds: 30, share: 0.07 };

export interface RefineParts {
  columns: Columns;
  state: JointState;
  prices: PairPrices;
  serving: Serving;
  limit: Int32Array;
  random: SeededRandom;
  /** Per level: the prices of the whole programme. */
  reference: Float64Array;
  /** Per order: the least it can cost at those prices. */
  value: Float64Array;
}

export class Refinement {
  readonly #parts: RefineParts;
  readonly #isIn: Uint8Array;

  constructor(parts: RefineParts) {
    this.#parts = parts;
    this.#isIn = new Uint8Array(parts.state.instance.orders);
  }

  /** Tries one part of about `size` orders around one; returns how many it had. The total never grows. */
  step(size: number, timeIsUp: () => boolean): number {
    const { state, prices, limit, reference } = this.#parts;
    const { first } = state.instance;
    const part = this.#part(size, this.#pick());
    const before = state.total;
    let own = 0;
    state.mark();
    for (const i of part) {
      own += state.cost[i]!;
      state.place(i, undefined);
      const [from, to] = [prices.levels[first[i]!]!, prices.levels[first[i + 1]!]!];
      prices.price.set(reference.subarray(from, to), from);
    }
    openOrders(state, prices, limit, part);
    const enough = own - 0.5;
    const bound = prices.improve({ rounds: ROUNDS, lift: LIFT, timeIsUp, enough });
    if (bound < enough && !timeIsUp()) dive(this.#parts, () => PACE, timeIsUp);
    for (const i of part) limit.fill(0, first[i]!, first[i + 1]!);
    if (state.total > before) state.undo();
    return part.length;
  }

  /** `seed` with others around it that have units where it could. */
  #part(size: number, seed: number): Int32Array {
    const { state, columns, random } = this.#parts;
    const { first, lessor } = state.instance;
    const isIn = this.#isIn;
    const part = [seed];
    isIn[seed] = 1;
    for (let tries = 0; part.length < size && tries < 8 * size; tries++) {
      // Half of them straight around the first, the rest around those.
      const from = (random.next() & 1) === 0 ? seed : part[random.below(part.length)]!;
      const own = first[from + 1]! - first[from]!;
      if (own === 0) break;
      const j = lessor[first[from]! + random.below(own)]!;
      const start = columns.start[j]!;
      const i = columns.order[columns.pair[start + random.below(columns.start[j + 1]! - start)]!]!;
      if (isIn[i] === 1) continue;
      isIn[i] = 1;
      part.push(i);
    }
    for (const i of part) isIn[i] = 0;
    return Int32Array.from(part).sort();
  }

  #pick(): number {
    const { state, random, value } = this.#parts;
    const draw = (): number => Math.floor(random.share() * state.instance.orders);
    let pick = draw();
    for (let k = 1; k < TOURNAMENT; k++) {
      const other = draw();
      if (state.cost[other]! - value[other]! > state.cost[pick]! - value[pick]!) pick = other;
    }
    return pick;
  }
}
