/** Bounds of a set of lots: smallest asks, largest amounts, joined flags and joint signatures. */
import type { AttributeFlags } from './attribute-tables.ts';
import type { DeviceInventories } from './device-inventories.ts';
import { deviceLevel, type Levels, levelOf, PAIRS } from './levels.ts';
import {
  ASKS,
  bandwidthAt,
  CPU,
  INVENTORY,
  memoryAt,
  ROW_WORDS,
  SCORE,
  storageAt,
  TERMS,
  TRAITS,
} from './lot-rows.ts';

/** Words 0-4: smallest asks (device, cpu, memory, storage, bandwidth). */
export const ASKS_MIN = 0;
/** Words 5-11: largest values. Memory, storage, bandwidth in units of {@link COARSE}, rounded up. */
export const CPU_MAX = 5;
export const MEMORY_MAX = 6;
export const STORAGE_MAX = 7;
export const BANDWIDTH_MAX = 8;
export const SCORE_MAX = 9;
/** Wholly free devices. */
export const WHOLES_MAX = 10;
/** Largest free share of one device. */
export const SHARE_MAX = 11;
/** Words from here on: one bit or more per lot, joined by or. */
export const TERMS_FLAGS = 12;
export const TRAITS_FLAGS = 13;
/** Combinations of the cpu's, and of the memory's, level with that of wholly free devices. */
export const CPU_DEVICE = 14;
export const MEMORY_DEVICE = 15;
/** Two words per pair of levels. */
export const LEVEL_PAIRS = 16;
export const BOUND_WORDS = LEVEL_PAIRS + 2 * PAIRS.length;

/** Unit of the coarse maxima: 48 bits fit into 32. */
export const COARSE = 65536;

/** The bounds of no lot at all. */
export function clearBounds(bounds: Uint32Array, at: number): void {
  bounds.fill(0xffffffff, at, at + CPU_MAX);
  bounds.fill(0, at + CPU_MAX, at + BOUND_WORDS);
}

/** Writes the bounds of one lot alone. */
export function boundsOfLot(
  words: Uint32Array,
  slot: number,
  inventories: DeviceInventories,
  flags: AttributeFlags,
  levels: Levels,
  into: Uint32Array,
): void {
  const base = slot * ROW_WORDS;
  const inventory = words[base + INVENTORY]!;
  const cpu = words[base + CPU]!;
  const memory = memoryAt(words, base);
  const storage = storageAt(words, base);
  const score = words[base + SCORE]!;
  const wholes = inventories.wholesOf(inventory);
  for (let ask = 0; ask < 5; ask += 1) into[ask] = words[base + ASKS + ask]!;
  into[CPU_MAX] = cpu;
  into[MEMORY_MAX] = Math.ceil(memory / COARSE);
  into[STORAGE_MAX] = Math.ceil(storage / COARSE);
  into[BANDWIDTH_MAX] = Math.ceil(bandwidthAt(words, base) / COARSE);
  into[SCORE_MAX] = score;
  into[WHOLES_MAX] = wholes;
  into[SHARE_MAX] = inventories.mostOf(inventory);
  into[TERMS_FLAGS] = flags.ofTerms[words[base + TERMS]!]!;
  into[TRAITS_FLAGS] = flags.ofTraits[words[base + TRAITS]!]!;
  const devices = deviceLevel(wholes);
  const cpus = levelOf(levels.cpu, cpu);
  const memories = levelOf(levels.memory, memory);
  const storages = levelOf(levels.storage, storage);
  const scores = levelOf(levels.score, score);
  into[CPU_DEVICE] = 1 << (cpus * 4 + devices);
  into[MEMORY_DEVICE] = 1 << (memories * 4 + devices);
  setPair(into, 0, cpus, memories);
  setPair(into, 1, cpus, scores);
  setPair(into, 2, memories, scores);
  setPair(into, 3, storages, cpus);
  setPair(into, 4, storages, memories);
}

/** The one bit of this combination, in the order of {@link PAIRS}. */
function setPair(into: Uint32Array, pair: number, first: number, second: number): void {
  const bit = first * 8 + second;
  into[LEVEL_PAIRS + 2 * pair] = bit < 32 ? 1 << bit : 0;
  into[LEVEL_PAIRS + 2 * pair + 1] = bit < 32 ? 0 : 1 << (bit - 32);
}

/**
 * True when the bounds at `at` take in the lot, of which they took in all but its stock: the common
 * case, found without writing its bounds out.
 */
export function coverStock(
  bounds: Uint32Array,
  at: number,
  words: Uint32Array,
  slot: number,
  inventories: DeviceInventories,
  levels: Levels,
): boolean {
  const base = slot * ROW_WORDS;
  const inventory = words[base + INVENTORY]!;
  const cpu = words[base + CPU]!;
  const memory = memoryAt(words, base);
  const storage = storageAt(words, base);
  const wholes = inventories.wholesOf(inventory);
  if (
    cpu > bounds[at + CPU_MAX]! ||
    memory > bounds[at + MEMORY_MAX]! * COARSE ||
    storage > bounds[at + STORAGE_MAX]! * COARSE ||
    bandwidthAt(words, base) > bounds[at + BANDWIDTH_MAX]! * COARSE ||
    wholes > bounds[at + WHOLES_MAX]! ||
    inventories.mostOf(inventory) > bounds[at + SHARE_MAX]!
  ) {
    return false;
  }
  const devices = deviceLevel(wholes);
  const cpus = levelOf(levels.cpu, cpu);
  const memories = levelOf(levels.memory, memory);
  const storages = levelOf(levels.storage, storage);
  const scores = levelOf(levels.score, words[base + SCORE]!);
  return (
    (bounds[at + CPU_DEVICE]! & (1 << (cpus * 4 + devices))) !== 0 &&
    (bounds[at + MEMORY_DEVICE]! & (1 << (memories * 4 + devices))) !== 0 &&
    hasPair(bounds, at, 0, cpus, memories) &&
    hasPair(bounds, at, 1, cpus, scores) &&
    hasPair(bounds, at, 2, memories, scores) &&
    hasPair(bounds, at, 3, storages, cpus) &&
    hasPair(bounds, at, 4, storages, memories)
  );
}

function hasPair(bounds: Uint32Array, at: number, pair: number, first: number, second: number) {
  const bit = first * 8 + second;
  return (bounds[at + LEVEL_PAIRS + 2 * pair + (bit >> 5)]! & (1 << (bit & 31))) !== 0;
}

/** Widens the bounds at `at` by those at `from`; returns whether anything changed. */
export function widen(bounds: Uint32Array, at: number, other: Uint32Array, from: number): boolean {
  let changed = false;
  for (let word = 0; word < CPU_MAX; word += 1) {
    const value = other[from + word]!;
    if (value < bounds[at + word]!) {
      bounds[at + word] = value;
      changed = true;
    }
  }
  for (let word = CPU_MAX; word < TERMS_FLAGS; word += 1) {
    const value = other[from + word]!;
    if (value > bounds[at + word]!) {
      bounds[at + word] = value;
      changed = true;
    }
  }
  for (let word = TERMS_FLAGS; word < BOUND_WORDS; word += 1) {
    const has = bounds[at + word]!;
    const joined = (has | other[from + word]!) >>> 0;
    if (joined !== has) {
      bounds[at + word] = joined;
      changed = true;
    }
  }
  return changed;
}
