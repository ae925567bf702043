/** Seeded synthetic markets of both forms: cells of lessors, orders that reach into two of them. */
import { SeededRandom } from './budget.ts';
import type { JointInstance } from './instance.ts';

export interface MarketSize {
  orders: number;
  lessors: number;
  seed: number;
}

const CELL = 60;
const CANDIDATES_LEAST = 10;
const CANDIDATES_MOST = 30;
const HOME_SHARE = 0.7;
/** Draws per wanted candidate before an order is left with fewer. */
const DRAWS = 12;

/**
 * The literal form: amounts 4..100 (squared-uniform), lumps of 0.25..1.1 of the amount within the
 * lessor's capacity, prices 5..15 per unit; capacity is 1.15 times all that is needed.
 */
export function generateLiteral({ orders, lessors, seed }: MarketSize): JointInstance {
  const random = new SeededRandom(seed);
  const need = Int32Array.from({ length: orders }, () => 4 + Math.floor(97 * random.share() ** 2));
  const size = sizes(random, lessors);
  const unit = (1.15 * sum(need)) / sum(size);
  const capacity = size.map((one) => Math.max(1, Math.round(one * unit)));
  const price = Float64Array.from({ length: lessors }, () => 5 + 10 * random.share());
  const pairs = drawPairs(random, orders, lessors, () => true);
  const weight = new Int32Array(pairs.lessor.length);
  const unitCost = new Float64Array(weight.length);
  for (let i = 0; i < orders; i++) {
    for (let e = pairs.first[i]!; e < pairs.first[i + 1]!; e++) {
      const j = pairs.lessor[e]!;
      const lump = Math.round(need[i]! * (0.25 + 0.85 * random.share()));
      weight[e] = Math.max(1, Math.min(lump, capacity[j]!));
      unitCost[e] = Math.max(1, Math.round(weight[e]! * price[j]! * (0.9 + 0.2 * random.share())));
    }
  }
  return {
    ...pairs,
    form: 'literal',
    orders,
    lessors,
    dimensions: 1,
    need,
    least: need.slice(),
    penalty: Float64Array.from(need, (amount) => 40 * amount),
    budget: new Float64Array(orders).fill(Number.POSITIVE_INFINITY),
    lessorsMost: new Int32Array(orders).fill(lessors),
    request: new Float64Array(0),
    capacity,
    weight,
    unitCost,
    fixedCost: new Float64Array(weight.length),
    most: new Int32Array(weight.length).fill(1),
  };
}

const DIMENSIONS = 5;
/** Lowest ask per unit of cpu, memory, GPU, storage and bandwidth; the highest is three times it. */
const ASKS = [25, 5, 300, 1, 4];

/**
 * The practical form: 1..25 replicas of cpu 1..16, memory 2..8 times that, 30 % with 1..4 GPUs,
 * storage and bandwidth; capacity is 1.3 times all that is needed in every dimension; the fixed
 * cost of a pair is 15 % of its unit cost; 30 % of the orders take half or more; the penalty is
 * twice the dearest way to fill.
 */
