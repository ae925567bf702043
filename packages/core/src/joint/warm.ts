/** Starts a round from the answer and the prices of an earlier one. */
import type { JointCertificate } from './bound.ts';
import type { Columns, JointInstance } from './instance.ts';
import { pairPricesOf } from './lessor-prices.ts';
import { levelsOf } from './levels.ts';

export interface Warm {
  readonly certificate: JointCertificate;
  /** Units per pair; orders whose units no longer fit are served anew. */
  readonly units: Int32Array;
  /** Orders that are new or changed. */
  readonly changed: Int32Array;
  /** Lessors where orders left room that others may want. */
  readonly freed: Int32Array;
}

/** Share of the orders up to which changes are few: then the search begins with them alone. */
const FEW = 0.1;

export function hasFewChanges({ orders }: JointInstance, { changed }: Warm): boolean {
  return changed.length <= FEW * orders;
}

/**
 * Carries a result over to a later instance with the same lessors.
 *
 * @param previousOrder  per order of `to`: the same order's number in `from`, or -1 when new.
 */
export function carryOver(
  from: JointInstance,
  result: { units: Int32Array; certificate: JointCertificate },
  to: JointInstance,
  previousOrder: Int32Array,
): Warm {
  const units = new Int32Array(to.lessor.length);
  const levels = levelsOf(to);
  const levelsBefore = levelsOf(from);
  const prices = pairPricesOf(to, levels, result.certificate.lessorPrices);
  const changed: number[] = [];
  /** Units that nobody has carried over. */
  const left = result.units.slice();
  const pairAt = new Map<number, number>();
  for (let i = 0; i < to.orders; i++) {
    const before = previousOrder[i]!;
    if (before < 0) {
      changed.push(i);
      continue;
    }
    pairAt.clear();
    for (let e = from.first[before]!; e < from.first[before + 1]!; e++) {
      pairAt.set(from.lessor[e]!, e);
    }
    for (let e = to.first[i]!; e < to.first[i + 1]!; e++) {
      const earlier = pairAt.get(to.lessor[e]!);
      if (earlier === undefined) continue;
      units[e] = left[earlier]!;
      left[earlier] = 0;
      const was = result.certificate.pairPrices.subarray(
        levelsBefore[earlier]!,
        levelsBefore[earlier + 1]!,
      );
      const own = prices.subarray(levels[e]!, levels[e + 1]!);
      own.set(was.subarray(0, own.length));
    }
  }
  const certificate = { pairPrices: prices, lessorPrices: result.certificate.lessorPrices };
  const isFreed = new Uint8Array(to.lessors);
  left.forEach((one, e) => {
    if (one > 0) isFreed[from.lessor[e]!] = 1;
  });
  return { certificate, units, changed: Int32Array.from(changed), freed: marked(isFreed) };
}

/**
 * The changed orders, those that share a lessor with one, and those with a lessor where room became
 * free: where the prices may have moved.
 */
export function nearOf(
  { orders, lessors, first, lessor }: JointInstance,
  columns: Columns,
  warm: Warm,
): Uint8Array {
  const isNear = new Uint8Array(orders);
  const isMoved = new Uint8Array(lessors);
  for (const j of warm.freed) isMoved[j] = 1;
  for (const i of warm.changed) {
    isNear[i] = 1;
    for (let e = first[i]!; e < first[i + 1]!; e++) isMoved[lessor[e]!] = 1;
  }
  for (let j = 0; j < lessors; j++) {
    if (isMoved[j] === 0) continue;
    for (let k = columns.start[j]!; k < columns.start[j + 1]!; k++) {
      isNear[columns.order[columns.pair[k]!]!] = 1;
    }
  }
  return isNear;
}

export function marked(isMarked: Uint8Array): Int32Array {
  const numbers: number[] = [];
  for (let i = 0; i < isMarked.length; i++) if (isMarked[i] === 1) numbers.push(i);
  return Int32Array.from(numbers);
}
