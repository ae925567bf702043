/** Figures of a round: what its answer costs, what any answer costs at least, and how far apart. */
import type { Micro } from '../units/money.ts';
import type { Answered, SolverAnswer } from './answer.ts';
import type { Compiled } from './compile.ts';
import { unitsOf } from './instance.ts';
import type { RoundOrder, Wishes } from './market.ts';
import type { RoundReport } from './report.ts';
import type { JointRound } from './round.ts';

/** Of the programme, in its own numbers; the bound is the solver's. */
export interface Objective {
  cost: number;
  lowerBound: number;
}

const FAULT_LENGTH_MOST = 200;

/** Null without a sound answer of a solver: there is no bound then. */
export function objectiveOf(
  { programme: { instance } }: Compiled,
  { filled, fault }: Answered,
  answer: SolverAnswer | null,
): Objective | null {
  if (!answer || fault !== null) return null;
  const { lowerBound } = answer;
  const { orders, first, need, penalty, unitCost } = instance;
  const units = unitsOf(instance, filled);
  let cost = 0;
  for (let i = 0; i < orders; i += 1) {
    let missing = need[i] as number;
    for (let e = first[i] as number; e < (first[i + 1] as number); e += 1) {
      missing -= units[e] as number;
      cost += (units[e] as number) * (unitCost[e] as number);
    }
    cost += (missing * (penalty[i] as number)) / (need[i] as number);
  }
  return { cost: Math.max(cost, lowerBound), lowerBound };
}

/** What one order could pay at least for its smallest count with nobody else there. */
export function leastCost({ want }: RoundOrder, wishes: Wishes | undefined): Micro | null {
  if (!wishes || wishes.lot.length === 0) return null;
  const byCost = Array.from(wishes.cost, (_, k) => k).sort(
    (a, b) => (wishes.cost[a] as number) - (wishes.cost[b] as number),
  );
  let missing = want.min;
  let sum = 0n;
  for (const k of byCost) {
    const taken = Math.min(missing, wishes.replicas[k] as number);
    sum += BigInt(wishes.cost[k] as number) * BigInt(taken);
    missing -= taken;
    if (missing === 0) return sum;
  }
  return null;
}

export function reportOf(round: JointRound, objective: Objective | null): RoundReport | null {
  const { answered, compiled } = round;
  if (!answered || !compiled) return null;
  const { filled, used, fault } = answered;
  const { quantum } = compiled.programme;
  const micro = (figure: number): Micro => BigInt(Math.round(figure)) * BigInt(quantum);
  return {
    round: round.number,
    orders: round.orders.length,
    filled: filled.parts.filter((parts) => parts.length > 0).length,
    replicas: filled.replicas.reduce((sum, one) => sum + one, 0),
    used,
    fault: fault?.slice(0, FAULT_LENGTH_MOST) ?? null,
    costMicro: filled.costMicro.reduce((sum, one) => sum + one, 0n),
    objectiveMicro: objective && micro(objective.cost),
    boundMicro: objective && micro(objective.lowerBound),
    gapPpm: objective && gapPpm(objective),
    lost: 0,
    ms: 0,
    solveMs: round.solveMs,
  };
}

function gapPpm({ cost, lowerBound }: Objective): number {
  if (cost <= lowerBound) return 0;
  return Math.round((1_000_000 * (cost - lowerBound)) / Math.max(1, cost));
}
