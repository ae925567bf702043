/** Annealing over assignments of jobs to agents, overload allowed at a price. */
import { acceptedLoss, type SeededRandom } from '../budget.ts';
import type { GapInstance } from './instance.ts';
import type { JobRows } from './prices.ts';

/** One working assignment with loads; several runs share it. */
export class GapSearch {
  readonly agent: Int32Array;
  readonly load: Float64Array;
  readonly best: Int32Array;
  bestCost = Number.POSITIVE_INFINITY;
  cost = 0;
  over = 0;
  readonly #instance: GapInstance;
  readonly #rows: JobRows;
  readonly #capacity: Float64Array;
  /** Cost per unit of overload, per agent. */
  readonly #fine: Float64Array;
  readonly #random: SeededRandom;
  readonly #choices: Int32Array;
  readonly #width: number;
  /** Jobs by agent: place of each job in its agent's list. */
  readonly #jobsOf: Int32Array[];
  readonly #count: Int32Array;
  readonly #place: Int32Array;

  constructor(
    instance: GapInstance,
    rows: JobRows,
    choices: { list: Int32Array; width: number },
    random: SeededRandom,
  ) {
    const { agents, jobs } = instance;
    this.#instance = instance;
    this.#rows = rows;
    this.#choices = choices.list;
    this.#width = choices.width;
    this.#random = random;
    this.#capacity = Float64Array.from(instance.capacity);
    this.#fine = new Float64Array(agents);
    this.agent = new Int32Array(jobs).fill(-1);
    this.best = new Int32Array(jobs).fill(-1);
    this.load = new Float64Array(agents);
    this.#jobsOf = Array.from({ length: agents }, () => new Int32Array(16));
    this.#count = new Int32Array(agents);
    this.#place = new Int32Array(jobs);
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
      const at = i * this.#instance.agents + agent[i]!;
      this.cost += this.#rows.cost[at]!;
      this.load[agent[i]!]! += this.#rows.weight[at]!;
      this.#enter(i, agent[i]!);
    }
    this.over = 0;
    for (let j = 0; j < this.load.length; j++) {
      this.over += Math.max(0, this.load[j]! - this.#capacity[j]!);
    }
    this.#record();
  }

  #enter(job: number, agent: number): void {
    let list = this.#jobsOf[agent]!;
    const count = this.#count[agent]!++;
    if (count === list.length) {
      const longer = new Int32Array(2 * count);
      longer.set(list);
      this.#jobsOf[agent] = longer;
      list = longer;
    }
    list[count] = job;
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

  /** What the fine grows by when the load of `agent` grows by `weight`. */
  #fineFor(agent: number, weight: number): number {
    const before = this.load[agent]! - this.#capacity[agent]!;
    const after = before + weight;
    return this.#fine[agent]! * ((after > 0 ? after : 0) - (before > 0 ? before : 0));
  }

  #move(job: number, to: number): void {
    const from = this.agent[job]!;
    const at = job * this.#instance.agents;
    const { cost, weight } = this.#rows;
    this.cost += cost[at + to]! - cost[at + from]!;
    this.#addLoad(from, -weight[at + from]!);
    this.#addLoad(to, weight[at + to]!);
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

  /** `steps` tries at one temperature: half are shifts of one job, half shift one and pass one on. */
  anneal(steps: number, temperature: number): void {
    const random = this.#random;
    const { agents, jobs } = this.#instance;
    const { cost, weight } = this.#rows;
    const width = this.#width;
    for (let step = 0; step < steps; step++) {
      const job = random.below(jobs);
      const from = this.agent[job]!;
      const to = this.#choices[job * width + random.below(width)]!;
      if (to === from) continue;
      const at = job * agents;
      const loss = acceptedLoss(random, temperature);
      const weightTo = weight[at + to]!;
      const weightFrom = weight[at + from]!;
      const change = cost[at + to]! - cost[at + from]!;
      const kind = random.next() & 3;
      if (kind === 0 || this.#count[to] === 0) {
        if (change + this.#fineFor(from, -weightFrom) + this.#fineFor(to, weightTo) > loss) continue;
        this.#move(job, to);
        this.#record();
        continue;
      }
      const other = this.#jobsOf[to]![random.below(this.#count[to]!)]!;
      const otherAt = other * agents;
      const onward = kind === 1 ? this.#choices[other * width + random.below(width)]! : from;
      if (onward === to) continue;
      const net = weightTo - weight[otherAt + to]!;
      let total = change + cost[otherAt + onward]! - cost[otherAt + to]!;
      if (total > loss && total + this.#relief(from, to, net) > loss) continue;
      total += this.#fineFor(to, net);
      if (onward === from) total += this.#fineFor(from, weight[otherAt + from]! - weightFrom);
      else {
        total += this.#fineFor(from, -weightFrom);
        total += this.#fineFor(onward, weight[otherAt + onward]!);
      }
      if (total > loss) continue;
      this.#move(job, to);
      this.#move(other, onward);
      this.#record();
    }
  }

  /** A bound on how much fine a double move can save. */
  #relief(from: number, to: number, net: number): number {
    const overFrom = this.load[from]! - this.#capacity[from]!;
    const overTo = net < 0 ? this.load[to]! - this.#capacity[to]! : 0;
    let relief = 0;
    if (overFrom > 0) relief -= overFrom * this.#fine[from]!;
    if (overTo > 0) relief -= overTo * this.#fine[to]!;
    return relief;
  }
}
