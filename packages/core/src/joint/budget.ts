/** How long a solver may work, and where its randomness comes from. */

/**
 * Results are reproducible when `iterations` is the only limit; a limit of time is a promise about
 * time only. With neither, a default number of iterations applies.
 */
export interface SolveBudget {
  /** Any integer. */
  seed: number;
  /** Steps of the search; the work before it (prices, bound) is counted apart and bounded. */
  iterations?: number;
  /** Asked every few hundred steps; once true, the best answer so far is returned. */
  timeIsUp?: () => boolean;
  /** Share of the time used, 0 to 1: lets annealing cool over exactly the time given. */
  timeShare?: () => number;
}

/** A small, fast generator of 32-bit numbers (sfc32), equal on every machine. */
export class SeededRandom {
  #a: number;
  #b: number;
  #c = 0x9e3779b9;
  #count = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = Math.imul(seed | 0, 0x85ebca6b) ^ 0x2545f491;
    for (let round = 0; round < 16; round++) this.next();
  }

  /** An integer in 0..2^32-1. */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** An integer in 0..below-1; `below` is at most 2^21. */
  below(below: number): number {
    return Math.floor((this.next() / 4294967296) * below);
  }

  /** A number in [0, 1). */
  share(): number {
    return this.next() / 4294967296;
  }
}

const LOG_STEPS = 4096;

/**
 * `-ln` of evenly spread shares: a random entry times the temperature is the largest loss that
 * annealing accepts. Rounded, since `Math.log` may differ in the last bit between engines.
 */
const LOG_TABLE = Float64Array.from(
  { length: LOG_STEPS },
  (_, k) => Math.round(-Math.log((k + 0.5) / LOG_STEPS) * 1048576) / 1048576,
);

/** The largest loss to accept now at this temperature. */
export function acceptedLoss(random: SeededRandom, temperature: number): number {
  return temperature * LOG_TABLE[random.next() >>> 20]!;
}

/** Progress of a search from 0 to 1, cut into annealing cycles. */
export interface Progress {
  /** The share of the budget used after `done` steps; 1 when it is used up. */
  share(done: number): number;
  /** Where the cycle that starts at share `from` ends. */
  cycleEnd(from: number, cycle: number): number;
}

/** Shares are counted in this unit when only the end of the time will be known. */
const STEP_SHARE = 2 ** -50;

/**
 * By iterations, by time, or by whichever comes first; when time is known only by its end, cycles
 * of `firstCycle` steps and then twice as many each, until it has come.
 */
export function progressOf(
  { iterations, timeIsUp, timeShare }: SolveBudget,
  options: { iterationsDefault: number; cycleShare: number; firstCycle: number },
): Progress {
  const most = iterations ?? (timeIsUp || timeShare ? undefined : options.iterationsDefault);
  const isUp = (): boolean => timeIsUp?.() === true || (timeShare?.() ?? 0) >= 1;
  if (most === undefined && !timeShare) {
    return {
      share: (done) => (isUp() ? 1 : done * STEP_SHARE),
      cycleEnd: (from, cycle) => from + STEP_SHARE * options.firstCycle * 2 ** cycle,
    };
  }
  const byCount = (done: number): number => {
    if (most === undefined) return 0;
    return most > 0 ? done / most : 1;
  };
  return {
    share: (done) => (isUp() ? 1 : Math.max(byCount(done), timeShare?.() ?? 0)),
    cycleEnd: (from) => {
      const end = from + options.cycleShare * (1 - from);
      return end > 0.9 ? 1 : end;
    },
  };
}
