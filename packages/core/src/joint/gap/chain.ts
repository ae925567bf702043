/** Annealing over chains of jobs that displace each other, priced by the capacity prices. */
import { acceptedLoss, type SeededRandom } from '../budget.ts';
import type { GapInstance } from './instance.ts';
import type { JobRows } from './prices.ts';

declare const process: { env: Record<string, string> };
const DEPTH = Number(process.env.CD ?? 5);
const BREADTH = Number(process.env.CB ?? 4);

export class ChainSearch {
  readonly agent: Int32Array;
  readonly load: Float64Array;
  readonly best: Int32Array;
  bestCost = Number.POSITIVE_INFINITY;
  cost = 0;
  over = 0;
  nodes = 0;
  accepted = 0;
  readonly #agents: number;
  readonly #jobs: number;
  readonly #cost: Int32Array;
  readonly #weight: Int32Array;
  readonly #capacity: Float64Array;
  /** Regret of each choice: cost plus priced weight, above the job's least. Job-major. */
  readonly #regret: Float64Array;
  /** Price of room left empty and of overload, per unit. */
  readonly #price: Float64Array;
  readonly #fine: Float64Array;
  readonly #random: SeededRandom;
  readonly #choices: Int32Array;
  readonly #width: number;
  readonly #jobsOf: Int32Array[];
  readonly #count: Int32Array;
  readonly #place: Int32Array;
  readonly #onPath: Uint8Array;

  constructor(
    instance: GapInstance,
    rows: JobRows,
    choices: { list: Int32Array; width: number },
    price: Float64Array,
    random: SeededRandom,
  ) {
    const { agents, jobs } = instance;
    this.#agents = agents;
    this.#jobs = jobs;
    this.#cost = rows.cost;
    this.#weight = rows.weight;
    this.#choices = choices.list;
    this.#width = choices.width;
    this.#random = random;
    this.#capacity = Float64Array.from(instance.capacity);
    this.#price = price.slice();
    this.base = price;
    this.#fine = new Float64Array(agents);
    this.#regret = regrets(instance, rows, price);
    this.agent = new Int32Array(jobs).fill(-1);
    this.best = new Int32Array(jobs).fill(-1);
    this.load = new Float64Array(agents);
    this.#jobsOf = Array.from({ length: agents }, () => new Int32Array(jobs));
    this.#count = new Int32Array(agents);
    this.#place = new Int32Array(jobs);
    this.#onPath = new Uint8Array(agents);
  }

  base: Float64Array;
  soften(k: number, f: number): void {
    for (let j = 0; j < this.#fine.length; j++) {
      this.#price[j] = k * this.base[j]!;
      this.#fine[j] = k * f * this.base[j]!;
    }
  }

