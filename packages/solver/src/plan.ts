/** Decides what of a programme HiGHS can help with. */
import { componentsOf } from '@sparegrid/core/joint/components';
import type { JointInstance } from '@sparegrid/core/joint/instance';

/** HiGHS beside the search on the whole; on parts that share no lessor; or nothing for it. */
export type Plan = { kind: 'whole' } | { kind: 'parts'; parts: readonly Part[] } | { kind: 'none' };

export interface Part {
  /** In ascending order; the numbering of the part. */
  readonly orders: Int32Array;
  /** `search`: all components that are too large for HiGHS, together. */
  readonly by: 'highs' | 'search';
}

/** Orders up to which HiGHS is of use: beside the search, and on a part by itself. */
const WHOLE_MOST = { practical: 1_000, literal: 200 };
const PART_MOST = { practical: 60, literal: 20 };
/** Above this there are so many parts that HiGHS would close hardly any. */
const SPLIT_MOST = 20_000;
/** Up to this a programme is solved as a whole, connected or not. */
const SMALL_MOST = 60;

export function planOf(instance: JointInstance): Plan {
  const { orders, form } = instance;
  if (orders <= SMALL_MOST) return { kind: 'whole' };
  if (orders > SPLIT_MOST) return { kind: 'none' };
  const { count, ofOrder } = componentsOf(instance);
  const members: number[][] = Array.from({ length: count }, () => []);
  for (let i = 0; i < orders; i++) members[ofOrder[i]!]!.push(i);
  const isSmall = (part: number[]): boolean => part.length <= PART_MOST[form];
  const rest = members.filter((part) => !isSmall(part)).flat();
  if (2 * rest.length > orders && orders <= WHOLE_MOST[form]) return { kind: 'whole' };
  const parts = members
    .filter(isSmall)
    .map((part): Part => ({ orders: Int32Array.from(part), by: 'highs' }));
  if (parts.length === 0) return { kind: 'none' };
  if (rest.length > 0) parts.push({ orders: Int32Array.from(rest).sort(), by: 'search' });
  return { kind: 'parts', parts };
}

/** The pairs of some of the orders, in their order. */
export function pairsOf({ first }: JointInstance, orders: Int32Array): Int32Array {
  let count = 0;
  for (const i of orders) count += first[i + 1]! - first[i]!;
  const pairs = new Int32Array(count);
  let at = 0;
  for (const i of orders) for (let e = first[i]!; e < first[i + 1]!; e++) pairs[at++] = e;
  return pairs;
}
