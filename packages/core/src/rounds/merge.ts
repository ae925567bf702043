/** Puts the better of two fillings of a round together, wherever they can be told apart. */
import { Groups } from '../joint/groups.ts';
import type { Filled, Held } from './filling.ts';
import type { Round } from './market.ts';

/**
 * Orders that share a lot which the two fill differently stand or fall together; between such groups
 * no lot is shared, so each group may be filled by either.
 *
 * @param isBetter  whether the group is to be filled as in `other`
 * @returns the merged filling and how many groups are as in `other`.
 */
export function merged(
  { wishes, lots }: Round,
  one: Filled,
  other: Filled,
  isBetter: (group: readonly number[]) => boolean,
): { filled: Filled; taken: number } {
  const lotOf = (i: number, { wish }: Held) => wishes[i]?.lot[wish] as number;
  const contents = [one, other].map(({ held }) => {
    const byLot: string[][] = lots.map(() => []);
    for (const [i, own] of held.entries()) {
      for (const each of own) byLot[lotOf(i, each)]?.push(`${i} ${placed(each)}`);
    }
    return byLot.map((all) => all.join('|'));
  });
  const groups = new Groups(wishes.length);
  const first = new Map<number, number>();
  const isOther = new Uint8Array(wishes.length);
  for (const { held } of [one, other]) {
    for (const [i, own] of held.entries()) {
      for (const each of own) {
        const lot = lotOf(i, each);
        if (contents[0]?.[lot] === contents[1]?.[lot]) continue;
        isOther[i] = 1;
        groups.join(i, first.get(lot) ?? i);
        first.set(lot, groups.of(i));
      }
    }
  }
  const members = new Map<number, number[]>();
  for (const i of wishes.keys()) {
    if (isOther[i] === 0) continue;
    const group = groups.of(i);
    const known = members.get(group);
    if (known) known.push(i);
    else members.set(group, [i]);
  }
  let taken = 0;
  isOther.fill(0);
  for (const group of members.values()) {
    if (!isBetter(group)) continue;
    taken += 1;
    for (const i of group) isOther[i] = 1;
  }
  const pick = <T>(from: (filled: Filled) => readonly T[]): T[] =>
    from(one).map((own, i) => (isOther[i] === 1 ? (from(other)[i] as T) : own));
  const filled = {
    held: pick(({ held }) => held),
    parts: pick(({ parts }) => parts),
    replicas: pick(({ replicas }) => replicas),
    preference: pick(({ preference }) => preference),
    costMicro: pick(({ costMicro }) => costMicro),
  };
  return { filled, taken };
}

function placed({ placement: { replicas, devices } }: Held): string {
  const shares = devices.flat().map(({ deviceId, milli }) => `${deviceId}:${milli}`);
  return [replicas, ...shares].join(',');
}
