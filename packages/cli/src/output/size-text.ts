/** Sizes for people: three figures and a unit, rounded. */

const UNITS = ['B', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'];

export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 1_000 && unit < UNITS.length - 1; unit += 1) value /= 1_024;
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)}${UNITS[unit]}`;
}
