/** One row of words per lot: whatever a query or a change needs of it lies side by side. */
import type { Asks } from '../order/sell-order.ts';
import type { Figures } from '../panorama/figures.ts';
import { grownUint32 } from '../units/growable.ts';
import type { ResourceAmounts } from '../units/resources.ts';

export const ROW_WORDS = 18;
/** The words that say what the lot is; two more say where it is held. */
export const LOT_WORDS = 16;

/** Positions in a row. `MEMORY_STORAGE_HIGH`: bits 32 to 47 of both; memory in the low half. */
export const CPU = 0;
export const MEMORY = 1;
export const STORAGE = 2;
export const BANDWIDTH = 3;
export const MEMORY_STORAGE_HIGH = 4;
/** Bits 32 to 47 of the bandwidth in the low half, the efficiency in the high half. */
export const BANDWIDTH_HIGH_EFFICIENCY = 5;
/** Five asks: device, cpu, memory, storage, bandwidth. */
export const ASKS = 6;
const ASK_COUNT = 5;
/** Effective score. */
export const SCORE = 11;
export const INVENTORY = 12;
export const TERMS = 13;
export const TRAITS = 14;
export const OFFER = 15;
/** Leaf of the tree that holds the lot; {@link FREE_ROW}, or {@link NO_LEAF} for a wide lot. */
export const LEAF = 16;
/** Next lot of the same offer, -1 for the last; next free row in free ones. */
const NEXT = 17;

export const FREE_ROW = -1;
export const NO_LEAF = -2;

export const TWO_32 = 2 ** 32;
const TWO_48 = 2 ** 48;

/** Rows of all lots, with what is known of each beside its row; freed rows are used again. */
export class LotRows {
  words = new Uint32Array(ROW_WORDS * 64);
  readonly names: string[] = [];
  /** The same words with signs. */
  #signed = new Int32Array(this.words.buffer);
  #free = -1;
  #end = 0;
  #held = 0;

  add(name: string): number {
    this.#held += 1;
    let slot = this.#free;
    if (slot >= 0) this.#free = this.nextOf(slot);
    else slot = this.#end++;
    const words = grownUint32(this.words, (slot + 1) * ROW_WORDS);
    if (words !== this.words) this.#use(words);
    this.names[slot] = name;
    this.setLeaf(slot, NO_LEAF);
    this.setNext(slot, -1);
    return slot;
  }

  remove(slot: number): void {
    this.#held -= 1;
    this.names[slot] = '';
    this.setLeaf(slot, FREE_ROW);
    this.setNext(slot, this.#free);
    this.#free = slot;
  }

  leafOf(slot: number): number {
    return this.#signed[slot * ROW_WORDS + LEAF]!;
  }

  setLeaf(slot: number, leaf: number): void {
    this.#signed[slot * ROW_WORDS + LEAF] = leaf;
  }

  nextOf(slot: number): number {
    return this.#signed[slot * ROW_WORDS + NEXT]!;
  }

  setNext(slot: number, next: number): void {
    this.#signed[slot * ROW_WORDS + NEXT] = next;
  }

  offerOf(slot: number): number {
    return this.words[slot * ROW_WORDS + OFFER]!;
  }

  /** The two lots change places. */
  swap(a: number, b: number): void {
    const { words, names } = this;
    for (let word = 0; word < ROW_WORDS; word += 1) {
      const value = words[a * ROW_WORDS + word]!;
      words[a * ROW_WORDS + word] = words[b * ROW_WORDS + word]!;
      words[b * ROW_WORDS + word] = value;
    }
    const name = names[a]!;
    names[a] = names[b]!;
    names[b] = name;
  }

  #use(words: Uint32Array<ArrayBuffer>): void {
    this.words = words;
    this.#signed = new Int32Array(words.buffer);
  }

  /** One more than the largest row in use. */
  get end(): number {
    return this.#end;
  }

  get held(): number {
    return this.#held;
  }

  /** Typed arrays, and eight bytes for the reference to the lot's name. */
  get bytes(): number {
    return this.words.byteLength + 8 * this.names.length;
  }

  amountsOf(slot: number): ResourceAmounts {
    const { words } = this;
    const base = slot * ROW_WORDS;
    return {
      cpuMillicores: words[base + CPU]!,
      memoryBytes: memoryAt(words, base),
      storageBytes: storageAt(words, base),
      bandwidthBitsPerSecond: bandwidthAt(words, base),
    };
  }

