/** The knapsack of one partly used lessor: states grow outward from the break of its relaxation. */
import type { Incumbent } from './incumbent.ts';
import type { Core, Knapsack } from './knapsack-bounds.ts';
import {
  type Completion,
  completedCost,
  FlipTree,
  type Remaining,
  StateList,
  stateBound,
} from './knapsack-lists.ts';
import type { Lessors } from './relaxation.ts';
import type { SinkLimits } from './sink-instance.ts';

export const STATES_MAX = 40_000_000;
/** How many merges between two looks at the clock are worth it. */
const STATES_PER_LOOK = 65_536;

export class PartialSearch {
  states = 0;
  /** True once a limit stopped a knapsack before its end. */
  stopped = false;
  /** What an unseen set of the stopped knapsack costs at least. */
  stoppedBound = Number.POSITIVE_INFINITY;
  readonly #lessors: Lessors;
  readonly #incumbent: Incumbent;
  readonly #limits: SinkLimits;
  readonly #tree = new FlipTree();
  #list = new StateList();
  #spare = new StateList();
  #bestNode = -1;
  #lookAt = STATES_PER_LOOK;

  constructor(lessors: Lessors, incumbent: Incumbent, limits: SinkLimits) {
    this.#lessors = lessors;
    this.#incumbent = incumbent;
    this.#limits = limits;
  }

  /** Solves the knapsack as far as it can be better than the incumbent, which it improves. */
  solve(core: Core, knapsack: Knapsack): void {
    const { completion } = knapsack;
    this.#tree.clear();
    this.#bestNode = -1;
    const list = this.#list;
    list.size = 1;
    list.weight[0] = knapsack.weight;
    list.cost[0] = knapsack.cost;
    list.node[0] = 0;
    this.#offer(completedCost(completion, knapsack.weight, knapsack.cost), 0);
    this.#grow(core, knapsack);
    if (this.#bestNode >= 0) this.#write(core, knapsack);
  }

  /** Takes in members after the break and drops ones before it, by turns, until no state is left. */
  #grow(core: Core, knapsack: Knapsack): void {
    const { members } = core;
    const { rate } = this.#lessors;
    const { completion, split } = knapsack;
    let right = this.#next(core, knapsack, split, 1);
    let left = this.#next(core, knapsack, split - 1, -1);
    const remaining = (): Remaining => ({
      add: right < members.length ? (rate[members[right] as number] as number) : Infinity,
      drop: left >= 0 ? (rate[members[left] as number] as number) : 0,
    });
    while (this.#list.size > 0 && (left >= 0 || right < members.length)) {
      if (this.#mustStop()) {
        this.#noteStop(completion, remaining());
        return;
      }
      if (right < members.length) {
        const lessor = members[right] as number;
        right = this.#next(core, knapsack, right + 1, 1);
        this.#flip(completion, remaining(), lessor, 1);
      }
      if (left >= 0) {
        const lessor = members[left] as number;
        left = this.#next(core, knapsack, left - 1, -1);
        this.#flip(completion, remaining(), lessor, -1);
      }
    }
  }

  /** The next member from `place` on whose flip alone does not already cost too much. */
  #next({ members }: Core, knapsack: Knapsack, place: number, step: 1 | -1): number {
    const { capacity, fullCost } = this.#lessors;
    const { price, bound, partial } = knapsack;
    const room = this.#incumbent.cut - bound;
    let at = place;
    for (; at >= 0 && at < members.length; at += step) {
      const lessor = members[at] as number;
      if (!this.#isOpen(lessor, partial)) continue;
      const reduced = (fullCost[lessor] as number) - price * (capacity[lessor] as number);
      if (Math.abs(reduced) < room) break;
    }
    return at;
  }

  /** Merges the list with itself moved by one lessor; both are in descending order of weight. */
  #flip(completion: Completion, remaining: Remaining, lessor: number, sign: 1 | -1): void {
    const from = this.#list;
    const into = this.#spare;
    const size = from.size;
    into.reserve(2 * size);
    const weightStep = sign * (this.#lessors.capacity[lessor] as number);
    const costStep = sign * (this.#lessors.fullCost[lessor] as number);
    const incumbent = this.#incumbent;
    let kept = 0;
    let lowest = Number.POSITIVE_INFINITY;
    let stay = 0;
    let move = 0;
    while (stay < size || move < size) {
      const stayWeight = stay < size ? (from.weight[stay] as number) : Number.NEGATIVE_INFINITY;
      const moveWeight =
        move < size ? (from.weight[move] as number) + weightStep : Number.NEGATIVE_INFINITY;
      let moves = moveWeight > stayWeight;
      if (moveWeight === stayWeight) {
        moves = (from.cost[move] as number) + costStep < (from.cost[stay] as number);
      }
      const at = moves ? move++ : stay++;
      const weight = moves ? moveWeight : stayWeight;
      const cost = (from.cost[at] as number) + (moves ? costStep : 0);
      if (cost >= lowest) continue;
      lowest = cost;
      const keep = stateBound(completion, remaining, weight, cost) < incumbent.cut;
      const whole = moves ? completedCost(completion, weight, cost) : Number.POSITIVE_INFINITY;
      if (!keep && whole >= incumbent.cut) continue;
      let node = from.node[at] as number;
      if (moves) node = this.#tree.add(node, lessor);
      this.#offer(whole, node);
      if (!keep) continue;
      into.weight[kept] = weight;
      into.cost[kept] = cost;
      into.node[kept] = node;
      kept += 1;
    }
    into.size = kept;
    this.states += size;
    [this.#list, this.#spare] = [into, from];
  }

  #offer(whole: number, node: number): void {
    if (whole >= this.#incumbent.cost) return;
    this.#incumbent.improve(whole);
    this.#bestNode = node;
  }

  #write({ members, taken }: Core, { partial, split }: Knapsack): void {
    const flips = this.#tree.flipsOf(this.#bestNode);
    // Against "nothing is taken": the certain ones, the taken side of the break, then the flips.
    const full = new Set<number>();
    for (let at = 0; at < taken.length; at += 1) if (taken[at] === 1) full.add(at);
    for (let at = 0; at < split; at += 1) {
      const lessor = members[at] as number;
      if (this.#isOpen(lessor, partial)) full.add(lessor);
    }
    for (const lessor of flips) {
      if (!full.delete(lessor)) full.add(lessor);
    }
    full.delete(partial);
    this.#incumbent.found = { partial, prefix: 0, flips: [...full] };
  }

  #isOpen(lessor: number, partial: number): boolean {
    const { unitCost } = this.#lessors;
    return lessor !== partial && (unitCost[lessor] as number) <= (unitCost[partial] as number);
  }

  #mustStop(): boolean {
    if (this.#incumbent.isProven) return true;
    if (this.states > (this.#limits.statesMax ?? STATES_MAX)) return true;
    if (this.states < this.#lookAt) return false;
    this.#lookAt = this.states + STATES_PER_LOOK;
    return this.#limits.timeIsUp?.() ?? false;
  }

  #noteStop(completion: Completion, remaining: Remaining): void {
    this.stopped = true;
    const { weight, cost, size } = this.#list;
    for (let at = 0; at < size; at += 1) {
      const bound = stateBound(completion, remaining, weight[at] as number, cost[at] as number);
      this.stoppedBound = Math.min(this.stoppedBound, bound);
    }
  }
}
