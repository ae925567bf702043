/** Schemas of single values: bounded numbers, texts, ids, money, and bounded collections of them. */
import { REFUSAL_CODES, type RefusalCode } from '@sparegrid/core/refusals';
import { AMOUNT_MAX } from '@sparegrid/core/units/quantity';
import { z } from 'zod';

/** Longest short text: a name, a model, a label, an image reference. */
export const NAME_LENGTH_MAX = 512;
/** Longest text meant for people, such as a hint. */
export const HINT_LENGTH_MAX = 4_096;
/** Longest text carried whole: payload of a document, chunk of a log, private part of a task. */
export const TEXT_LENGTH_MAX = 1_048_576;

/** Bounds of a list by what it holds: a frame's own limit is tighter for most. */
export const FEW = 64;
export const SOME = 1_024;
export const MANY = 16_384;

const NAME = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const ORDER = 'o-[0-9a-f]{32}';
const COUNTER = '(?:0|[1-9][0-9]{0,8})';

/** A whole number from 0 to {@link AMOUNT_MAX}: counts, quantities, revisions, milliseconds. */
export const amount = z.int().min(0).max(AMOUNT_MAX);
/** Thousandths of something whole. */
export const permille = z.int().min(0).max(1_000);
/** Number of one part within its agreement. */
export const partNumber = z.int().min(0).max(MANY);

/** Money in JSON: a decimal string without sign or leading zeros, at most 30 digits. */
export const micro = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,29})$/, 'expected micro-credits as decimal digits, at most 30')
  .transform((digits) => BigInt(digits));

export const name = z.string().max(NAME_LENGTH_MAX);
export const hint = z.string().max(HINT_LENGTH_MAX);
export const text = z.string().max(TEXT_LENGTH_MAX);

export const hubId = z.string().regex(new RegExp(`^${NAME}$`), 'expected a hub id');
export const participantId = z
  .string()
  .regex(new RegExp(`^${NAME}\\.${NAME}$`), 'expected <name>.<hub>');
export const nodeId = z
  .string()
  .regex(new RegExp(`^${NAME}(?:\\.${NAME})?$`), 'expected a hub or participant id');
export const orderId = z.string().regex(new RegExp(`^${ORDER}$`), 'expected an order id');
export const agreementId = z
  .string()
  .regex(new RegExp(`^${ORDER}-${COUNTER}$`), 'expected <order id>-<attempt>');
export const partId = z
  .string()
  .regex(new RegExp(`^${ORDER}-${COUNTER}\\.${COUNTER}$`), 'expected <agreement id>.<part>');
export const containerId = z
  .string()
  .regex(
    new RegExp(`^${ORDER}-${COUNTER}\\.${COUNTER}\\.${COUNTER}$`),
    'expected <part id>.<replica>',
  );
/** One life of a sender: `e<epoch>`, or a random 128-bit hex id. */
export const session = z
  .string()
  .regex(/^(?:e[0-9]{1,16}|[0-9a-f]{32})$/, 'expected e<epoch> or 32 hex digits');
export const requestId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected 1 to 64 letters, digits, - or _');

/** Bytes that only their receiver can read, in base64url. */
export const sealedText = z
  .string()
  .max(TEXT_LENGTH_MAX)
  .regex(/^[A-Za-z0-9_-]+$/, 'expected sealed bytes in base64url');
/** The key of a task, sealed to one agent. */
export const keyRelease = z
  .string()
  .regex(/^[A-Za-z0-9_-]{32,512}$/, 'expected a sealed key in base64url');

/** A chain of keys, sealed: two statements of at most some kilobytes. */
export const sealedChain = z
  .string()
  .regex(/^[A-Za-z0-9_-]{64,65536}$/, 'expected a sealed chain in base64url');

/** Digest of a text. */
export const digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'expected sha256: and 64 hex digits');

export const refusalCode = z.enum(Object.keys(REFUSAL_CODES) as [RefusalCode, ...RefusalCode[]]);

export function list<S extends z.ZodType>(item: S, max: number) {
  return z.array(item).max(max);
}

/** A map from bounded texts to values, with a bounded number of keys. */
export function mapOf<K extends z.ZodType<string, string>, V extends z.ZodType>(
  key: K,
  value: V,
  max: number,
) {
  return z
    .record(key, value)
    .refine((map) => Object.keys(map).length <= max, `expected at most ${max} keys`);
}