  asksOf(slot: number): Asks {
    const at = slot * ROW_WORDS + ASKS;
    const { words } = this;
    return {
      deviceMicroPerHour: BigInt(words[at]!),
      cpuMicroPerCoreHour: BigInt(words[at + 1]!),
      memoryMicroPerGibHour: BigInt(words[at + 2]!),
      storageMicroPerGibHour: BigInt(words[at + 3]!),
      bandwidthMicroPerGbitHour: BigInt(words[at + 4]!),
    };
  }
}

export function memoryAt(words: Uint32Array, base: number): number {
  return (words[base + MEMORY_STORAGE_HIGH]! & 0xffff) * TWO_32 + words[base + MEMORY]!;
}

export function storageAt(words: Uint32Array, base: number): number {
  return (words[base + MEMORY_STORAGE_HIGH]! >>> 16) * TWO_32 + words[base + STORAGE]!;
}

export function bandwidthAt(words: Uint32Array, base: number): number {
  return (words[base + BANDWIDTH_HIGH_EFFICIENCY]! & 0xffff) * TWO_32 + words[base + BANDWIDTH]!;
}

export function efficiencyAt(words: Uint32Array, base: number): number {
  return words[base + BANDWIDTH_HIGH_EFFICIENCY]! >>> 16;
}

/** False when an amount does not fit its column: such a lot is wide, and nothing is written. */
export function writeAmounts(words: Uint32Array, base: number, amounts: ResourceAmounts): boolean {
  const { cpuMillicores, memoryBytes, storageBytes, bandwidthBitsPerSecond } = amounts;
  if (
    !isBelow(cpuMillicores, TWO_32) ||
    !isBelow(memoryBytes, TWO_48) ||
    !isBelow(storageBytes, TWO_48) ||
    !isBelow(bandwidthBitsPerSecond, TWO_48)
  ) {
    return false;
  }
  words[base + CPU] = cpuMillicores;
  // A word takes the low 32 bits of what is written into it.
  words[base + MEMORY] = memoryBytes;
  words[base + STORAGE] = storageBytes;
  words[base + BANDWIDTH] = bandwidthBitsPerSecond;
  words[base + MEMORY_STORAGE_HIGH] =
    Math.floor(memoryBytes / TWO_32) + Math.floor(storageBytes / TWO_32) * 0x10000;
  words[base + BANDWIDTH_HIGH_EFFICIENCY] =
    Math.floor(bandwidthBitsPerSecond / TWO_32) +
    (words[base + BANDWIDTH_HIGH_EFFICIENCY]! & 0xffff0000);
  return true;
}

/** False when an ask, the effective score or the efficiency does not fit its column. */
export function writePrices(
  words: Uint32Array,
  base: number,
  asks: Asks,
  score: number,
  efficiencyPermille: number,
): boolean {
  if (!isBelow(score, TWO_32) || !isBelow(efficiencyPermille, 0x10000)) return false;
  words[base + SCORE] = score;
  words[base + BANDWIDTH_HIGH_EFFICIENCY] =
    (words[base + BANDWIDTH_HIGH_EFFICIENCY]! & 0xffff) + efficiencyPermille * 0x10000;
  return (
    writeAsk(words, base + ASKS, asks.deviceMicroPerHour) &&
    writeAsk(words, base + ASKS + 1, asks.cpuMicroPerCoreHour) &&
    writeAsk(words, base + ASKS + 2, asks.memoryMicroPerGibHour) &&
    writeAsk(words, base + ASKS + 3, asks.storageMicroPerGibHour) &&
    writeAsk(words, base + ASKS + 4, asks.bandwidthMicroPerGbitHour)
  );
}

/** Asks in the order of figures: cpu, memory, storage, bandwidth, device. False when one does not fit. */
export function writeAskFigures(
  words: Uint32Array,
  base: number,
  figures: Figures,
  first: number,
): boolean {
  for (let at = 0; at < ASK_COUNT; at += 1) {
    const ask = figures[first + at]!;
    if (!isBelow(ask, TWO_32)) return false;
    words[base + ASKS + ((at + 1) % ASK_COUNT)] = ask;
  }
  return true;
}

/** Of a row whose efficiency is there. False when the effective score does not fit its column. */
export function writeScore(words: Uint32Array, base: number, nominal: number): boolean {
  const score = Math.floor((nominal * efficiencyAt(words, base)) / 1000);
  if (!isBelow(score, TWO_32)) return false;
  words[base + SCORE] = score;
  return true;
}

function writeAsk(words: Uint32Array, at: number, ask: bigint): boolean {
  if (ask < 0n || ask >= 4294967296n) return false;
  words[at] = Number(ask);
  return true;
}

function isBelow(value: number, end: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < end;
}
