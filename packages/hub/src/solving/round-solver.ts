/** Solves the rounds of a hub off its loop, in a thread of the solver's. */
import type { SolverAnswer } from '@sparegrid/core/rounds/answer';
import type { SolveRequest } from '@sparegrid/core/rounds/round';
import { JointSolver } from '@sparegrid/solver/joint-solver';

/**
 * A hub has at most one round under way and shares its machine with its store: one thread, in which
 * the own search works alone. HiGHS would have nothing to do here: penalties of a round are beyond
 * what its floats tell apart.
 */
export class RoundSolver {
  readonly #solver = new JointSolver({ threads: 1 });
  readonly #onFault: (error: unknown) => void;
  #isClosed = false;

  /** @param onFault  told when a round could not be solved: it goes on without an answer. */
  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  /** Null: the solver failed. */
  async solve({ instance, start, ...request }: SolveRequest): Promise<SolverAnswer | null> {
    const { seed, iterations, solveMs } = request;
    const budget = iterations === null ? { seconds: solveMs / 1_000 } : { iterations };
    try {
      const { units, cost, lowerBound, certificate, ...result } = await this.#solver.solve(
        instance,
        { seed, start, ...budget },
      );
      const { lessorPrices } = certificate;
      return { units, cost, lowerBound, lessorPrices, iterations: result.iterations };
    } catch (error) {
      if (!this.#isClosed) this.#onFault(error);
      return null;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#solver.close();
  }
}
