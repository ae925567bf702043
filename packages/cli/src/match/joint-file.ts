/** Reads the literal and the practical form of the joint programme; docs/match-formats.md has them. */
import type { JointInstance } from '@sparegrid/core/joint/instance';
import { ColumnJson, NOTHING } from './column-json.ts';

export type JointFormat = 'literal' | 'practical';

const ORDERS_MAX = 1_000_000;
const LESSORS_MAX = 10_000_000;
const DIMENSIONS_MAX = 16;
const PAIRS_MAX = 40_000_000;
/** Replicas and lumps are 32-bit numbers. */
const UNITS_MAX = 2 ** 31 - 1;
/** Amounts of a dimension and costs: sums over all orders stay whole. */
const AMOUNT_MAX = 2 ** 50;
const COST_MAX = 2 ** 40;

const COMMON = ['form', 'orders', 'lessors', 'need', 'penalty', 'capacity', 'first', 'lessor'];
const LITERAL = [...COMMON, 'weight', 'cost'];
const PRACTICAL = [
  ...COMMON,
  'dimensions',
  'least',
  'budget',
  'lessorsMost',
  'request',
  'unitCost',
  'fixedCost',
];

interface Pairs {
  first: Int32Array;
  lessor: Int32Array;
}

/** @throws CliFault with file, line and field */
export function readJoint(file: string, format: JointFormat): JointInstance {
  const json = new ColumnJson(file);
  const form = json.text('form');
  if (form !== format) {
    throw json.fault('CLI_FIELD_MALFORMED', 'form', `expected ${format}, got ${form}`);
  }
  json.allow(format === 'literal' ? LITERAL : PRACTICAL);
  const orders = json.number('orders', 1, ORDERS_MAX);
  const lessors = json.number('lessors', 1, LESSORS_MAX);
  return format === 'literal'
    ? readLiteral(json, orders, lessors)
    : readPractical(json, orders, lessors);
}

function readLiteral(json: ColumnJson, orders: number, lessors: number): JointInstance {
  const need = Int32Array.from(json.column('need', orders, { min: 1, max: UNITS_MAX }));
  const { first, lessor } = readPairs(json, orders, lessors);
  const pairs = lessor.length;
  const capacity = json.column('capacity', lessors, { max: UNITS_MAX });
  return {
    form: 'literal',
    orders,
    lessors,
    dimensions: 1,
    first,
    lessor,
    need,
    least: need.slice(),
    penalty: json.column('penalty', orders, { max: COST_MAX }),
    budget: new Float64Array(orders).fill(Number.POSITIVE_INFINITY),
    lessorsMost: new Int32Array(orders).fill(lessors),
    request: new Float64Array(0),
    capacity,
    weight: Int32Array.from(json.column('weight', pairs, { min: 1, max: UNITS_MAX })),
    unitCost: json.column('cost', pairs, { max: COST_MAX }),
    fixedCost: new Float64Array(pairs),
    most: new Int32Array(pairs).fill(1),
  };
}

function readPractical(json: ColumnJson, orders: number, lessors: number): JointInstance {
  const dimensions = json.number('dimensions', 1, DIMENSIONS_MAX);
  const need = Int32Array.from(json.column('need', orders, { min: 1, max: UNITS_MAX }));
  const least = json.has('least')
    ? Int32Array.from(json.column('least', orders, { min: 1, max: UNITS_MAX }))
    : need.slice();
  const penalty = json.column('penalty', orders, { max: COST_MAX });
  for (let i = 0; i < orders; i += 1) {
    const [wanted, fewest] = [need[i] as number, least[i] as number];
    if (fewest > wanted) {
      throw json.faultIn('CLI_FIELD_RANGE', 'least', i, `expected at most need, ${wanted}`);
    }
    if (fewest < wanted && (penalty[i] as number) % wanted !== 0) {
      throw json.faultIn('CLI_FIELD_RANGE', 'penalty', i, `expected a multiple of need, ${wanted}`);
    }
  }
  const request = json.column('request', orders * dimensions, { max: AMOUNT_MAX });
  const capacity = json.column('capacity', lessors * dimensions, { max: AMOUNT_MAX });
  const { first, lessor } = readPairs(json, orders, lessors);
  const pairs = lessor.length;
  const parts = { form: 'practical', orders, lessors, dimensions, first, lessor, need } as const;
  return {
    ...parts,
    least,
    penalty,
    budget: readBudget(json, orders),
    lessorsMost: json.has('lessorsMost')
      ? Int32Array.from(json.column('lessorsMost', orders, { min: 1, max: UNITS_MAX }))
      : new Int32Array(orders).fill(lessors),
    request,
    capacity,
    weight: new Int32Array(0),
    unitCost: json.column('unitCost', pairs, { max: COST_MAX }),
    fixedCost: json.has('fixedCost')
      ? json.column('fixedCost', pairs, { max: COST_MAX })
      : new Float64Array(pairs),
    most: mostUnits({ ...parts, request, capacity }),
  };
}

function readBudget(json: ColumnJson, orders: number): Float64Array {
  if (!json.has('budget')) return new Float64Array(orders).fill(Number.POSITIVE_INFINITY);
  const budget = json.column('budget', orders, { max: AMOUNT_MAX, orNull: true });
  return budget.map((one) => (one === NOTHING ? Number.POSITIVE_INFINITY : one));
}

/** Offsets per order and the lessor of each pair, which comes once per order. */
function readPairs(json: ColumnJson, orders: number, lessors: number): Pairs {
  const first = Int32Array.from(json.column('first', orders + 1, { max: PAIRS_MAX }));
  if (first[0] !== 0) throw json.faultIn('CLI_FIELD_RANGE', 'first', 0, 'expected 0');
  for (let i = 0; i < orders; i += 1) {
    if ((first[i + 1] as number) >= (first[i] as number)) continue;
    const text = `expected at least ${first[i]}, got ${first[i + 1]}`;
    throw json.faultIn('CLI_FIELD_RANGE', 'first', i + 1, text);
  }
  const pairs = first[orders] as number;
  const lessor = Int32Array.from(json.column('lessor', pairs, { max: lessors - 1 }));
  const seenBy = new Int32Array(lessors).fill(-1);
  for (let i = 0; i < orders; i += 1) {
    for (let e = first[i] as number; e < (first[i + 1] as number); e += 1) {
      const j = lessor[e] as number;
      if (seenBy[j] === i) {
        throw json.faultIn('CLI_DUPLICATE', 'lessor', e, `order ${i} has lessor ${j} twice`);
      }
      seenBy[j] = i;
    }
  }
  return { first, lessor };
}

type Sizes = Pick<
  JointInstance,
  'orders' | 'dimensions' | 'first' | 'lessor' | 'need' | 'request' | 'capacity'
>;

/** Per pair: the most replicas the lessor holds of this order alone. */
export function mostUnits(sizes: Sizes): Int32Array {
  const { orders, dimensions, first, lessor, need, request, capacity } = sizes;
  const most = new Int32Array(lessor.length);
  for (let i = 0; i < orders; i += 1) {
    for (let e = first[i] as number; e < (first[i + 1] as number); e += 1) {
      let units = need[i] as number;
      for (let d = 0; d < dimensions; d += 1) {
        const each = request[i * dimensions + d] as number;
        const has = capacity[(lessor[e] as number) * dimensions + d] as number;
        if (each > 0) units = Math.min(units, Math.floor(has / each));
      }
      most[e] = units;
    }
  }
  return most;
}
