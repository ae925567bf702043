/** Reads untrusted JSON text as one type, or refuses it with the path of the first wrong field. */
import type { Read } from '@sparegrid/core/env';
import { type RefusalCode, refuse } from '@sparegrid/core/refusals';
import type { z } from 'zod';
import { readJson } from './read-json.ts';

const HINT_LENGTH = 300;

/**
 * Never throws, whatever `text` is.
 *
 * @refuses `codes.malformed`, or `codes.tooLarge` for size and depth.
 */
export function readAs<T>(
  schema: z.ZodType<T>,
  text: string,
  codes: { malformed: RefusalCode; tooLarge: RefusalCode },
): Read<T> {
  const json = readJson(text);
  if (!json.ok) {
    return refuse(json.reason === 'malformed' ? codes.malformed : codes.tooLarge, cut(json.hint));
  }
  return readValueAs(schema, json.value, codes.malformed);
}

/** The same for a value that was read before. */
export function readValueAs<T>(
  schema: z.ZodType<T>,
  value: unknown,
  malformed: RefusalCode,
): Read<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  return refuse(malformed, hintOf(parsed.error.issues[0]));
}

/** `messages.0.part: …`; names an unknown key as part of the path. */
function hintOf(issue: z.core.$ZodIssue | undefined): string {
  if (!issue) return 'not of the stated form';
  const keys = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const path = [...issue.path, ...keys].map(String).join('.');
  return cut(path === '' ? issue.message : `${path}: ${issue.message}`);
}

/** Texts of a sender end up in logs and answers: short, and never half a character. */
function cut(hint: string): string {
  return hint.slice(0, HINT_LENGTH).toWellFormed();
}
