/** Properties of the schemas: every message travels unchanged, and no input gets past them or throws. */
import type { Message } from '@sparegrid/core/messages';
import fc, { type Arbitrary } from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { documentReader, readTaskPrivate } from '../documents.ts';
import { decodeFrame, encodeFrame } from '../frame.ts';
import { messageSchemas } from './messages.ts';

const WORDS_MAX = 24;
const FEW = 3;

/** Values that a schema reads, made from the schema itself. */
function valuesOf(schema: z.core.$ZodType): Arbitrary<unknown> {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  const { min, max, pattern } = boundsOf(def.checks ?? []);
  switch (def.type) {
    case 'object': {
      const required = Object.keys(def.shape).filter((key) => !isOptional(def.shape[key]));
      return fc.record(mapValues(def.shape, valuesOf), { requiredKeys: required });
    }
    case 'optional':
      return valuesOf(def.innerType);
    case 'array':
      return fc.array(valuesOf(def.element), { maxLength: Math.min(FEW, max) });
    case 'union':
      return fc.oneof(...def.options.map(valuesOf));
    case 'nullable':
      return fc.option(valuesOf(def.innerType), { freq: 4 });
    case 'record':
      return fc.dictionary(keysOf(def.keyType), valuesOf(def.valueType), {
        maxKeys: FEW,
        noNullPrototype: true,
      });
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries));
    case 'literal':
      return fc.constantFrom(...def.values);
    case 'boolean':
      return fc.boolean();
    case 'number':
      return fc.maxSafeInteger().map((value) => clamp(value, min, max));
    case 'pipe':
      return fc.bigInt({ min: 0n, max: 10n ** 30n - 1n });
    case 'string':
      if (pattern) return fc.stringMatching(pattern, { size: 'small' });
      return fc.string({ unit: 'binary', minLength: min, maxLength: WORDS_MAX });
    default:
      throw new Error(`no values for ${def.type}`);
  }
}

function isOptional(schema: z.core.$ZodType | undefined): boolean {
  return (schema as z.core.$ZodTypes | undefined)?._zod.def.type === 'optional';
}

/** What the checks of one schema say, for lengths and numbers alike. */
function boundsOf(checks: readonly z.core.$ZodCheck<never>[]) {
  const bounds = { min: 0, max: Number.MAX_SAFE_INTEGER, pattern: null as RegExp | null };
  for (const check of checks) {
    const def = check._zod.def as { check: string; value?: number; minimum?: number };
    const { maximum, pattern } = def as { maximum?: number; pattern?: RegExp };
    bounds.min = def.minimum ?? (def.check === 'greater_than' ? (def.value ?? 0) : bounds.min);
    bounds.max = maximum ?? (def.check === 'less_than' ? (def.value ?? 0) : bounds.max);
    bounds.pattern = pattern ?? bounds.pattern;
  }
  return bounds;
}

function keysOf(schema: z.core.$ZodType): Arbitrary<string> {
  return (valuesOf(schema) as Arbitrary<string>).filter((key) => key !== '__proto__');
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

function clamp(value: number, min: number, max: number): number {
  return min + (Math.abs(value) % (max - min + 1));
}

const head = {
  v: 1 as const,
  from: 'h1',
  to: 'a.h2',
  session: 'e7',
  seq: 0,
  epoch: 7,
  sentAtMs: 1,
  expiresAtMs: 2,
};
const SIGNATURE = 'AA==';

describe.each(Object.entries(messageSchemas))('message %s', (_type, schema) => {
  const messages = valuesOf(schema) as Arbitrary<Message>;

  test('comes out of its frame as it went in', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const text = encodeFrame({ ...head, messages: [message] });
        expect(decodeFrame(text, SIGNATURE)).toEqual({
          ok: true,
          signed: { frame: { ...head, messages: [message] }, text, signature: SIGNATURE },
        });
      }),
      { numRuns: 60 },
    );
  });

  test('is refused with one field missing, misspelt or of another type', () => {
    fc.assert(
      fc.property(messages, fc.nat(), fc.nat(), (message, choice, how) => {
        const plain = JSON.parse(encodeFrame({ ...head, messages: [message] }));
        const spots = membersOf(plain);
        const spot = spots[choice % spots.length];
        if (!spot) return;
        damage(spot, how);
        const read = decodeFrame(JSON.stringify(plain), SIGNATURE);
        expect(read).toMatchObject({ ok: false, code: 'LINK_MALFORMED' });
        expect(read).not.toMatchObject({ hint: '' });
      }),
      { numRuns: 60 },
    );
  });
});

interface Spot {
  owner: Record<string, unknown>;
  key: string;
}

/** Every member of every object that has stated members (maps may hold any). */
function membersOf(value: unknown, inMap = false): Spot[] {
  if (typeof value !== 'object' || value === null) return [];
  const owner = value as Record<string, unknown>;
  return Object.entries(owner).flatMap(([key, member]) => [
    ...(inMap || Array.isArray(value) ? [] : [{ owner, key }]),
    ...membersOf(member, ['labels', 'env', 'after'].includes(key)),
  ]);
}

/** Members of this name may be absent, at some place. */
const OPTIONAL = new Set(['keys', 'restarts', 'sealKey', 'key']);

function damage({ owner, key }: Spot, how: number): void {
  const value = owner[key];
  if (how % 3 === 0 && !OPTIONAL.has(key)) delete owner[key];
  else if (how % 3 < 2) {
    delete owner[key];
    owner[`${key}_`] = value;
  } else owner[key] = 1.5;
}

describe('any text', () => {
  const json = fc.json({ maxDepth: 6 });
  const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array).toString());
  const texts = fc.oneof(json, bytes, fc.string({ unit: 'binary' }), fc.string());
  const readers = [...Object.values(documentReader), readTaskPrivate] as ((
    text: string,
  ) => { ok: true } | { ok: false; code: string })[];

  test('is read or refused with a code, never thrown at', () => {
    fc.assert(
      fc.property(texts, fc.string(), (text, signature) => {
        expect(decodeFrame(text, signature)).toMatchObject({ ok: false });
        for (const read of readers) expect(read(text)).toMatchObject({ ok: false });
      }),
    );
  });

  test('of another type is refused as well', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true }), (value) => {
        const text = value as string;
        expect(decodeFrame(text, SIGNATURE)).toMatchObject({ ok: false });
        expect(decodeFrame('{}', text)).toMatchObject({ ok: false });
        for (const read of readers) expect(read(text)).toMatchObject({ ok: false });
      }),
    );
  });
});
