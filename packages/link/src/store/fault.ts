/** Faults of the store: each names its cause by code and says what to do. */

/** Every fault code of the store with its meaning. */
export const STORE_FAULTS = {
  STORE_OPEN: 'The store cannot be opened, or is no store.',
  STORE_IN_USE: 'Another process has the store open.',
  STORE_OTHER_NODE: 'The store belongs to another node.',
  STORE_NEWER_SCHEMA: 'A later version of the program wrote the store.',
  STORE_NOT_DURABLE: 'The database is set up to lose what it acknowledged when it crashes.',
  STORE_COMMIT: 'A transaction was rejected: nothing of it is durable, the process must end.',
  STORE_FULL: 'The database has no room: nothing of the transaction is durable.',
  STORE_LOST: 'The database is gone or does not answer; a last transaction may be durable or not.',
  STORE_FENCED: 'Another process of this node took over; this one can change nothing any more.',
  STORE_CLOSED: 'The store was closed, or its worker is gone.',
} as const satisfies Record<string, string>;

export type StoreFaultCode = keyof typeof STORE_FAULTS;

/** Another start may go better, with nothing changed. */
const RETRYABLE: ReadonlySet<StoreFaultCode> = new Set(['STORE_IN_USE', 'STORE_LOST']);

/** Match it by `code`; `hint` says what to do. */
export class StoreFault extends Error {
  override readonly name = 'StoreFault';
  readonly code: StoreFaultCode;
  readonly hint: string;
  readonly retryable: boolean;

  constructor(code: StoreFaultCode, hint: string, cause?: unknown) {
    super(`${code}: ${STORE_FAULTS[code]} ${hint}`, cause === undefined ? {} : { cause });
    this.code = code;
    this.hint = hint;
    this.retryable = RETRYABLE.has(code);
  }
}
