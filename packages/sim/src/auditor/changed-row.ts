/** What a change makes of a row, by the documented order of figures, without the code that keeps rows. */
import type { LeaseChange, LeaseRow } from '@sparegrid/core/panorama/row';

/** Null when the change names a place that the row does not have, or a number that is none. */
export function changedRow(row: LeaseRow, change: LeaseChange): LeaseRow | null {
  if (!row.offer || change.figures.length % 2 !== 0) return null;
  const offer = structuredClone(row.offer);
  const setters = settersOf(offer);
  for (let at = 0; at < change.figures.length; at += 2) {
    const set = setters[change.figures[at] as number];
    if (!set) return null;
    set(change.figures[at + 1] as number);
  }
  return { ...row, revision: change.revision, offer };
}

/** By place; none for the first, which says how many lots there are. */
function settersOf(offer: NonNullable<LeaseRow['offer']>): (((value: number) => void) | null)[] {
  const setters: (((value: number) => void) | null)[] = [null];
  const numbers = (holder: object, names: readonly string[]) => {
    for (const name of names) {
      const record = holder as Record<string, number | bigint>;
      setters.push((value) => {
        record[name] = typeof record[name] === 'bigint' ? BigInt(value) : value;
      });
    }
  };
  numbers(offer, ['revision', 'termsRevision', 'validUntilMs']);
  const [amounts, asks] = [
    ['cpuMillicores', 'memoryBytes', 'storageBytes', 'bandwidthBitsPerSecond'],
    [
      ...['cpuMicroPerCoreHour', 'memoryMicroPerGibHour', 'storageMicroPerGibHour'],
      ...['bandwidthMicroPerGbitHour', 'deviceMicroPerHour'],
    ],
  ];
  for (const lot of offer.lots) {
    numbers(lot.amounts, amounts as string[]);
    numbers(lot.asks, asks as string[]);
  }
  for (const { devices } of offer.lots) for (const device of devices) numbers(device, ['milli']);
  return setters;
}
