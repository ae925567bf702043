/** Says why a command failed: one line with the code, one with the hint, and the exit code. */
import { REFUSAL_CODES, type RefusalCode } from '@sparegrid/core/refusals';
import { CONFIG_FAULTS, ConfigFault } from '@sparegrid/link/daemon/config-fault';
import { LINK_FAULTS, LinkFault } from '@sparegrid/link/fault';
import {
  RefusedError,
  SDK_FAULTS,
  type SdkFaultCode,
  UnavailableError,
} from '@sparegrid/sdk/errors';
import { SolverFault } from '@sparegrid/solver/fault';
import { CommanderError } from 'commander';
import { EXIT_CODES, type ExitReason } from './exit-codes.ts';
import { CLI_FAULTS, CliFault, InputRefused } from './fault.ts';
import { asTyped } from './output/as-typed.ts';
import { printable } from './output/printable.ts';
import { whyUnwritable } from './unwritable.ts';
import { UsageError } from './usage-error.ts';

export interface Failure {
  code: string;
  text: string;
  hint: string;
  exitCode: number;
}

/** Of refusals that name nobody but the one who asked: what that one can do. */
const WHO_TO_ASK: Partial<Record<RefusalCode, string>> = {
  LINK_SIGNATURE: 'the hub knows another key than that of your context, see sparegrid context ls.',
  LINK_UNKNOWN_SENDER: 'the hub has admitted nobody of this name, see sparegrid context ls.',
};

const REASON_OF: Readonly<Record<SdkFaultCode, ExitReason>> = {
  SDK_UNREACHABLE: 'unavailable',
  SDK_NO_ANSWER: 'unavailable',
  // Whatever is there, it is not that hub.
  SDK_BAD_ANSWER: 'unavailable',
  SDK_NOT_OPENED: 'failed',
  SDK_NO_ANCHOR: 'input',
  SDK_CLOSED: 'fault',
};

/** What to tell of an error, whatever it is; null when there is nothing to tell (help was shown). */
export function failureOf(error: unknown): Failure | null {
  if (error instanceof CliFault || error instanceof InputRefused) {
    const { code, message, hint, exitCode } = error;
    return { code, text: message, hint, exitCode };
  }
  if (error instanceof RefusedError) {
    const { code, hint } = error;
    return told(
      code,
      REFUSAL_CODES[code],
      [hint, WHO_TO_ASK[code]].filter(Boolean).join(': '),
      'failed',
    );
  }
  if (error instanceof UnavailableError) {
    const start = 'A devnet is started by: sparegrid devnet up -d';
    const hint = error.code === 'SDK_UNREACHABLE' ? `${error.hint} ${start}` : error.hint;
    return told(error.code, SDK_FAULTS[error.code], hint, REASON_OF[error.code]);
  }
  if (error instanceof UsageError) return told('CLI_USAGE', error.message, error.hint, 'input');
  // Help or the version was shown.
  if (error instanceof CommanderError) return null;
  if (error instanceof ConfigFault) {
    return told(error.code, CONFIG_FAULTS[error.code], error.hint, 'input');
  }
  if (error instanceof LinkFault) {
    const reason = error.retryable ? 'unavailable' : 'input';
    return told(error.code, LINK_FAULTS[error.code], error.hint, reason);
  }
  if (error instanceof SolverFault) return told(error.code, error.message, error.hint, 'fault');
  const unwritable = unwritableBy(error);
  if (unwritable) return unwritable;
  const text = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return told('CLI_FAULT', text, `Please report this. ${stack}`, 'fault');
}

const WRITING = ['open', 'write', 'rename', 'unlink', 'copyfile'];

/** A folder or file that could not be made or written: nothing to report to us. */
function unwritableBy(error: unknown): Failure | null {
  if (!(error instanceof Error)) return null;
  const { code = '', syscall = '', path = 'a file' }: NodeJS.ErrnoException = error;
  const isWriting = syscall === 'mkdir' || (WRITING.includes(syscall) && code !== 'ENOENT');
  const why = whyUnwritable(code);
  if (why === undefined || !isWriting) return null;
  return told('CLI_FILE_UNWRITABLE', CLI_FAULTS.CLI_FILE_UNWRITABLE, `${path}: ${why}.`, 'input');
}

function told(code: string, text: string, hint: string, reason: ExitReason): Failure {
  return { code, text, hint, exitCode: EXIT_CODES[reason] };
}

export function failureText({ code, text, hint }: Failure): string {
  return `error ${code}: ${printable(text)}\nhint: ${printable(asTyped(hint)) || 'none'}\n`;
}
