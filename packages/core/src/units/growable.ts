/** Growth of typed arrays: by a sixteenth, so that little is ever allocated that holds nothing. */

const SPARE_MIN = 1024;

/** Capacity for `needed` elements that leaves room to grow; 0 when `length` suffices. */
export function capacityFor(length: number, needed: number): number {
  if (needed <= length) return 0;
  return Math.max(needed, length + (length >> 4)) + SPARE_MIN;
}

/** The array itself when it holds `needed` elements, else a larger copy. */
export function grownUint8(
  array: Uint8Array<ArrayBuffer>,
  needed: number,
): Uint8Array<ArrayBuffer> {
  const capacity = capacityFor(array.length, needed);
  if (capacity === 0) return array;
  const larger = new Uint8Array(capacity);
  larger.set(array);
  return larger;
}

/** The array itself when it holds `needed` elements, else a larger copy. */
export function grownUint32(
  array: Uint32Array<ArrayBuffer>,
  needed: number,
): Uint32Array<ArrayBuffer> {
  const capacity = capacityFor(array.length, needed);
  if (capacity === 0) return array;
  const larger = new Uint32Array(capacity);
  larger.set(array);
  return larger;
}

/** The array itself when it holds `needed` elements, else a larger copy. */
export function grownInt32(
  array: Int32Array<ArrayBuffer>,
  needed: number,
): Int32Array<ArrayBuffer> {
  const capacity = capacityFor(array.length, needed);
  if (capacity === 0) return array;
  const larger = new Int32Array(capacity);
  larger.set(array);
  return larger;
}

/** The array itself when it holds `needed` elements, else a larger copy. */
export function grownFloat64(
  array: Float64Array<ArrayBuffer>,
  needed: number,
): Float64Array<ArrayBuffer> {
  const capacity = capacityFor(array.length, needed);
  if (capacity === 0) return array;
  const larger = new Float64Array(capacity);
  larger.set(array);
  return larger;
}
