/** Takes jobs out of overloaded agents until all loads fit: a first answer before any annealing. */
import type { Choices } from './choices.ts';
import type { GapLoads } from './loads.ts';

/** Steps per job at most; each lowers the overload. */
const STEPS_PER_JOB = 4;

/** One job to another agent, and perhaps one back. */
interface Step {
  job: number;
  to: number;
  back: number;
  /** Regret per unit of overload less. */
  price: number;
}

/** Notes an answer in the loads when it comes to one; none is no proof that there is none. */
export function repair(loads: GapLoads, choices: Choices): void {
  for (let step = 0; loads.over > 0 && step < STEPS_PER_JOB * loads.jobs; step++) {
    const from = leastRoom(loads);
    const next = bestMove(loads, choices, from) ?? bestSwap(loads, choices, from);
    if (!next) return;
    loads.move(next.job, next.to);
    if (next.back >= 0) loads.move(next.back, from);
  }
  loads.record();
}

function leastRoom({ room }: GapLoads): number {
  let least = 0;
  for (let j = 1; j < room.length; j++) if (room[j]! < room[least]!) least = j;
  return least;
}

/** A job that fits another agent, with the least regret for the overload it takes away. */
function bestMove(loads: GapLoads, { regret }: Choices, from: number): Step | undefined {
  const { agents, room, weight, members, count } = loads;
  let best: Step | undefined;
  for (let p = 0; p < count[from]!; p++) {
    const job = members[from]![p]!;
    const at = job * agents;
    const less = Math.min(weight[at + from]!, -room[from]!);
    if (less === 0) continue;
    for (let to = 0; to < agents; to++) {
      if (to === from || weight[at + to]! > room[to]!) continue;
      const price = (regret[at + to]! - regret[at + from]!) / less;
      if (!best || price < best.price) best = { job, to, back: -1, price };
    }
  }
  return best;
}

/** As a job that goes, but for a lighter one that comes back and makes it fit. */
function bestSwap(loads: GapLoads, { regret }: Choices, from: number): Step | undefined {
  const { agents, jobs, agent, room, weight, members, count } = loads;
  let best: Step | undefined;
  for (let p = 0; p < count[from]!; p++) {
    const job = members[from]![p]!;
    const at = job * agents;
    for (let back = 0; back < jobs; back++) {
      const to = agent[back]!;
      const other = back * agents;
      const lighter = weight[at + from]! - weight[other + from]!;
      if (to === from || lighter <= 0) continue;
      if (room[to]! + weight[other + to]! < weight[at + to]!) continue;
      const rise =
        regret[at + to]! - regret[at + from]! + regret[other + from]! - regret[other + to]!;
      const price = rise / Math.min(lighter, -room[from]!);
      if (!best || price < best.price) best = { job, to, back, price };
    }
  }
  return best;
}
