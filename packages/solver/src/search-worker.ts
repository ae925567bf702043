/** A thread that runs the own search of the joint programme, one instance after the other. */
import { parentPort } from 'node:worker_threads';
import { checkAnswer } from '@sparegrid/core/joint/checker';
import type { JointInstance } from '@sparegrid/core/joint/instance';
import { fillFirst, type Objective } from '@sparegrid/core/joint/objective';
import { type JointOptions, type JointResult, solveJoint } from '@sparegrid/core/joint/solve';
import type { Warm } from '@sparegrid/core/joint/warm';
import { nowMs } from './clock.ts';
import type { FromThread } from './thread.ts';

export interface SearchQuestion {
  instance: JointInstance;
  objective: Objective;
  seed: number;
  iterations: number | null;
  warm: Warm | null;
  /** Moments of the shared clock; null: no limit of time. */
  time: { fromMs: number; untilMs: number } | null;
  /** Shared; not 0: end with the best answer so far. */
  stop: Int32Array;
}

parentPort?.on('message', (question: SearchQuestion) => {
  try {
    const answer = search(question);
    const { units, certificate } = answer;
    const columns = [units, certificate.pairPrices, certificate.lessorPrices];
    tell(
      { kind: 'answer', answer },
      columns.map(({ buffer }) => buffer as ArrayBuffer),
    );
  } catch (error) {
    tell({ kind: 'failed', detail: String(error instanceof Error ? error.stack : error) });
  }
});

function search(question: SearchQuestion): JointResult {
  const { instance, objective, seed, iterations, warm, time, stop } = question;
  const options: JointOptions = { objective, seed };
  if (warm) options.warm = warm;
  if (iterations !== null) options.iterations = iterations;
  if (time) {
    const { fromMs, untilMs } = time;
    options.timeShare = () => Math.min(1, (nowMs() - fromMs) / (untilMs - fromMs));
  }
  // Without any limit a number of iterations applies, which asking for the time would lift.
  if (time || iterations !== null) {
    options.timeIsUp = () =>
      Atomics.load(stop, 0) !== 0 || (time !== null && nowMs() >= time.untilMs);
  }
  const result = solveJoint(instance, options);
  const solved = objective === 'fill-first' ? (fillFirst(instance) ?? instance) : instance;
  const fault = checkAnswer(solved, result);
  if (fault) throw new Error(`broken invariant: ${fault.kind} ${fault.index}: ${fault.detail}`);
  return result;
}

function tell(message: FromThread<never, JointResult>, moved: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, moved);
}
