/** A thread that solves one joint programme after the other. */
import { parentPort } from 'node:worker_threads';
import { solveJoint } from '@sparegrid/core/joint/solve';
import type { SolveRequest } from '@sparegrid/core/rounds/round';

export interface ToWorker {
  id: number;
  request: SolveRequest;
}

parentPort?.on('message', ({ id, request }: ToWorker) => {
  const { instance, seed, iterations, solveMs } = request;
  const startMs = performance.now();
  const timeShare = () => Math.min(1, (performance.now() - startMs) / solveMs);
  const result = solveJoint(instance, {
    seed,
    ...(iterations !== null && { iterations }),
    ...(iterations === null && { timeShare, timeIsUp: () => timeShare() >= 1 }),
  });
  const { units, cost, lowerBound, certificate } = result;
  const { lessorPrices } = certificate;
  const answer = { units, cost, lowerBound, lessorPrices, iterations: result.iterations };
  parentPort?.postMessage({ id, answer }, [units.buffer as ArrayBuffer]);
});
