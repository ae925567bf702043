/** Reads untrusted JSON text: bounded in size and depth, and free of values that deceive later code. */
import { utf8Length } from '@sparegrid/core/units/utf8-length';

/** Largest text of a frame or a document, in UTF-8 bytes. */
export const TEXT_BYTES_MAX = 1_048_576;
/** Deepest nesting of arrays and objects. */
export const DEPTH_MAX = 32;

export type JsonRead =
  | { ok: true; value: unknown }
  | { ok: false; reason: 'malformed' | 'too-large'; hint: string };

/**
 * Size and depth are checked before anything is built, so that no text costs more than one scan of
 * it. Beyond what JSON forbids, it refuses what would read differently later: `__proto__` members,
 * numbers that are not safe integers (or are -0), and lone surrogates, whose UTF-8 form, and so
 * whose digest, is that of another text.
 */
export function readJson(text: string): JsonRead {
  if (typeof text !== 'string') return malformed('expected a text');
  // A unit of text takes three bytes at most: most texts need no counting.
  const mayBeLarge = text.length * 3 > TEXT_BYTES_MAX;
  if (text.length > TEXT_BYTES_MAX || (mayBeLarge && utf8Length(text) > TEXT_BYTES_MAX)) {
    return tooLarge(`expected at most ${TEXT_BYTES_MAX} bytes of text`);
  }
  if (isDeeperThan(text, DEPTH_MAX)) return tooLarge(`expected at most ${DEPTH_MAX} levels`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return malformed('expected JSON');
  }
  if (!text.isWellFormed()) return malformed('expected well-formed Unicode');
  const hasEscapes = text.includes('\\u');
  const wrong = firstDeceptive(value, hasEscapes || text.includes('__proto__'));
  return wrong === null ? { ok: true, value } : malformed(wrong);
}

function malformed(hint: string): JsonRead {
  return { ok: false, reason: 'malformed', hint };
}

function tooLarge(hint: string): JsonRead {
  return { ok: false, reason: 'too-large', hint };
}

const [QUOTE, BACKSLASH, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [
  0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d,
];

/** One linear scan that knows strings and escapes; the text need not be JSON. */
function isDeeperThan(text: string, levels: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at += 1;
      for (; at < text.length && text.charCodeAt(at) !== QUOTE; at += 1) {
        if (text.charCodeAt(at) === BACKSLASH) at += 1;
      }
    } else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      depth += 1;
      if (depth > levels) return true;
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) depth -= 1;
  }
  return false;
}

/**
 * Where and why a value is not plain, or null. Depth is bounded by the scan before.
 *
 * @param looksAtTexts false when no text in it can deceive: a well-formed source without escapes
 *   yields well-formed texts.
 */
function firstDeceptive(value: unknown, looksAtTexts: boolean): string | null {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? null : 'expected a safe integer';
  }
  if (typeof value === 'string') {
    return !looksAtTexts || value.isWellFormed() ? null : 'expected well-formed Unicode';
  }
  if (typeof value !== 'object' || value === null) return null;
  for (const key of Object.keys(value)) {
    if (looksAtTexts) {
      if (key === '__proto__') return '__proto__: not allowed as a member';
      if (!key.isWellFormed()) return 'expected well-formed Unicode in member names';
    }
    const wrong = firstDeceptive((value as Record<string, unknown>)[key], looksAtTexts);
    if (wrong !== null)
      return wrong.startsWith('expected') ? `${key}: ${wrong}` : `${key}.${wrong}`;
  }
  return null;
}
