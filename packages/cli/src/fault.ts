/** What the command line says when it cannot do as told: a stable code, a sentence, a hint, an exit code. */
import { REFUSAL_CODES, type Refusal, type RefusalCode } from '@sparegrid/core/refusals';
import { EXIT_CODES, type ExitReason } from './exit-codes.ts';

/** Every code that only the command line has, with its meaning; codes of hubs are core's and sdk's. */
export const CLI_FAULTS = {
  CLI_USAGE: 'The command line is wrong.',
  CLI_FILE_UNREADABLE: 'A file cannot be read.',
  CLI_FILE_EMPTY: 'A file is empty.',
  CLI_FILE_TOO_LARGE: 'A file is larger than allowed.',
  CLI_FILE_MALFORMED: 'A file does not have the stated form.',
  CLI_FILE_ALIAS: 'The file refers to itself or repeats parts by alias; write them out.',
  CLI_COLUMN_MISSING: 'A table lacks a column.',
  CLI_FIELD_UNKNOWN: 'A field of this name is not known here.',
  CLI_FIELD_MISSING: 'A field is missing.',
  CLI_FIELD_MALFORMED: 'A field does not have the stated form.',
  CLI_FIELD_RANGE: 'A field is outside its stated bounds.',
  CLI_DUPLICATE: 'A name is there twice.',
  CLI_NO_CONTEXT: 'No hub to talk to is chosen, or none of this name is known.',
  CLI_AMBIGUOUS: 'More than one thing begins like this.',
  CLI_FILE_UNWRITABLE: 'A file cannot be written.',
  CLI_NO_RESULT: 'There is no such result.',
  CLI_NO_HUB: 'No hub answers on this machine.',
  CLI_EXISTS: 'There is something already; nothing was overwritten.',
  CLI_NO_AGENT: 'No agent answers on this machine.',
  CLI_AGENT_REFUSED: 'The agent refused.',
  CLI_NO_DEVNET: 'There is no devnet here.',
  CLI_DEVNET_RUNS: 'A devnet of this directory runs already.',
  CLI_DEVNET_FAILED: 'The devnet did not come up.',
  CLI_DEMO_FAILED: 'The demonstration failed.',
  CLI_REPLAY_FAILED: 'The replay broke a promise of the market.',
} as const satisfies Record<string, string>;

export type CliFaultCode = keyof typeof CLI_FAULTS;

/** Match it by `code`; `hint` says where and what to do. */
export class CliFault extends Error {
  override readonly name = 'CliFault';
  readonly code: CliFaultCode;
  readonly hint: string;
  readonly exitCode: number;

  constructor(code: CliFaultCode, hint: string, reason: ExitReason = 'input', cause?: unknown) {
    super(CLI_FAULTS[code], cause === undefined ? {} : { cause });
    this.code = code;
    this.hint = hint;
    this.exitCode = EXIT_CODES[reason];
  }
}

/** Input that a hub would refuse, refused before it is sent; the code is the hub's. */
export class InputRefused extends Error {
  override readonly name = 'InputRefused';
  readonly code: RefusalCode;
  readonly hint: string;
  readonly exitCode = EXIT_CODES.input;

  constructor({ code, hint }: Refusal) {
    super(REFUSAL_CODES[code]);
    this.code = code;
    this.hint = hint;
  }
}
