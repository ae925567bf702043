/** Bounds of a set of lots: smallest asks, largest amounts, joined flags and joint signatures. */
import type { AttributeFlags } from './attribute-tables.ts';
import type { DeviceInventories } from './device-inventories.ts';
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
/** Words 12-17: one bit or more per lot, joined by or. */
export const TERMS_FLAGS = 12;
export const TRAITS_FLAGS = 13;
export const CPU_DEVICE = 14;
export const MEMORY_DEVICE = 15;
export const CPU_MEMORY = 16;
export const CPU_MEMORY_HIGH = 17;
export const BOUND_WORDS = 18;

/** Unit of the coarse maxima: 48 bits fit into 32. */
export const COARSE = 65536;

const GIB_4 = 2 ** 32;

/** 0 below one core, then one level per doubling, 7 from 64 cores on. */
export function cpuLevel(millicores: number): number {
  return millicores < 1000 ? 0 : Math.min(7, 32 - Math.clz32(millicores / 1000));
}

/** 0 below 4 GiB, then one level per doubling, 7 from 256 GiB on. */
export function memoryLevel(bytes: number): number {
  return bytes < GIB_4 ? 0 : Math.min(7, 32 - Math.clz32(Math.min(bytes / GIB_4, 1024)));
}

/** Wholly free devices: 0 for none, 1 for one, 2 for two or three, 3 for more. */
export function deviceLevel(wholes: number): number {
  return wholes === 0 ? 0 : wholes === 1 ? 1 : wholes < 4 ? 2 : 3;
}

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
  into: Uint32Array,
): void {
  const base = slot * ROW_WORDS;
  const inventory = words[base + INVENTORY]!;
  const cpu = words[base + CPU]!;
  const memory = memoryAt(words, base);
  const wholes = inventories.wholesOf(inventory);
  for (let ask = 0; ask < 5; ask += 1) into[ask] = words[base + ASKS + ask]!;
  into[CPU_MAX] = cpu;
  into[MEMORY_MAX] = Math.ceil(memory / COARSE);
  into[STORAGE_MAX] = Math.ceil(storageAt(words, base) / COARSE);
  into[BANDWIDTH_MAX] = Math.ceil(bandwidthAt(words, base) / COARSE);
  into[SCORE_MAX] = words[base + SCORE]!;
  into[WHOLES_MAX] = wholes;
  into[SHARE_MAX] = inventories.mostOf(inventory);
  into[TERMS_FLAGS] = flags.ofTerms[words[base + TERMS]!]!;
  into[TRAITS_FLAGS] = flags.ofTraits[words[base + TRAITS]!]!;
  const cpus = cpuLevel(cpu);
  const memories = memoryLevel(memory);
  const devices = deviceLevel(wholes);
  into[CPU_DEVICE] = 1 << (cpus * 4 + devices);
  into[MEMORY_DEVICE] = 1 << (memories * 4 + devices);
  into[CPU_MEMORY] = cpus < 4 ? 1 << (cpus * 8 + memories) : 0;
  into[CPU_MEMORY_HIGH] = cpus < 4 ? 0 : 1 << (cpus * 8 + memories - 32);
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