export function generatePractical({ orders, lessors, seed }: MarketSize): JointInstance {
  const random = new SeededRandom(seed);
  const need = Int32Array.from({ length: orders }, () => 1 + random.below(25));
  const request = new Float64Array(orders * DIMENSIONS);
  const total = new Float64Array(DIMENSIONS);
  for (let i = 0; i < orders; i++) {
    const cpu = 2 ** random.below(5);
    const memory = cpu * (2 + random.below(7));
    const gpu = random.share() < 0.3 ? 1 + random.below(4) : 0;
    const vector = [cpu, memory, gpu, 10 * (1 + random.below(10)), 1 + random.below(10)];
    request.set(vector, i * DIMENSIONS);
    for (let d = 0; d < DIMENSIONS; d++) total[d]! += need[i]! * vector[d]!;
  }
  const capacity = new Float64Array(lessors * DIMENSIONS);
  const ask = new Float64Array(lessors * DIMENSIONS);
  // One size per lessor: a large machine is large in every dimension.
  const size = sizes(random, lessors);
  for (let d = 0; d < DIMENSIONS; d++) {
    const unit = (1.3 * total[d]!) / sum(size);
    for (let j = 0; j < lessors; j++) {
      capacity[j * DIMENSIONS + d] = Math.max(d === 2 ? 0 : 1, Math.round(size[j]! * unit));
      ask[j * DIMENSIONS + d] = ASKS[d]! * (1 + 2 * random.share());
    }
  }
  const fits = (i: number, j: number): number => {
    let units = need[i]!;
    for (let d = 0; d < DIMENSIONS; d++) {
      const each = request[i * DIMENSIONS + d]!;
      if (each > 0) units = Math.min(units, Math.floor(capacity[j * DIMENSIONS + d]! / each));
    }
    return units;
  };
  const pairs = drawPairs(random, orders, lessors, (i, j) => fits(i, j) > 0);
  const count = pairs.lessor.length;
  const unitCost = new Float64Array(count);
  const fixedCost = new Float64Array(count);
  const most = new Int32Array(count);
  const penalty = new Float64Array(orders);
  for (let i = 0; i < orders; i++) {
    let dearest = 1;
    for (let e = pairs.first[i]!; e < pairs.first[i + 1]!; e++) {
      const j = pairs.lessor[e]!;
      for (let d = 0; d < DIMENSIONS; d++) {
        unitCost[e]! += request[i * DIMENSIONS + d]! * ask[j * DIMENSIONS + d]!;
      }
      unitCost[e] = Math.round(unitCost[e]!);
      fixedCost[e] = Math.round(0.15 * unitCost[e]!);
      most[e] = fits(i, j);
      dearest = Math.max(dearest, unitCost[e]!);
    }
    penalty[i] = 2 * need[i]! * dearest;
  }
  return {
    ...pairs,
    form: 'practical',
    orders,
    lessors,
    dimensions: DIMENSIONS,
    need,
    least: need.map((n) => (random.share() < 0.3 ? Math.ceil(n / 2) : n)),
    penalty,
    budget: new Float64Array(orders).fill(Number.POSITIVE_INFINITY),
    lessorsMost: new Int32Array(orders).fill(lessors),
    request,
    capacity,
    weight: new Int32Array(0),
    unitCost,
    fixedCost,
    most,
  };
}

/** Sizes of 0.3..1.7 of the mean. */
function sizes(random: SeededRandom, lessors: number): Float64Array {
  return Float64Array.from({ length: lessors }, () => 0.3 + 1.4 * random.share());
}

/** Candidates are drawn whatever they hold; pairs of those that hold nothing for the order are left out. */
function drawPairs(
  random: SeededRandom,
  orders: number,
  lessors: number,
  suits: (order: number, lessor: number) => boolean,
): { first: Int32Array; lessor: Int32Array } {
  const cells = Math.ceil(lessors / CELL);
  const first = new Int32Array(orders + 1);
  let lessor = new Int32Array(orders * CANDIDATES_MOST);
  let count = 0;
  const drawn = new Int32Array(lessors).fill(-1);
  for (let i = 0; i < orders; i++) {
    const wanted = CANDIDATES_LEAST + random.below(CANDIDATES_MOST - CANDIDATES_LEAST + 1);
    const home = random.below(cells);
    const second = random.below(cells);
    const from = count;
    let candidates = 0;
    for (let draw = 0; draw < DRAWS * wanted && candidates < wanted; draw++) {
      const cell = random.share() < HOME_SHARE ? home : second;
      const j = cell * CELL + random.below(Math.min(CELL, lessors - cell * CELL));
      if (drawn[j] === i) continue;
      drawn[j] = i;
      candidates++;
      if (suits(i, j)) lessor[count++] = j;
    }
    lessor.subarray(from, count).sort();
    first[i + 1] = count;
  }
  lessor = lessor.slice(0, count);
  return { first, lessor };
}

function sum(values: Int32Array | Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
