/** Rows out of forms, figures and changes, by their documented order, without the code that keeps rows. */
import type {
  LeaseChange,
  LeaseRow,
  PanoramaRow,
  RowForm,
  SharedRow,
} from '@sparegrid/core/panorama/row';

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

/** Null when the figures are not those of the form. */
export function sharedRow(form: RowForm | undefined, shared: SharedRow): PanoramaRow | null {
  const { participant, revision, figures } = shared;
  if (form?.kind === 'resource') {
    const spec = { ...form.spec, participant, revision: figures[0] as number };
    return figures.length === 1 ? { kind: 'resource', participant, revision, spec } : null;
  }
  if (!form) return null;
  const { lots, ...terms } = structuredClone(form.terms);
  const offer = {
    ...{ participant, revision: 0, termsRevision: 0, ...terms, validUntilMs: 0 },
    lots: lots.map(({ flops, ...lot }) => ({
      ...lot,
      performance: { score: 0, flops },
      ...{ amounts: { ...NO_AMOUNTS }, asks: { ...NO_ASKS } },
      devices: lot.devices.map((device) => ({ ...device, milli: 0 })),
    })),
  };
  const setters = settersOf(offer);
  if (figures.length !== setters.length || figures[0] !== lots.length) return null;
  for (const [place, set] of setters.entries()) set?.(figures[place] as number);
  return { kind: 'lease', participant, revision, offer };
}

const NO_AMOUNTS = { cpuMillicores: 0, memoryBytes: 0, storageBytes: 0, bandwidthBitsPerSecond: 0 };
const NO_ASKS = {
  cpuMicroPerCoreHour: 0n,
  memoryMicroPerGibHour: 0n,
  storageMicroPerGibHour: 0n,
  bandwidthMicroPerGbitHour: 0n,
  deviceMicroPerHour: 0n,
};

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
  for (const lot of offer.lots) {
    numbers(lot.amounts, Object.keys(NO_AMOUNTS));
    numbers(lot.asks, Object.keys(NO_ASKS));
    numbers(lot.performance, ['score']);
  }
  for (const { devices } of offer.lots) for (const device of devices) numbers(device, ['milli']);
  return setters;
}
