/** Exit codes of the command line; `sparegrid --help` prints this table. */

/** Why the process ended. */
export type ExitReason = 'ok' | 'failed' | 'input' | 'infeasible' | 'unavailable' | 'fault';

export const EXIT_CODES: Readonly<Record<ExitReason, number>> = {
  ok: 0,
  failed: 1,
  input: 2,
  infeasible: 3,
  unavailable: 69,
  fault: 70,
};

const MEANINGS: Readonly<Record<ExitReason, string>> = {
  ok: 'done',
  failed: 'refused by a hub, or what was asked for failed',
  input: 'bad input: command line or file; nothing was sent',
  infeasible: 'match: proven that a problem has no answer',
  unavailable: 'no hub answers',
  fault: 'a fault of the program',
};

export function exitCodesText(): string {
  const reasons = Object.keys(EXIT_CODES) as ExitReason[];
  const lines = reasons.map(
    (reason) => `  ${String(EXIT_CODES[reason]).padEnd(3)} ${MEANINGS[reason]}`,
  );
  return `Exit codes:\n${lines.join('\n')}`;
}
