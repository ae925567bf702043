/** The elapsed clock of a node: goes on over restarts of the process and never falls. */
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import type { Now } from '@sparegrid/core/units/now';
import type { Write } from '@sparegrid/core/units/write';

/** Where time comes from; tests move it by hand. */
export interface TimeSource {
  /** Changes with every boot of the machine. */
  bootId: string;
  /** Since the machine was booted. */
  uptimeMs(): number;
  /** Never falls within the process. */
  monotonicMs(): number;
  wallMs(): number;
}

export const CLOCK_TABLE = 'meta';
export const CLOCK_KEY = 'clock';

interface ClockRecord {
  elapsedMs: number;
  uptimeMs: number;
  bootId: string;
}

/**
 * Within one boot of the machine the time between two lives of the process counts; over a reboot
 * the clock goes on from its last record, because nothing else can be trusted to be monotonic.
 */
export class ElapsedClock {
  readonly #source: TimeSource;
  readonly #startElapsedMs: number;
  readonly #startMonotonicMs: number;

  /** @param stored  text of the last record, null for a new store. */
  constructor(stored: string | null, source: TimeSource) {
    this.#source = source;
    this.#startMonotonicMs = source.monotonicMs();
    this.#startElapsedMs = stored === null ? 0 : elapsedSince(JSON.parse(stored), source);
  }

  now(): Now {
    const runMs = Math.max(0, this.#source.monotonicMs() - this.#startMonotonicMs);
    return {
      elapsedMs: this.#startElapsedMs + Math.floor(runMs),
      wallMs: this.#source.wallMs(),
    };
  }

  /** What is committed with every step, so that no durable time lies after the clock's record. */
  record({ elapsedMs }: Now): Write {
    const record: ClockRecord = {
      elapsedMs,
      uptimeMs: this.#source.uptimeMs(),
      bootId: this.#source.bootId,
    };
    return { table: CLOCK_TABLE, key: CLOCK_KEY, text: JSON.stringify(record), live: true };
  }
}

function elapsedSince(record: ClockRecord, source: TimeSource): number {
  if (record.bootId !== source.bootId) return record.elapsedMs;
  return record.elapsedMs + Math.max(0, Math.floor(source.uptimeMs() - record.uptimeMs));
}

/** The machine's own clocks. */
export function machineTime(): TimeSource {
  return {
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    uptimeMs: () => uptime() * 1000,
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
  };
}
