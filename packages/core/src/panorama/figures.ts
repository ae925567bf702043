/** The numbers of an offer that change while it is sold, as one list, apart from its lasting terms. */
import type { Lot, LotDevice, SellOrder } from '../order/sell-order.ts';
import type { ParticipantId } from '../units/ids.ts';
import { isAmount } from '../units/quantity.ts';
import type { FlopsRate } from '../units/resources.ts';

/**
 * How many lots; revision, revision of the terms, end of validity; of each lot cpu, memory, storage,
 * bandwidth, the asks for these and a device, and its score; last the free thousandths of all devices.
 */
export type Figures = readonly number[];

/** All of an offer but its figures, and whose it is: the same for all machines of one kind. */
export interface Terms
  extends Omit<SellOrder, 'participant' | 'revision' | 'termsRevision' | 'validUntilMs' | 'lots'> {
  lots: LotTerms[];
}

export interface LotTerms extends Pick<Lot, 'id' | 'labels'> {
  flops: FlopsRate[];
  devices: Omit<LotDevice, 'milli'>[];
}

const [LOTS, REVISION, TERMS_REVISION, VALID_UNTIL, HEAD] = [0, 1, 2, 3, 4];
/** Numbers per lot: the first are amounts, then come the asks, the last is the score. */
const [PER_LOT, AMOUNTS] = [10, 4];
/** As many numbers as a list in a message may have. */
export const FIGURES_MAX = 16_384;
const MILLI_MAX = 1000;
const ASK_MAX = 2n ** 52n;

/**
 * Null for an offer with numbers that are no amounts, such as an enormous ask, or with more figures
 * than a message may list: it goes whole.
 */
export function figuresOf(offer: SellOrder): number[] | null {
  const { lots } = offer;
  const figures = [lots.length, offer.revision, offer.termsRevision, offer.validUntilMs];
  for (const { amounts, asks, performance } of lots) {
    figures.push(amounts.cpuMillicores, amounts.memoryBytes, amounts.storageBytes);
    figures.push(amounts.bandwidthBitsPerSecond);
    for (const ask of [
      asks.cpuMicroPerCoreHour,
      asks.memoryMicroPerGibHour,
      asks.storageMicroPerGibHour,
      asks.bandwidthMicroPerGbitHour,
      asks.deviceMicroPerHour,
    ]) {
      figures.push(ask <= ASK_MAX ? Number(ask) : Infinity);
    }
    figures.push(performance.score);
  }
  for (const { devices } of lots) for (const { milli } of devices) figures.push(milli);
  const isListed = figures.length <= FIGURES_MAX;
  return isListed && figures.every((value, place) => mayBe(figures, place, value)) ? figures : null;
}

export function termsOf(offer: SellOrder): Terms {
  const { provision, efficiencyPermille, capabilities, imagePolicy, lots } = offer;
  return {
    ...{ provision, efficiencyPermille, capabilities, imagePolicy },
    lots: lots.map(({ id, devices, performance, labels }) => ({
      ...{ id, flops: performance.flops, labels },
      devices: devices.map(({ id: device, vendor, model, memoryBytes }) => ({
        ...{ id: device, vendor, model, memoryBytes },
      })),
    })),
  };
}

/** True when the list is one of these terms: as many lots and devices, each number in its bounds. */
export function areFiguresOf(terms: Terms, figures: Figures): boolean {
  if (figures[LOTS] !== terms.lots.length) return false;
  const devices = terms.lots.reduce((sum, lot) => sum + lot.devices.length, 0);
  if (figures.length !== firstDeviceOf(figures) + devices) return false;
  return figures.every((value, place) => mayBe(figures, place, value));
}

