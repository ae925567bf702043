/** JSON forms: canonical text for digests, stored text that keeps bigint money exact. */

/** Anything that canonical JSON can hold; numbers must be safe integers. */
export type JsonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/**
 * Canonical JSON (RFC 8785) restricted to safe integers; bigint is written as a decimal string,
 * undefined members are left out. Equal values give equal text on every engine.
 *
 * @throws on a number that is not a safe integer: digests must not depend on float printing.
 */
export function canonicalJson(value: JsonValue): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'bigint') return `"${value}"`;
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new Error(`not a safe integer: ${value}`);
    return String(Object.is(value, -0) ? 0 : value);
  }
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value) text += `${text === '' ? '' : ','}${canonicalJson(item)}`;
    return `[${text}]`;
  }
  const record = value as { readonly [key: string]: JsonValue | undefined };
  for (const key of sortedKeys(record)) {
    const member = record[key];
    if (member === undefined) continue;
    text += `${text === '' ? '' : ','}${quoted(key)}:${canonicalJson(member)}`;
  }
  return `{${text}}`;
}

/** Ids, names and numbers as text, which are most texts, need no escapes. */
const PLAIN = /^[\w .:/+=-]*$/;

function quoted(text: string): string {
  return text.length < 128 && PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

function sortedKeys(record: object): string[] {
  const keys = Object.keys(record);
  for (let at = 1; at < keys.length; at += 1) {
    if ((keys[at - 1] as string) > (keys[at] as string)) return keys.sort();
  }
  return keys;
}

const MONEY_KEY = /Micro(Per[A-Z]\w*)?$/;

/** Writes a record for the store: like JSON, money as decimal strings. */
export function encodeStored(value: unknown): string {
  return JSON.stringify(withWrittenMoney(value));
}

/**
 * The same value with money as text; what holds none is not copied. A replacer would do the same, but
 * is called for every member: twice the time for a record, and records are written all the time.
 */
function withWrittenMoney(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  let written = value as Record<string, unknown>;
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key];
    const changed = withWrittenMoney(member);
    if (changed === member) continue;
    if (written === value) written = (Array.isArray(value) ? [...value] : { ...value }) as never;
    written[key] = changed;
  }
  return written;
}

/** Reads {@link encodeStored}: strings under keys that end in `Micro` or `MicroPer…` are money. */
export function decodeStored<T>(text: string): T {
  const value = JSON.parse(text);
  readMoney(value);
  return value as T;
}

/** Names under `labels` are anybody's choice: nothing there is money, whatever it is called. */
function readMoney(value: unknown): void {
  if (value === null || typeof value !== 'object') return;
  const record = value as Record<string, unknown>;
  for (const key of Object.keys(record)) {
    const member = record[key];
    if (typeof member !== 'string') {
      if (key !== 'labels') readMoney(member);
    } else if (MONEY_KEY.test(key)) record[key] = BigInt(member);
  }
}
