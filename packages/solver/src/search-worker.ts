/** A thread that runs the own search of the joint programme, one instance after the other. */
import { parentPort } from 'node:worker_threads';
import { jointBound } from '@sparegrid/core/joint/bound';
import { checkAnswer } from '@sparegrid/core/joint/checker';
import { partOf } from '@sparegrid/core/joint/components';
import type { JointInstance } from '@sparegrid/core/joint/instance';
import { type JointOptions, type JointResult, solveJoint } from '@sparegrid/core/joint/solve';
import type { Warm } from '@sparegrid/core/joint/warm';
import { nowMs } from './clock.ts';
import { costOfOrder } from './cost.ts';
import { type Part, type Plan, planOf } from './plan.ts';
import type { FromThread } from './thread.ts';

export interface SearchQuestion {
  /** Its penalties are those of the objective already. */
  instance: JointInstance;
  /** Only these orders and their lessors; null: all. */
  orders: Int32Array | null;
  seed: number;
  iterations: number | null;
  warm: Warm | null;
  start: Int32Array | null;
  /** Moments of the shared clock; null: no limit of time. */
  time: { fromMs: number; untilMs: number } | null;
  /** Tell what HiGHS can do before searching, and leave it the time for it. */
  isPlanned: boolean;
  /** Shared; not 0: end with the best answer so far. */
  stop: Int32Array;
}

export interface SearchAnswer {
  result: JointResult;
  /** Of each part of the plan: what it costs in the result, and the bound that the prices prove. */
  parts: { cost: number; bound: number }[];
}

/** Share of the time after which the better answer of both is searched around. */
const WHOLE_SHARE = 0.6;
/** Share of the time after which HiGHS goes on, part by part. */
const PARTS_SHARE = 0.25;
/** The search ends earlier by this: its answer has to be laid out and checked. */
const TAIL_MS = { pair: 0.0006, capacity: 0.00008 };

parentPort?.on('message', (question: SearchQuestion) => {
  try {
    const answer = answerTo(question);
    const { units, certificate } = answer.result;
    const columns = [units, certificate.pairPrices, certificate.lessorPrices];
    tell(
      { kind: 'answer', answer },
      columns.map(({ buffer }) => buffer as ArrayBuffer),
    );
  } catch (error) {
    tell({ kind: 'failed', detail: String(error instanceof Error ? error.stack : error) });
  }
});

function answerTo(question: SearchQuestion): SearchAnswer {
  const { instance: whole, orders } = question;
  const instance = orders ? partOf(whole, orders).instance : whole;
  if (!question.isPlanned) return { result: search(instance, question), parts: [] };
  const plan = planOf(instance);
  tell({ kind: 'news', news: plan });
  const result = search(instance, { ...question, time: timeFor(plan, question) });
  return { result, parts: plan.kind === 'parts' ? partsOf(instance, result, plan.parts) : [] };
}

/** All of it, unless there is more to do with the answer. */
function timeFor(plan: Plan, { time, instance }: SearchQuestion): SearchQuestion['time'] {
  if (!time || plan.kind === 'none') return time;
  let share = WHOLE_SHARE;
  if (plan.kind === 'parts') {
    const rest = plan.parts.find(({ by }) => by === 'search');
    if (rest && 2 * rest.orders.length > instance.orders) return time;
    share = PARTS_SHARE;
  }
  return { fromMs: time.fromMs, untilMs: time.fromMs + share * (time.untilMs - time.fromMs) };
}

function search(
  instance: JointInstance,
  { seed, iterations, warm, start, time, stop }: SearchQuestion,
): JointResult {
  const options: JointOptions = { seed };
  if (warm) options.warm = warm;
  if (start) options.start = start;
  if (iterations !== null) options.iterations = iterations;
  const tailMs =
    TAIL_MS.pair * instance.lessor.length + TAIL_MS.capacity * instance.capacity.length;
  const untilMs = time ? time.untilMs - tailMs : Number.POSITIVE_INFINITY;
  if (time) {
    const { fromMs } = time;
    options.timeShare = () => Math.min(1, (nowMs() - fromMs) / (untilMs - fromMs));
  }
  // Without any limit a number of iterations applies, which asking for the time would lift.
  if (time || iterations !== null) {
    options.timeIsUp = () => Atomics.load(stop, 0) !== 0 || nowMs() >= untilMs;
  }
  const result = solveJoint(instance, options);
  const fault = checkAnswer(instance, result);
  if (fault) throw new Error(`broken invariant: ${fault.kind} ${fault.index}: ${fault.detail}`);
  return result;
}

/** Parts share no lessor: cost and bound are sums over them. */
function partsOf(
  instance: JointInstance,
  { units, certificate }: JointResult,
  parts: readonly Part[],
): SearchAnswer['parts'] {
  const { orderValue, lessorValue } = jointBound(instance, certificate);
  const isCounted = new Uint8Array(instance.lessors);
  return parts.map(({ orders }) => {
    let cost = 0;
    let bound = 0;
    for (const i of orders) {
      cost += costOfOrder(instance, units, i);
      bound += orderValue[i]!;
      for (let e = instance.first[i]!; e < instance.first[i + 1]!; e++) {
        const j = instance.lessor[e]!;
        if (isCounted[j] === 1) continue;
        isCounted[j] = 1;
        bound -= lessorValue[j]!;
      }
    }
    return { cost, bound: Math.ceil(bound) };
  });
}

function tell(message: FromThread<Plan, SearchAnswer>, moved: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, moved);
}
