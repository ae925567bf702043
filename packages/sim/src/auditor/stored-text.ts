/** Reads stored records by the documented form, without the code that wrote them. */

import type { SignedDocument } from '@sparegrid/core/units/document';

/** JSON in which members named `…Micro` or `…MicroPer…` hold money as decimal text. */
export function parseStored<T>(text: string): T {
  return JSON.parse(text, (name, value: unknown) =>
    typeof value === 'string' && /Micro(?:Per\w+)?$/.test(name) ? BigInt(value) : value,
  ) as T;
}

interface Signed {
  document: SignedDocument;
  terms?: unknown;
  order?: unknown;
}

/** Of orders, agreements and parts that are written whole: what was signed is there as the signed text alone. */
export function readRecord<T>(table: string, text: string): T {
  const record = parseStored<Signed & { parts: Signed[] }>(text);
  const signed = table === 'agreement' ? record.parts : table === 'part' ? [record] : [];
  for (const part of signed) part.terms ??= parseStored(part.document.payload);
  if (table === 'order') record.order = parseStored(record.document.payload);
  return record as T;
}

/** A text that is equal for equal values, whatever order their members were written in. */
export function stableText(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'undefined';
  if (Array.isArray(value)) return `[${value.map(stableText).join(',')}]`;
  const record = value as Record<string, unknown>;
  const members = Object.keys(record)
    .filter((name) => record[name] !== undefined)
    .sort()
    .map((name) => `${name}:${stableText(record[name])}`);
  return `{${members.join(',')}}`;
}
