/**
 * Annealing by chains: a job leaves its agent, enters another and displaces a job there, and so on,
 * until the last one fits or takes the first one's place.
 *
 * The measure is the excess over the capacity bound: the regret of every job (its priced cost above
 * its least) plus, per agent, a price for room left empty and a fine for overload. Chains branch to
 * the few best continuations and are cut where they can no longer end below the accepted loss.
 */
import { acceptedLoss, type SeededRandom } from '../budget.ts';
import type { Choices } from './choices.ts';
import type { GapLoads } from './loads.ts';

const DEPTH = 5;
const BREADTH = 4;
/** Levels of the tree; the last one may still close a chain. */
const LEVELS = DEPTH + 1;

export class GapChains {
  readonly #loads: GapLoads;
  readonly #choices: Choices;
  readonly #random: SeededRandom;
  /** Per agent and unit: price of empty room, fine for overload. */
  readonly #price: Float64Array;
  readonly #fine: Float64Array;
  readonly #onPath: Uint8Array;
  // The chain being built and the best one found from the present start.
  readonly #job = new Int32Array(LEVELS + 1);
  readonly #to = new Int32Array(LEVELS + 1);
  readonly #bestJob = new Int32Array(LEVELS + 1);
  readonly #bestTo = new Int32Array(LEVELS + 1);
  #bestLength = 0;
  #bestSum = 0;
  // The agent the first job left: room without it and its excess before.
  #origin = 0;
  #hole = 0;
  #holeExcess = 0;
  #limit = 0;
  // The best continuations of each level, ascending by sum.
  readonly #nextJob = new Int32Array(LEVELS * BREADTH);
  readonly #nextTo = new Int32Array(LEVELS * BREADTH);
  readonly #nextSum = new Float64Array(LEVELS * BREADTH);
  readonly #kept = new Int32Array(LEVELS);

  constructor(loads: GapLoads, choices: Choices, random: SeededRandom) {
    this.#loads = loads;
    this.#choices = choices;
    this.#random = random;
    this.#price = new Float64Array(loads.agents);
    this.#fine = new Float64Array(loads.agents);
    this.#onPath = new Uint8Array(loads.agents);
  }

  /** How hard the loads are held: 1 prices empty room at its full worth, 0 lets loads go free. */
  hold(strength: number, fineFactor: number): void {
    for (let j = 0; j < this.#price.length; j++) {
      this.#price[j] = strength * this.#choices.price[j]!;
      this.#fine[j] = fineFactor * this.#price[j]!;
    }
  }

  anneal(steps: number, temperature: number): void {
    const { agents, jobs, agent, room, weight } = this.#loads;
    for (let step = 0; step < steps; step++) {
      const job = this.#random.below(jobs);
      const loss = acceptedLoss(this.#random, temperature);
      const origin = agent[job]!;
      this.#origin = origin;
      this.#holeExcess = this.#excess(origin, room[origin]!);
      this.#hole = room[origin]! + weight[job * agents + origin]!;
      this.#bestSum = loss;
      this.#bestLength = 0;
      // A closed chain can at best bring the first agent's excess to nothing.
      this.#limit = this.#holeExcess + loss;
      this.#onPath[origin] = 1;
      this.#extend(job, -this.#choices.regret[job * agents + origin]!, 0);
      this.#onPath[origin] = 0;
      if (this.#bestLength === 0) continue;
      for (let k = 0; k < this.#bestLength; k++) {
        this.#loads.move(this.#bestJob[k]!, this.#bestTo[k]!);
      }
      this.#loads.record();
    }
  }

  #excess(agent: number, room: number): number {
    return room >= 0 ? this.#price[agent]! * room : -this.#fine[agent]! * room;
  }

  /** Continues with `job` on its way; `sum` is the change so far, the first agent left out. */
  #extend(job: number, sum: number, level: number): void {
    const { agents, room, weight } = this.#loads;
    const { list, width, regret } = this.#choices;
    this.#job[level] = job;
    this.#kept[level] = 0;
    const without = this.#excess(this.#origin, this.#hole) - this.#holeExcess;
    for (let c = job * width, end = c + width; c < end; c++) {
      const to = list[c]!;
      if (this.#onPath[to]!) continue;
      const left = room[to]! - weight[job * agents + to]!;
      const entered = sum + regret[job * agents + to]! - this.#excess(to, room[to]!);
      if (entered >= this.#limit) continue;
      const stopped = entered + this.#excess(to, left) + without;
      if (stopped < this.#bestSum) this.#keep(stopped, level, to);
      this.#displace(to, left, entered, level);
    }
    if (level + 1 >= DEPTH) return;
    for (let k = level * BREADTH, end = k + this.#kept[level]!; k < end; k++) {
      const to = this.#nextTo[k]!;
      this.#to[level] = to;
      this.#onPath[to] = 1;
      this.#extend(this.#nextJob[k]!, this.#nextSum[k]!, level + 1);
      this.#onPath[to] = 0;
    }
  }

  /** Tries every job at `to` as the next one to go; `left` is the room with the newcomer in. */
  #displace(to: number, left: number, entered: number, level: number): void {
    const { agents, weight } = this.#loads;
    const { regret } = this.#choices;
    const origin = this.#origin;
    const [price, fine] = [this.#price[to]!, this.#fine[to]!];
    const [priceHole, fineHole] = [this.#price[origin]!, this.#fine[origin]!];
    const members = this.#loads.members[to]!;
    for (let p = 0, count = this.#loads.count[to]!; p < count; p++) {
      const other = members[p]!;
      const at = other * agents;
      const room = left + weight[at + to]!;
      const sum = entered - regret[at + to]! + (room >= 0 ? price * room : -fine * room);
      if (sum >= this.#limit) continue;
      const hole = this.#hole - weight[at + origin]!;
      const closed =
        sum +
        regret[at + origin]! -
        this.#holeExcess +
        (hole >= 0 ? priceHole * hole : -fineHole * hole);
      if (closed < this.#bestSum) {
        this.#keep(closed, level, to);
        this.#bestJob[level + 1] = other;
        this.#bestTo[level + 1] = origin;
        this.#bestLength = level + 2;
      }
      this.#offer(other, to, sum, level);
    }
  }

  /** Keeps a continuation if it is among the best of its level. */
  #offer(job: number, to: number, sum: number, level: number): void {
    const first = level * BREADTH;
    let k = first + this.#kept[level]!;
    if (k === first + BREADTH) {
      k--;
      if (sum >= this.#nextSum[k]!) return;
    } else this.#kept[level]!++;
    while (k > first && this.#nextSum[k - 1]! > sum) {
      this.#nextSum[k] = this.#nextSum[k - 1]!;
      this.#nextJob[k] = this.#nextJob[k - 1]!;
      this.#nextTo[k] = this.#nextTo[k - 1]!;
      k--;
    }
    this.#nextSum[k] = sum;
    this.#nextJob[k] = job;
    this.#nextTo[k] = to;
  }

  #keep(sum: number, level: number, to: number): void {
    this.#bestSum = sum;
    this.#bestLength = level + 1;
    for (let k = 0; k < level; k++) {
      this.#bestJob[k] = this.#job[k]!;
      this.#bestTo[k] = this.#to[k]!;
    }
    this.#bestJob[level] = this.#job[level]!;
    this.#bestTo[level] = to;
  }
}