/** Whose figures these are. */
export function offerFrom(participant: ParticipantId, terms: Terms, figures: Figures): SellOrder {
  const { provision, efficiencyPermille, capabilities, imagePolicy } = terms;
  const at = (place: number) => figures[place]!;
  let place = HEAD;
  let device = firstDeviceOf(figures);
  const lots = terms.lots.map(({ id, flops, labels, devices }) => {
    const amounts = amountsAt(figures, place);
    const first = place + AMOUNTS;
    place += PER_LOT;
    const asks = {
      cpuMicroPerCoreHour: BigInt(at(first)),
      memoryMicroPerGibHour: BigInt(at(first + 1)),
      storageMicroPerGibHour: BigInt(at(first + 2)),
      bandwidthMicroPerGbitHour: BigInt(at(first + 3)),
      deviceMicroPerHour: BigInt(at(first + 4)),
    };
    const performance = { score: at(first + 5), flops };
    const free = devices.map((one) => ({ ...one, milli: at(device++) }));
    return { id, amounts, devices: free, asks, performance, labels };
  });
  return {
    ...{ participant, revision: at(REVISION), termsRevision: at(TERMS_REVISION) },
    ...{ provision, efficiencyPermille, capabilities, imagePolicy },
    ...{ validUntilMs: at(VALID_UNTIL), lots },
  };
}

/** What is free in the lot of that number, devices apart. */
export function amountsOfLot(figures: Figures, lot: number) {
  return amountsAt(figures, HEAD + lot * PER_LOT);
}

/** Where the asks of the lot begin. */
export function firstAskOfLot(lot: number): number {
  return HEAD + lot * PER_LOT + AMOUNTS;
}

/** Nominal, as its lessor tells. */
export function scoreOfLot(figures: Figures, lot: number): number {
  return figures[HEAD + (lot + 1) * PER_LOT - 1]!;
}

export function validUntilOf(figures: Figures): number {
  return figures[VALID_UNTIL]!;
}

function amountsAt(figures: Figures, place: number) {
  return {
    cpuMillicores: figures[place]!,
    memoryBytes: figures[place + 1]!,
    storageBytes: figures[place + 2]!,
    bandwidthBitsPerSecond: figures[place + 3]!,
  };
}

/** Where the free shares of the devices begin. */
export function firstDeviceOf(figures: Figures): number {
  return HEAD + figures[LOTS]! * PER_LOT;
}

/** True when that place may hold that number; how many lots there are is no number that changes. */
export function mayBe(figures: Figures, place: number, value: number): boolean {
  return isAmount(value) && (place < firstDeviceOf(figures) || value <= MILLI_MAX);
}

/** What a new number in that place means for whoever looks for lots: more of `stock` is better. */
export function meaningOf(figures: Figures, place: number): 'stock' | 'terms' | 'count' {
  if (place >= firstDeviceOf(figures) || place === VALID_UNTIL) return 'stock';
  if (place < HEAD) return place === REVISION ? 'count' : 'terms';
  return (place - HEAD) % PER_LOT < AMOUNTS ? 'stock' : 'terms';
}

/** The places whose numbers differ; null when the offers differ in anything else. */
export function placesChanged(before: SellOrder, after: SellOrder): number[] | null {
  if (!haveSameTerms(before, after)) return null;
  const [was, is] = [figuresOf(before), figuresOf(after)];
  if (!was || !is) return null;
  const places: number[] = [];
  for (let place = 0; place < is.length; place += 1) {
    if (was[place] !== is[place]) places.push(place);
  }
  return places;
}

function haveSameTerms(a: SellOrder, b: SellOrder): boolean {
  return (
    a.provision === b.provision &&
    a.efficiencyPermille === b.efficiencyPermille &&
    isSame(a.capabilities, b.capabilities) &&
    isSame(a.imagePolicy, b.imagePolicy) &&
    a.lots.length === b.lots.length &&
    a.lots.every((lot, at) => isSameLot(lot, b.lots[at]!))
  );
}

function isSameLot(a: Lot, b: Lot): boolean {
  return (
    a.id === b.id &&
    isSame(a.performance.flops, b.performance.flops) &&
    isSame(a.labels, b.labels) &&
    a.devices.length === b.devices.length &&
    a.devices.every((device, at) => {
      const { id, vendor, model, memoryBytes } = b.devices[at]!;
      const isSameModel = device.model === model && device.vendor === vendor;
      return device.id === id && isSameModel && device.memoryBytes === memoryBytes;
    })
  );
}

/** Most parts of an offer are the very same objects as before. */
function isSame(a: object, b: object): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