  parts(): string {
    let r = 0,
      s = 0;
    for (let i = 0; i < this.#jobs; i++) r += this.#regret[i * this.#agents + this.agent[i]!]!;
    for (let j = 0; j < this.#agents; j++)
      s += this.base[j]! * Math.max(0, this.#capacity[j]! - this.load[j]!);
    return `regret ${r.toFixed(0)} slack ${s.toFixed(0)} over ${this.over}`;
  }

  setFines(fine: (agent: number) => number): void {
    for (let j = 0; j < this.#fine.length; j++) this.#fine[j] = fine(j);
  }

  start(agent: Int32Array): void {
    this.load.fill(0);
    this.#count.fill(0);
    this.cost = 0;
    for (let i = 0; i < agent.length; i++) {
      this.agent[i] = agent[i]!;
      const at = i * this.#agents + agent[i]!;
      this.cost += this.#cost[at]!;
      this.load[agent[i]!]! += this.#weight[at]!;
      this.#enter(i, agent[i]!);
    }
    this.over = 0;
    for (let j = 0; j < this.load.length; j++) {
      this.over += Math.max(0, this.load[j]! - this.#capacity[j]!);
    }
    this.#record();
  }

  #enter(job: number, agent: number): void {
    const count = this.#count[agent]!++;
    this.#jobsOf[agent]![count] = job;
    this.#place[job] = count;
  }

  #leave(job: number, agent: number): void {
    const list = this.#jobsOf[agent]!;
    const last = list[--this.#count[agent]!]!;
    list[this.#place[job]!] = last;
    this.#place[last] = this.#place[job]!;
  }

  #record(): void {
    if (this.over > 0 || this.cost >= this.bestCost) return;
    this.bestCost = this.cost;
    this.best.set(this.agent);
  }

  #move(job: number, to: number): void {
    const from = this.agent[job]!;
    const at = job * this.#agents;
    this.cost += this.#cost[at + to]! - this.#cost[at + from]!;
    this.#addLoad(from, -this.#weight[at + from]!);
    this.#addLoad(to, this.#weight[at + to]!);
    this.agent[job] = to;
    this.#leave(job, from);
    this.#enter(job, to);
  }

  #addLoad(agent: number, weight: number): void {
    const before = this.load[agent]! - this.#capacity[agent]!;
    const after = before + weight;
    this.load[agent]! += weight;
    this.over += (after > 0 ? after : 0) - (before > 0 ? before : 0);
  }

  readonly #pathJob = new Int32Array(DEPTH + 2);
  readonly #pathTo = new Int32Array(DEPTH + 2);
  readonly #bestJob = new Int32Array(DEPTH + 2);
  readonly #bestTo = new Int32Array(DEPTH + 2);
  #bestLength = 0;
  #bestTotal = 0;
  #origin = 0;
  #holeRoom = 0;
  #holePsi = 0;
  #limit = 0;
  readonly #topJob = new Int32Array((DEPTH + 2) * BREADTH);
  readonly #topTo = new Int32Array((DEPTH + 2) * BREADTH);
  readonly #topSum = new Float64Array((DEPTH + 2) * BREADTH);

  anneal(steps: number, temperature: number): void {
    const random = this.#random;
    for (let step = 0; step < steps; step++) {
      const job = random.below(this.#jobs);
      const loss = acceptedLoss(random, temperature);
      const origin = this.agent[job]!;
      this.#origin = origin;
      const room = this.#capacity[origin]! - this.load[origin]!;
      this.#holePsi = room >= 0 ? this.#price[origin]! * room : -this.#fine[origin]! * room;
      this.#holeRoom = room + this.#weight[job * this.#agents + origin]!;
      this.#bestTotal = loss;
      this.#bestLength = 0;
      this.#limit = this.#holePsi + loss;
      this.#onPath[origin] = 1;
      this.#extend(job, -this.#regret[job * this.#agents + origin]!, 0);
      this.#onPath[origin] = 0;
      if (this.#bestLength === 0) continue;
      this.accepted++;
      for (let k = 0; k < this.#bestLength; k++) this.#move(this.#bestJob[k]!, this.#bestTo[k]!);
      this.#record();
    }
  }

  #extend(job: number, sum: number, depth: number): void {
    this.nodes++;
    this.#pathJob[depth] = job;
    const agents = this.#agents;
    const regret = this.#regret;
    const weight = this.#weight;
    const limit = this.#limit;
    const origin = this.#origin;
    const holeRoom = this.#holeRoom;
    const holePsi = this.#holePsi;
    const priceHole = this.#price[origin]!;
    const fineHole = this.#fine[origin]!;
    const top = depth * BREADTH;
    let kept = 0;
    const at = job * agents;
    for (let c = job * this.#width, end = c + this.#width; c < end; c++) {
      const to = this.#choices[c]!;
      const base = sum + regret[at + to]!;
      if (this.#onPath[to]!) continue;
      const price = this.#price[to]!;
      const fine = this.#fine[to]!;
      const roomBefore = this.#capacity[to]! - this.load[to]!;
      const psi = roomBefore >= 0 ? price * roomBefore : -fine * roomBefore;
      if (base - psi >= limit + 10) break;
      const room = roomBefore - weight[at + to]!;
      const start = base - psi;
      const stop =
        start +
        (room >= 0 ? price * room : -fine * room) +
        (holeRoom >= 0 ? priceHole * holeRoom : -fineHole * holeRoom) -
        holePsi;
      if (stop < this.#bestTotal) this.#keep(stop, depth, to);
      const list = this.#jobsOf[to]!;
      for (let p = 0, count = this.#count[to]!; p < count; p++) {
        const other = list[p]!;
        const otherAt = other * agents;
        const left = room + weight[otherAt + to]!;
        const next = start - regret[otherAt + to]! + (left >= 0 ? price * left : -fine * left);
        if (next >= limit) continue;
        const hole = holeRoom - weight[otherAt + origin]!;
        const closed =
          next +
          regret[otherAt + origin]! -
          holePsi +
          (hole >= 0 ? priceHole * hole : -fineHole * hole);
        if (closed < this.#bestTotal) {
          this.#keep(closed, depth, to);
          this.#bestJob[depth + 1] = other;
          this.#bestTo[depth + 1] = origin;
          this.#bestLength = depth + 2;
        }
        if (kept === BREADTH && next >= this.#topSum[top + kept - 1]!) continue;
        let k = kept < BREADTH ? kept++ : kept - 1;
        while (k > 0 && this.#topSum[top + k - 1]! > next) {
          this.#topSum[top + k] = this.#topSum[top + k - 1]!;
          this.#topJob[top + k] = this.#topJob[top + k - 1]!;
          this.#topTo[top + k] = this.#topTo[top + k - 1]!;
          k--;
        }
        this.#topSum[top + k] = next;
        this.#topJob[top + k] = other;
        this.#topTo[top + k] = to;
      }
    }
    if (depth + 1 >= DEPTH) return;
    for (let k = 0; k < kept; k++) {
      const to = this.#topTo[top + k]!;
      this.#pathTo[depth] = to;
      this.#onPath[to] = 1;
      this.#extend(this.#topJob[top + k]!, this.#topSum[top + k]!, depth + 1);
      this.#onPath[to] = 0;
    }
  }

  #keep(total: number, depth: number, to: number): void {
    this.#bestTotal = total;
    this.#bestLength = depth + 1;
    for (let k = 0; k <= depth; k++) this.#bestJob[k] = this.#pathJob[k]!;
    for (let k = 0; k < depth; k++) this.#bestTo[k] = this.#pathTo[k]!;
    this.#bestTo[depth] = to;
  }
}

function regrets({ agents, jobs }: GapInstance, rows: JobRows, price: Float64Array): Float64Array {
  const regret = new Float64Array(agents * jobs);
  for (let i = 0; i < jobs; i++) {
    let least = Number.POSITIVE_INFINITY;
    for (let e = i * agents, j = 0; j < agents; j++, e++) {
      regret[e] = rows.cost[e]! + price[j]! * rows.weight[e]!;
      if (regret[e]! < least) least = regret[e]!;
    }
    for (let e = i * agents; e < (i + 1) * agents; e++) regret[e]! -= least;
  }
  return regret;
}
