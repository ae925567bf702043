/** Baseline: every lot compared, in typed arrays, one column per attribute. */
import type { PlainLot, PlainOrder, PlainStock } from './market.ts';

const GIB = 2 ** 30;
const GBIT = 10 ** 9;

/** Columns of all lots; numbers of lots are their places. */
export class ColumnScan {
  readonly #kind: Uint8Array;
  readonly #region: Uint8Array;
  readonly #cpu: Uint32Array;
  readonly #memory: Float64Array;
  readonly #storage: Float64Array;
  readonly #bandwidth: Float64Array;
  readonly #wholes: Uint8Array;
  readonly #most: Uint16Array;
  readonly #asks: Uint32Array[];
  readonly #score: Uint32Array;
  readonly #egress: Uint8Array;

  constructor(lots: number) {
    this.#kind = new Uint8Array(lots);
    this.#region = new Uint8Array(lots);
    this.#cpu = new Uint32Array(lots);
    this.#memory = new Float64Array(lots);
    this.#storage = new Float64Array(lots);
    this.#bandwidth = new Float64Array(lots);
    this.#wholes = new Uint8Array(lots);
    this.#most = new Uint16Array(lots);
    this.#asks = Array.from({ length: 5 }, () => new Uint32Array(lots));
    this.#score = new Uint32Array(lots);
    this.#egress = new Uint8Array(lots);
  }

  put(at: number, lot: PlainLot): void {
    this.#kind[at] = lot.kind;
    this.#region[at] = lot.region;
    this.#asks.forEach((column, ask) => {
      column[at] = lot.asks[ask] as number;
    });
    this.#score[at] = lot.score;
    this.#egress[at] = lot.egress;
    this.setStock(at, lot);
  }

  setStock(at: number, { cpu, memory, storage, bandwidth, shares }: PlainStock): void {
    this.#cpu[at] = cpu;
    this.#memory[at] = memory;
    this.#storage[at] = storage;
    this.#bandwidth[at] = bandwidth;
    this.#wholes[at] = shares.filter((share) => share === 1000).length;
    this.#most[at] = Math.max(0, ...shares);
  }

  /** Numbers of the cheapest lots that suit. */
  best(order: PlainOrder): number[] {
    const wanted = new Uint8Array(256).fill(order.regions.length === 0 ? 1 : 0);
    for (const region of order.regions) wanted[region] = 1;
    const found: { at: number; cost: number }[] = [];
    let worst = order.limit;
    for (let at = 0; at < this.#cpu.length; at += 1) {
      if (
        this.#kind[at] !== order.kind ||
        wanted[this.#region[at]!] === 0 ||
        this.#cpu[at]! < order.cpu ||
        this.#memory[at]! < order.memory ||
        this.#storage[at]! < order.storage ||
        this.#bandwidth[at]! < order.bandwidth ||
        this.#wholes[at]! < order.wholes ||
        this.#most[at]! < order.share ||
        this.#score[at]! < order.minScore ||
        this.#egress[at]! < order.egress
      ) {
        continue;
      }
      const cost = this.#costAt(at, order);
      if (cost > worst) continue;
      found.push({ at, cost });
      found.sort(
        (a, b) => a.cost - b.cost || this.#score[b.at]! - this.#score[a.at]! || a.at - b.at,
      );
      if (found.length > order.lots) found.pop();
      if (found.length === order.lots) worst = found.at(-1)!.cost;
    }
    return found.map(({ at: number }) => number);
  }

  #costAt(at: number, { wholes, share, cpu, memory, storage, bandwidth }: PlainOrder): number {
    const [device, core, gib, disk, gbit] = this.#asks as [
      Uint32Array,
      Uint32Array,
      Uint32Array,
      Uint32Array,
      Uint32Array,
    ];
    return (
      Math.ceil(((1000 * wholes + share) * device[at]!) / 1000) +
      Math.ceil((cpu * core[at]!) / 1000) +
      Math.ceil((memory * gib[at]!) / GIB) +
      Math.ceil((storage * disk[at]!) / GIB) +
      Math.ceil((bandwidth * gbit[at]!) / GBIT)
    );
  }
}
