/** Kubernetes quantity notation at the edges (`500m`, `4Gi`), whole base units inside. */
import { type Refusal, refuse } from '../refusals.ts';
import type { ResourceAmounts } from './resources.ts';

const SUFFIXES: Record<string, readonly [bigint, bigint]> = {
  m: [1n, 1000n],
  '': [1n, 1n],
  k: [1000n, 1n],
  M: [1000n ** 2n, 1n],
  G: [1000n ** 3n, 1n],
  T: [1000n ** 4n, 1n],
  P: [1000n ** 5n, 1n],
  Ki: [1024n, 1n],
  Mi: [1024n ** 2n, 1n],
  Gi: [1024n ** 3n, 1n],
  Ti: [1024n ** 4n, 1n],
  Pi: [1024n ** 5n, 1n],
};

/**
 * Reads a quantity as a whole number of `1/scale` units: scale 1000 for millicores, 1 for bytes.
 *
 * @refuses QUANTITY_MALFORMED when it is no quantity or not a whole number of base units;
 *          QUANTITY_RANGE above the safe integer range. Signs and exponents are malformed.
 */
export function parseQuantity(text: string, scale = 1): { ok: true; value: number } | Refusal {
  const match = /^(\d{1,18})(?:\.(\d{1,9}))?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$/.exec(text);
  const suffix = match && SUFFIXES[match[3] ?? ''];
  if (!match || !suffix) {
    return refuse('QUANTITY_MALFORMED', `expected a quantity such as 500m or 4Gi, got ${text}`);
  }
  const decimals = match[2] ?? '';
  const digits = BigInt(`${match[1]}${decimals}`);
  const numerator = digits * suffix[0] * BigInt(scale);
  const denominator = suffix[1] * 10n ** BigInt(decimals.length);
  if (numerator % denominator !== 0n) {
    return refuse('QUANTITY_MALFORMED', `${text} is not a whole number of base units`);
  }
  const value = numerator / denominator;
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
    return refuse('QUANTITY_RANGE', `${text} is above the safe integer range`);
  }
  return { ok: true, value: Number(value) };
}

/** Writes millicores: `1500` -> `1500m`, `2000` -> `2`. */
export function formatMillicores(millicores: number): string {
  return millicores % 1000 === 0 ? String(millicores / 1000) : `${millicores}m`;
}

/** Writes bytes with the largest binary suffix that divides them: `4294967296` -> `4Gi`. */
export function formatBytes(bytes: number): string {
  for (const [suffix, size] of [
    ['Pi', 1024 ** 5],
    ['Ti', 1024 ** 4],
    ['Gi', 1024 ** 3],
    ['Mi', 1024 ** 2],
    ['Ki', 1024],
  ] as const) {
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${suffix}`;
  }
  return String(bytes);
}

/** An amount for people: `cpu 500m`, `memory 4Gi`, `bandwidth 1000000 bit/s`. */
export function describeAmount(field: keyof ResourceAmounts, value: number): string {
  switch (field) {
    case 'cpuMillicores':
      return `cpu ${formatMillicores(value)}`;
    case 'memoryBytes':
      return `memory ${formatBytes(value)}`;
    case 'storageBytes':
      return `storage ${formatBytes(value)}`;
    case 'bandwidthBitsPerSecond':
      return `bandwidth ${value} bit/s`;
  }
}

/** Largest amount of anything that is accepted at a door: products with prices stay exact. */
export const AMOUNT_MAX = 2 ** 52;

/** True for an integer from 0 to {@link AMOUNT_MAX}: the only numbers that count resources. */
export function isAmount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= AMOUNT_MAX;
}
