/** The two ways in which a call fails: the hub said no, or no hub answered. */
import { REFUSAL_CODES, type RefusalCode } from '@sparegrid/core/refusals';

/** The hub refused; nothing was changed. Match it by `code`. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly code: RefusalCode;
  /** Which field is meant, or what to do. */
  readonly hint: string;

  constructor(code: RefusalCode, hint: string) {
    super(`${code}: ${REFUSAL_CODES[code]} ${hint}`.trimEnd());
    this.code = code;
    this.hint = hint;
  }
}

/** Every code of {@link UnavailableError} with its meaning. */
export const SDK_FAULTS = {
  SDK_UNREACHABLE: 'No connection to the hub came about in time.',
  SDK_NO_ANSWER: 'The hub is connected but did not answer in time.',
  SDK_BAD_ANSWER: 'The answer of the hub does not belong to the question.',
  SDK_NOT_OPENED:
    'What the hub delivered does not open with the lessee’s key: it was altered, or is of another key.',
  SDK_NO_ANCHOR: 'Without the operator’s key no lessor’s key can be trusted.',
  SDK_CLOSED: 'The client was closed.',
} as const satisfies Record<string, string>;

export type SdkFaultCode = keyof typeof SDK_FAULTS;

/** Whether the request took effect is not known; asking again with a new request tells. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
  readonly code: SdkFaultCode;
  readonly hint: string;
  readonly retryable: boolean;

  constructor(code: SdkFaultCode, hint: string, options: { cause?: unknown } = {}) {
    super(`${code}: ${SDK_FAULTS[code]} ${hint}`.trimEnd(), options);
    this.code = code;
    this.hint = hint;
    this.retryable = code === 'SDK_UNREACHABLE' || code === 'SDK_NO_ANSWER';
  }
}
