/** A small knapsack by a table over all amounts of room. */

const CELLS_MOST = 1 << 23;

export class KnapsackTable {
  /** The largest sum of values. */
  best = 0;
  /** Per amount of room, the best sum of the jobs so far. */
  #sum = new Float64Array(1024);
  /** Per job and amount of room: 1 when the job is in the best set of the jobs up to it. */
  #takes = new Uint8Array(1 << 16);

  /** @returns false, and nothing else, when the table would be too large. */
  solve(jobs: Int32Array, value: Float64Array, weight: Int32Array, room: number): boolean {
    const row = room + 1;
    if (jobs.length * row > CELLS_MOST) return false;
    if (row > this.#sum.length) this.#sum = new Float64Array(2 * row);
    if (jobs.length * row > this.#takes.length) this.#takes = new Uint8Array(2 * jobs.length * row);
    const sum = this.#sum;
    const takes = this.#takes;
    sum.fill(0, 0, row);
    takes.fill(0, 0, jobs.length * row);
    for (let k = 0; k < jobs.length; k++) {
      const gain = value[jobs[k]!]!;
      const size = weight[jobs[k]!]!;
      const at = k * row;
      for (let w = room; w >= size; w--) {
        const sumWith = sum[w - size]! + gain;
        if (sumWith <= sum[w]!) continue;
        sum[w] = sumWith;
        takes[at + w] = 1;
      }
    }
    this.best = sum[room]!;
    return true;
  }

  /** Marks the jobs of the best set; to be called with what was solved last. */
  write(jobs: Int32Array, weight: Int32Array, room: number, taken: Uint8Array): void {
    let rest = room;
    for (let k = jobs.length - 1; k >= 0; k--) {
      if (this.#takes[k * (room + 1) + rest] !== 1) continue;
      taken[jobs[k]!] = 1;
      rest -= weight[jobs[k]!]!;
    }
  }
}
