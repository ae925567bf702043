/** Annealing over assignments of jobs to agents, overload allowed at a price. */
import { acceptedLoss, type SeededRandom } from '../budget.ts';
import type { GapInstance } from './instance.ts';
import type { JobRows } from './prices.ts';

declare const process: { env: Record<string, string> };
const DEPTH = Number(process.env.DEPTH ?? 8);
const SAMPLE = Number(process.env.SAMPLE ?? 24);
const SAMPLE_FILL = Number(process.env.SF ?? 48);
const SLACKEN = Number(process.env.SL ?? 1e9);

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
  /** Jobs that have the agent among their choices. */
  readonly #wantStart: Int32Array;
  readonly #wants: Int32Array;

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
    this.#wantStart = new Int32Array(agents + 1);
    for (const j of choices.list) this.#wantStart[j + 1]!++;
    for (let j = 0; j < agents; j++) this.#wantStart[j + 1]! += this.#wantStart[j]!;
    const next = this.#wantStart.slice(0, agents);
    this.#wants = new Int32Array(choices.list.length);
    for (let k = 0; k < choices.list.length; k++) {
      this.#wants[next[choices.list[k]!]!++] = Math.floor(k / choices.width);
    }
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

  /** `steps` chains at one temperature. */
  anneal(steps: number, temperature: number): void {
    const random = this.#random;
    const { jobs } = this.#instance;
    const width = this.#width;
    for (let step = 0; step < steps; step++) {
      const job = random.below(jobs);
      const to = this.#choices[job * width + random.below(width)]!;
      if (to === this.agent[job]!) continue;
      this.#chain(job, to, acceptedLoss(random, temperature));
    }
  }

  readonly #trail = new Int32Array(2 * 16);
  #pickJob = -1;
  #pickTo = -1;

  /** Moves `job`, then passes on what no longer fits or fills what became free; keeps the best stop. */
  #chain(job: number, to: number, loss: number): void {
    let from = this.agent[job]!;
    let target = to;
    let total = this.#changeOf(job, target);
    let length = 0;
    let bestTotal = Number.POSITIVE_INFINITY;
    let bestLength = 0;
    let next = job;
    for (;;) {
      this.#trail[2 * length] = next;
      this.#trail[2 * length + 1] = this.agent[next]!;
      length++;
      this.#move(next, target);
      if (total < bestTotal) {
        bestTotal = total;
        bestLength = length;
      }
      this.#record();
      if (length === DEPTH) break;
      const isOver = this.load[target]! > this.#capacity[target]!;
      const change = isOver ? this.#bestEjection(target, next) : this.#bestFill(from);
      if (this.#pickJob < 0 || total + change > Math.max(loss, bestTotal) + SLACKEN) break;
      total += change;
      next = this.#pickJob;
      if (isOver) target = this.#pickTo;
      else {
        target = from;
        from = this.agent[next]!;
      }
    }
    const keep = bestTotal <= loss ? bestLength : 0;
    while (length > keep) {
      length--;
      this.#move(this.#trail[2 * length]!, this.#trail[2 * length + 1]!);
    }
  }

  #changeOf(job: number, to: number): number {
    const from = this.agent[job]!;
    const at = job * this.#instance.agents;
    const { cost, weight } = this.#rows;
    return (
      cost[at + to]! -
      cost[at + from]! +
      this.#fineFor(from, -weight[at + from]!) +
      this.#fineFor(to, weight[at + to]!)
    );
  }

  /** The cheapest way to move one of the jobs at `agent` (other than `kept`) elsewhere. */
  #bestEjection(agent: number, kept: number): number {
    const { agents } = this.#instance;
    const { cost, weight } = this.#rows;
    const list = this.#jobsOf[agent]!;
    const count = this.#count[agent]!;
    const width = this.#width;
    const over = this.load[agent]! - this.#capacity[agent]!;
    const fineHere = this.#fine[agent]!;
    let best = Number.POSITIVE_INFINITY;
    this.#pickJob = -1;
    const tries = count < SAMPLE ? count : SAMPLE;
    let place = this.#random.below(count);
    for (let t = 0; t < tries; t++) {
      const job = list[place]!;
      if (++place === count) place = 0;
      if (job === kept) continue;
      const at = job * agents;
      const out = weight[at + agent]!;
      const gain = cost[at + agent]! + fineHere * (over < out ? over : out);
      for (let k = job * width, end = k + width; k < end; k++) {
        const to = this.#choices[k]!;
        if (to === agent) continue;
        let change = cost[at + to]! - gain;
        if (change >= best) continue;
        const room = this.#capacity[to]! - this.load[to]!;
        const into = weight[at + to]!;
        if (into > room) change += this.#fine[to]! * (room > 0 ? into - room : into);
        if (change >= best) continue;
        best = change;
        this.#pickJob = job;
        this.#pickTo = to;
      }
    }
    return best;
  }

  /** The cheapest job to bring into the room left at `agent`. */
  #bestFill(agent: number): number {
    const { agents } = this.#instance;
    const { cost, weight } = this.#rows;
    const start = this.#wantStart[agent]!;
    const count = this.#wantStart[agent + 1]! - start;
    const room = this.#capacity[agent]! - this.load[agent]!;
    let best = Number.POSITIVE_INFINITY;
    this.#pickJob = -1;
    if (room <= 0) return best;
    const tries = count < SAMPLE_FILL ? count : SAMPLE_FILL;
    let place = this.#random.below(count);
    for (let t = 0; t < tries; t++) {
      const job = this.#wants[start + place]!;
      if (++place === count) place = 0;
      const from = this.agent[job]!;
      if (from === agent) continue;
      const at = job * agents;
      let change = cost[at + agent]! - cost[at + from]!;
      const into = weight[at + agent]!;
      if (into > room) change += this.#fine[agent]! * (into - room);
      if (change >= best) {
        const over = this.load[from]! - this.#capacity[from]!;
        if (over <= 0) continue;
      }
      change += this.#fineFor(from, -weight[at + from]!);
      if (change >= best) continue;
      best = change;
      this.#pickJob = job;
    }
    return best;
  }
}
