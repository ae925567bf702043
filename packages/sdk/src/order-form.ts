/** An order as people write it, in human units: order files, `client.run`, and their JSON Schema. */
import { RESTARTS_MAX } from '@sparegrid/core/order/buy-order';
import { parseCredits } from '@sparegrid/core/units/money';
import { AMOUNT_MAX, isAmount, parseQuantity } from '@sparegrid/core/units/quantity';
import { z } from 'zod';
import { parseDuration } from './duration.ts';

const REPLICAS_MAX = 10_000;
const LESSORS_MAX = 64;

/** What a message repeats of a value. */
const SHOWN_LENGTH = 60;

/** `expected a list`, and what there is instead where that says more. */
function expected(what: string): (issue: { input?: unknown }) => string {
  return ({ input }) => `expected ${what}${input === null ? ', got nothing' : ''}`;
}

/** Numbers of JSON and of programs count as what people would have typed. */
const scalar = z.union([z.string(), z.number()], { error: expected('one value') });

type Context = z.core.$RefinementCtx;

/** `range` tells a value that is out of bounds from one that cannot be read. */
function wrong(context: Context, said: string, range = false): never {
  const message = said.length > 4 * SHOWN_LENGTH ? `${said.slice(0, 2 * SHOWN_LENGTH)}...` : said;
  context.issues.push({ code: 'custom', message, input: context.value, params: { range } });
  return z.NEVER;
}

/** Elsewhere a number in eights, here a mistake. */
function hasLeadingZero(given: string | number): boolean {
  return /^0\d/.test(String(given));
}

const MIB = 1_048_576;

/** What can be meant, in base units: who forgets a unit, or writes M for m, is out by a million. */
interface Bounds {
  min: number;
  max?: number;
  /** Nothing at all will do, too. */
  orNone?: true;
  /** What is expected, as a reader is told. */
  said: string;
}

/** The least is what container engines give at least. */
const CPU: Bounds = {
  min: 10,
  max: 100_000_000,
  said: 'expected 10m to 100000 cores (500m is half a core)',
};
const MEMORY: Bounds = { min: 6 * MIB, said: 'expected at least 6Mi (a number alone is bytes)' };
const SPACE: Bounds = {
  min: MIB,
  orNone: true,
  said: 'expected none, or at least 1Mi (a number alone is bytes)',
};

/** A quantity such as `500m` or `4Gi` in whole `1/scale` units. */
function quantity(scale: number, about: string, bounds?: Bounds) {
  return scalar
    .transform((given, context) => {
      if (hasLeadingZero(given)) return wrong(context, `expected no leading zero, got ${given}`);
      const read = parseQuantity(String(given), scale);
      if (!read.ok) return wrong(context, read.hint);
      const { value } = read;
      if (!isAmount(value)) return wrong(context, `${given} is more than anything can have.`, true);
      if (bounds && !isWithin(bounds, value))
        return wrong(context, `${bounds.said}, got ${given}`, true);
      return value;
    })
    .meta({ description: about });
}

function isWithin(bounds: Bounds, value: number): boolean {
  const { min, max = AMOUNT_MAX, orNone = false } = bounds;
  return (value >= min && value <= max) || (orNone && value === 0);
}

function credits(about: string) {
  return scalar
    .transform((given, context) => {
      if (hasLeadingZero(given)) return wrong(context, `expected no leading zero, got ${given}`);
      const read = parseCredits(String(given));
      return read.ok ? read.micro : wrong(context, read.hint);
    })
    .meta({ description: about });
}

function whole(min: number, max: number) {
  return scalar.transform((given, context) => {
    const text = String(given);
    if (!/^\d{1,16}$/.test(text) || hasLeadingZero(text))
      return wrong(context, `expected a whole number, got ${text}`);
    const value = Number(text);
    if (value >= min && value <= max) return value;
    return wrong(context, `expected ${min} to ${max}, got ${text}`, true);
  });
}

function duration(about: string) {
  return scalar
    .transform((given, context) => {
      const read = parseDuration(String(given));
      if (read !== undefined && isAmount(read)) return read;
      return wrong(context, `expected a duration such as 10m or 1h30m, got ${given}`);
    })
    .meta({ description: about });
}

function oneOf<const T extends string>(...values: readonly T[]) {
  return z.enum(values, {
    error: ({ input }) =>
      input === undefined ? 'is missing' : `expected ${values.join(' or ')}, got ${shown(input)}`,
  });
}

const flag = z
  .union([z.boolean(), oneOf('true', 'false')], {
    error: ({ input }) => `expected true or false, got ${shown(input)}`,
  })
  .transform((given) => given === true || given === 'true');

