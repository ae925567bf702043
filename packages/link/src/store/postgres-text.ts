/** Carries any text into PostgreSQL, which refuses U+0000, and back, keeping the order of keys. */

/** U+0000 becomes U+0001 U+0001, and U+0001 becomes U+0001 U+0002; nothing else changes. */
export function toPostgres(text: string): string {
  if (!text.includes('\u0000') && !text.includes('\u0001')) return text;
  return text.replaceAll('\u0001', '\u0001\u0002').replaceAll('\u0000', '\u0001\u0001');
}

export function fromPostgres(text: string): string {
  if (!text.includes('\u0001')) return text;
  return text.replaceAll('\u0001\u0001', '\u0000').replaceAll('\u0001\u0002', '\u0001');
}
