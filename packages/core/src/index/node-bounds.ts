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
  for (let ask = 0; ask < 5; ask += 1) into[ask] = words[base + ASKS + ask]!;
  into[SCORE_MAX] = words[base + SCORE]!;
  into[TERMS_FLAGS] = flags.ofTerms[words[base + TERMS]!]!;
  into[TRAITS_FLAGS] = flags.ofTraits[words[base + TRAITS]!]!;
  stockOfLot(words, slot, inventories, levels, into);
}

/** Writes those bounds of one lot that follow from what is free of it, and leaves the others. */
export function stockOfLot(
  words: Uint32Array,
  slot: number,
  inventories: DeviceInventories,
  levels: Levels,
  into: Uint32Array,
): void {
  const base = slot * ROW_WORDS;
  const inventory = words[base + INVENTORY]!;
  const cpu = words[base + CPU]!;
  const memory = memoryAt(words, base);
  const storage = storageAt(words, base);
  const wholes = inventories.wholesOf(inventory);
  into[CPU_MAX] = cpu;
  into[MEMORY_MAX] = Math.ceil(memory / COARSE);
  into[STORAGE_MAX] = Math.ceil(storage / COARSE);
  into[BANDWIDTH_MAX] = Math.ceil(bandwidthAt(words, base) / COARSE);
  into[WHOLES_MAX] = wholes;
  into[SHARE_MAX] = inventories.mostOf(inventory);
  const devices = deviceLevel(wholes);
  const cpus = levelOf(levels.cpu, cpu);
  const memories = levelOf(levels.memory, memory);
  const storages = levelOf(levels.storage, storage);
  const scores = levelOf(levels.score, words[base + SCORE]!);
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
 * Widens the bounds at `at` by the stock of one lot, of which they take in all else; returns whether
 * anything changed.
 */
export function widenByStock(bounds: Uint32Array, at: number, stock: Uint32Array): boolean {
  let missing = 0;
  for (let word = CPU_DEVICE; word < BOUND_WORDS; word += 1) {
    missing |= stock[word]! & ~bounds[at + word]!;
  }
  if (
    missing === 0 &&
    stock[CPU_MAX]! <= bounds[at + CPU_MAX]! &&
    stock[MEMORY_MAX]! <= bounds[at + MEMORY_MAX]! &&
    stock[STORAGE_MAX]! <= bounds[at + STORAGE_MAX]! &&
    stock[BANDWIDTH_MAX]! <= bounds[at + BANDWIDTH_MAX]! &&
    stock[WHOLES_MAX]! <= bounds[at + WHOLES_MAX]! &&
    stock[SHARE_MAX]! <= bounds[at + SHARE_MAX]!
  ) {
    return false;
  }
  raise(bounds, at, stock, CPU_MAX);
  raise(bounds, at, stock, MEMORY_MAX);
  raise(bounds, at, stock, STORAGE_MAX);
  raise(bounds, at, stock, BANDWIDTH_MAX);
  raise(bounds, at, stock, WHOLES_MAX);
  raise(bounds, at, stock, SHARE_MAX);
  for (let word = CPU_DEVICE; word < BOUND_WORDS; word += 1) {
    bounds[at + word]! |= stock[word]!;
  }
  return true;
}

function raise(bounds: Uint32Array, at: number, other: Uint32Array, word: number): void {
  const value = other[word]!;
  if (value > bounds[at + word]!) bounds[at + word] = value;
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
