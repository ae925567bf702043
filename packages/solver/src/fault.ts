/** Faults of the solver: a thread failed, or nobody waits for the answer any more. */

/** Every fault code of this package with its meaning. */
export const SOLVER_FAULTS = {
  SOLVER_THREAD_LOST: 'A thread of the solver ended before it had an answer.',
  SOLVER_ABORTED: 'The solving was called off before there was an answer.',
  SOLVER_CLOSED: 'The solver was closed.',
} as const satisfies Record<string, string>;

export type SolverFaultCode = keyof typeof SOLVER_FAULTS;

/** Match it by `code`; `hint` says what to do. */
export class SolverFault extends Error {
  override readonly name = 'SolverFault';
  readonly code: SolverFaultCode;
  readonly hint: string;
  /** The next call may succeed: it gets a new thread. */
  readonly retryable: boolean;

  constructor(code: SolverFaultCode, hint: string, cause?: unknown) {
    super(SOLVER_FAULTS[code], cause === undefined ? {} : { cause });
    this.code = code;
    this.hint = hint;
    this.retryable = code === 'SOLVER_THREAD_LOST';
  }
}
