/** Reads stored records by the documented form, without the code that wrote them. */

/** JSON in which members named `…Micro` or `…MicroPer…` hold money as decimal text. */
export function parseStored<T>(text: string): T {
  return JSON.parse(text, (name, value: unknown) =>
    typeof value === 'string' && /Micro(?:Per\w+)?$/.test(name) ? BigInt(value) : value,
  ) as T;
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
