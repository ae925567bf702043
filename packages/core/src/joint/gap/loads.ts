/** One assignment of jobs to agents with its loads, kept up to date move by move. */
import type { GapInstance } from './instance.ts';
import type { JobRows } from './prices.ts';

export class GapLoads {
  readonly agents: number;
  readonly jobs: number;
  /** Job-major, see JobRows. */
  readonly cost: Int32Array;
  readonly weight: Int32Array;
  /** Per job. */
  readonly agent: Int32Array;
  /** Per agent: capacity less load; negative when overloaded. */
  readonly room: Float64Array;
  /** The jobs of each agent, the first `count[agent]` entries. */
  readonly members: Int32Array[];
  readonly count: Int32Array;
  total = 0;
  /** Sum of the overloads. */
  over = 0;
  /** The cheapest assignment without overload so far. */
  readonly best: Int32Array;
  bestTotal = Number.POSITIVE_INFINITY;
  readonly #place: Int32Array;
  readonly #capacity: Int32Array;

  constructor(instance: GapInstance, rows: JobRows) {
    const { agents, jobs, capacity } = instance;
    this.agents = agents;
    this.jobs = jobs;
    this.cost = rows.cost;
    this.weight = rows.weight;
    this.agent = new Int32Array(jobs);
    this.best = new Int32Array(jobs);
    this.room = new Float64Array(agents);
    this.members = Array.from({ length: agents }, () => new Int32Array(16));
    this.count = new Int32Array(agents);
    this.#place = new Int32Array(jobs);
    this.#capacity = capacity;
  }

  start(agent: Int32Array): void {
    this.count.fill(0);
    this.room.set(this.#capacity);
    this.total = 0;
    this.over = 0;
    for (let i = 0; i < this.jobs; i++) {
      const to = agent[i]!;
      this.agent[i] = to;
      this.total += this.cost[i * this.agents + to]!;
      this.#addLoad(to, this.weight[i * this.agents + to]!);
      this.#enter(i, to);
    }
    this.record();
  }

  move(job: number, to: number): void {
    const from = this.agent[job]!;
    const at = job * this.agents;
    this.total += this.cost[at + to]! - this.cost[at + from]!;
    this.#addLoad(from, -this.weight[at + from]!);
    this.#addLoad(to, this.weight[at + to]!);
    this.#leave(job, from);
    this.#enter(job, to);
    this.agent[job] = to;
  }

  record(): void {
    if (this.over > 0 || this.total >= this.bestTotal) return;
    this.bestTotal = this.total;
    this.best.set(this.agent);
  }

  #addLoad(agent: number, weight: number): void {
    const before = this.room[agent]!;
    const after = before - weight;
    this.room[agent] = after;
    this.over += (before < 0 ? before : 0) - (after < 0 ? after : 0);
  }

  #enter(job: number, agent: number): void {
    const count = this.count[agent]!++;
    let list = this.members[agent]!;
    if (count === list.length) {
      list = new Int32Array(2 * count);
      list.set(this.members[agent]!);
      this.members[agent] = list;
    }
    list[count] = job;
    this.#place[job] = count;
  }

  #leave(job: number, agent: number): void {
    const list = this.members[agent]!;
    const last = list[--this.count[agent]!]!;
    list[this.#place[job]!] = last;
    this.#place[last] = this.#place[job]!;
  }
}
