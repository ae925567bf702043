/** Price of one replica at a lot in plain numbers: exact below 2^52, refused above. */
import type { ReplicaRequest } from '../units/resources.ts';

/** Below this, a quotient of two whole numbers rounds to a whole number only when it is one. */
const EXACT_END = 2 ** 52;
/** Less than 1/1000 by more than ten roundings can add. */
const NEARLY_A_THOUSANDTH = 0.001 * (1 - 2 ** -45);
const GIB = 2 ** 30;
const GBIT = 10 ** 9;

/**
 * The five terms of `replicaPriceMicroPerHour` for one request. Amount and unit of a term are
 * divided by what they have in common, so that products stay small: 64 GiB at an ask per GiB is 64
 * times that ask.
 */
export class ReplicaCost {
  /** Terms that are not zero: which ask, amount, unit, and the highest ask that stays exact. */
  readonly #asks: Int32Array;
  readonly #amounts: Float64Array;
  readonly #units: Float64Array;
  readonly #highest: Float64Array;
  /** Amount over unit of all five, zero where nothing is asked for. */
  readonly #device: number;
  readonly #cpu: number;
  readonly #memory: number;
  readonly #storage: number;
  readonly #bandwidth: number;

  constructor(request: ReplicaRequest) {
    const device = request.device ? request.device.count * request.device.shareMilli : 0;
    const terms = [
      [device, 1000],
      [request.cpuMillicores, 1000],
      [request.memoryBytes, GIB],
      [request.storageBytes, GIB],
      [request.bandwidthBitsPerSecond, GBIT],
    ] as const;
    [this.#device, this.#cpu, this.#memory, this.#storage, this.#bandwidth] = terms.map(
      ([amount, unit]) => amount / unit,
    ) as [number, number, number, number, number];
    const paid = terms.map(([amount], ask) => (amount > 0 ? ask : -1)).filter((ask) => ask >= 0);
    this.#asks = Int32Array.from(paid);
    const common = paid.map((ask) => commonDivisor(terms[ask]![0], terms[ask]![1]));
    this.#amounts = Float64Array.from(paid, (ask, term) => terms[ask]![0] / common[term]!);
    this.#units = Float64Array.from(paid, (ask, term) => terms[ask]![1] / common[term]!);
    this.#highest = this.#amounts.map((amount) => Math.floor((EXACT_END - 1) / amount));
  }

  /**
   * @param asks words; the five asks start at `at`: device, cpu, memory, storage, bandwidth.
   * @returns the price in micro-credits per hour, or NaN when plain numbers cannot hold it.
   */
  exact(asks: Uint32Array, at: number, efficiencyPermille: number): number {
    let nominal = 0;
    for (let term = 0; term < this.#asks.length; term += 1) {
      const ask = asks[at + this.#asks[term]!]!;
      if (ask > this.#highest[term]!) return Number.NaN;
      const product = this.#amounts[term]! * ask;
      const unit = this.#units[term]!;
      nominal += unit === 1 ? product : Math.ceil(product / unit);
    }
    if (nominal >= EXACT_END) return Number.NaN;
    if (efficiencyPermille === 1000) return nominal;
    const scaled = nominal * efficiencyPermille;
    return scaled < EXACT_END ? Math.ceil(scaled / 1000) : Number.NaN;
  }

  /** Never more than the price at these asks, and hardly less: without roundings, which take long. */
  least(asks: Uint32Array, at: number, efficiencyPermille: number): number {
    const nominal =
      this.#device * asks[at]! +
      this.#cpu * asks[at + 1]! +
      this.#memory * asks[at + 2]! +
      this.#storage * asks[at + 3]! +
      this.#bandwidth * asks[at + 4]!;
    return nominal * efficiencyPermille * NEARLY_A_THOUSANDTH;
  }

  /** A price that no lot with asks and efficiency at least as high can have less than. */
  lowest(asks: Uint32Array, at: number, efficiencyPermille: number): number {
    let nominal = 0;
    for (let term = 0; term < this.#asks.length; term += 1) {
      const ask = Math.min(asks[at + this.#asks[term]!]!, this.#highest[term]!);
      const product = this.#amounts[term]! * ask;
      const unit = this.#units[term]!;
      nominal += unit === 1 ? product : Math.ceil(product / unit);
    }
    if (efficiencyPermille === 1000) return nominal;
    const scaled = Math.min(nominal * efficiencyPermille, EXACT_END - 1);
    return Math.ceil(scaled / 1000);
  }
}

function commonDivisor(a: number, b: number): number {
  let [left, right] = [a, b];
  while (right > 0) [left, right] = [right, left % right];
  return left;
}
