/** Sorts positions by a non-negative number each: a radix sort, because it is the longest step. */

const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
const PASSES = 6;

/** Positions of `keys` by ascending key; equal keys keep their order. No key is negative or NaN. */
export function sortedOrder(keys: Float64Array): Uint32Array {
  const count = keys.length;
  // The bits of doubles that are not negative sort as whole numbers do; -0 becomes 0.
  const bits = new Uint32Array(Float64Array.from(keys, (key) => key + 0).buffer);
  let order = new Uint32Array(count);
  for (let i = 0; i < count; i += 1) order[i] = i;
  let next = new Uint32Array(count);
  const digit = new Uint16Array(count);
  for (let pass = 0; pass < PASSES; pass += 1) {
    const counts = new Uint32Array(DIGITS);
    for (let i = 0; i < count; i += 1) {
      const value = digitOf(bits, i, pass * DIGIT_BITS);
      digit[i] = value;
      counts[value] = (counts[value] as number) + 1;
    }
    if (counts[digit[0] ?? 0] === count) continue;
    let start = 0;
    for (let value = 0; value < DIGITS; value += 1) {
      const size = counts[value] as number;
      counts[value] = start;
      start += size;
    }
    for (let at = 0; at < count; at += 1) {
      const i = order[at] as number;
      const value = digit[i] as number;
      const to = counts[value] as number;
      counts[value] = to + 1;
      next[to] = i;
    }
    [order, next] = [next, order];
  }
  return order;
}

/** `DIGIT_BITS` bits of the double at `i`, from bit `shift` of its 64. */
function digitOf(bits: Uint32Array, i: number, shift: number): number {
  const low = bits[2 * i] as number;
  const high = bits[2 * i + 1] as number;
  if (shift >= 32) return (high >>> (shift - 32)) & (DIGITS - 1);
  const part = low >>> shift;
  const rest = shift + DIGIT_BITS > 32 ? high << (32 - shift) : 0;
  return (part | rest) & (DIGITS - 1);
}