function shown(input: unknown): string {
  if (input === null) return 'nothing';
  if (typeof input !== 'string') return Array.isArray(input) ? 'a list' : 'something else';
  return input.length > SHOWN_LENGTH ? `${input.slice(0, SHOWN_LENGTH)}...` : input.trim();
}

function fields<const T extends z.ZodRawShape>(shape: T, what = 'fields with values') {
  return z.strictObject(shape, { error: expected(what) });
}

const word = z.string({ error: expected('one value') });
const words = z.array(word, { error: expected('a list') });
/** Numbers among the values stand for their text. */
const textMap = z.record(word, scalar.transform(String), {
  error: expected('fields with values'),
});

/** Names, tags and digests as container engines take them, and `process:node`. */
const IMAGE = /^[\w.:/@+-]+$/;

const replicas = z
  .union(
    [
      whole(1, REPLICAS_MAX).transform((count) => ({ min: count, max: count })),
      z
        .strictObject({ min: whole(1, REPLICAS_MAX), max: whole(1, REPLICAS_MAX) })
        .refine(({ min, max }) => min <= max, {
          error: 'max: expected at least min',
          path: ['max'],
          params: { range: true },
        }),
    ],
    { error: expected('a number, or {min, max}') },
  )
  .meta({ description: 'How many, or {min, max}.' });

const device = fields({
  count: whole(1, AMOUNT_MAX).default(1),
  share: quantity(1_000, 'Part of one device: 500m is half.').default(1_000),
  models: words.default([]),
  vendor: word.nullable().default(null),
  minMemory: quantity(1, 'Memory of the device.', SPACE).default(0),
});

const flops = fields({
  precision: oneOf('fp64', 'fp32', 'fp16', 'bf16', 'int8'),
  giga: whole(0, AMOUNT_MAX),
});

const performance = fields({
  minScore: whole(0, AMOUNT_MAX).default(0),
  minFlops: z.array(flops, { error: expected('a list') }).default([]),
  provision: oneOf('single', 'distributed', 'any').default('any'),
  labels: textMap.default({}),
});

const weights = fields({ price: whole(0, 1_000), performance: whole(0, 1_000) });

export const orderForm = fields(
  {
    kind: oneOf('job', 'service').meta({
      description: 'job: ends when all replicas exited; service: ends with its duration.',
    }),
    image: word
      .regex(IMAGE, 'expected the name of an image, without spaces')
      .meta({ description: 'What runs, such as docker.io/library/node:24.' }),
    command: words.default([]).meta({ description: 'Arguments of the program.' }),
    env: textMap.default({}).meta({ description: 'Environment variables.' }),
    architecture: word.nullable().default(null),
    egress: flag.default(false).meta({ description: 'Whether it needs the outside network.' }),
    capabilities: words.default([]),
    restarts: whole(0, RESTARTS_MAX)
      .optional()
      .meta({ description: 'How often a replica is started again after it failed; 3 by default.' }),
    replicas,
    cpu: quantity(1_000, 'Cores of each replica, such as 500m or 2; at least 10m.', CPU),
    memory: quantity(1, 'Memory of each replica, such as 64Mi or 4Gi; at least 6Mi.', MEMORY),
    storage: quantity(
      1,
      'Disk of each replica, such as 10Gi; none, or at least 1Mi.',
      SPACE,
    ).default(0),
    bandwidth: quantity(1, 'Bits per second of each replica, such as 100M.').default(0),
    device: device.nullable().default(null),
    limitPerHour: credits('Credits per replica and hour, at most.'),
    budget: credits('Credits in all, at most.'),
    duration: duration('How long the lease lasts at most, such as 90s or 1h30m.'),
    expires: duration('How long to look for a match.').default(600_000),
    fill: oneOf('atomic', 'partial').default('atomic'),
    maxLessors: whole(1, LESSORS_MAX).default(LESSORS_MAX),
    priority: z
      .union([oneOf('price', 'performance'), weights], {
        error: 'expected price, performance, or {price, performance} in thousandths',
      })
      .default('price'),
    performance: performance.prefault({}),
    disconnect: fields({
      stopAfter: duration('A lessor cut off from its hub stops after this.').default(60_000),
      onLoss: oneOf('terminate', 'continue').default('terminate'),
    }).prefault({}),
  },
  'one order, with fields such as kind: job',
).meta({ title: 'Sparegrid order', description: 'docs/orders.md says more about each field.' });

/** What a caller writes. */
export type OrderForm = z.input<typeof orderForm>;
/** What was read, in base units. */
export type ReadForm = z.output<typeof orderForm>;
