/** Faults that the core of the hub reports: the process must stop before it breaks a promise. */

/** `code` and `hint` are the core's own. */
export class HubFault extends Error {
  override readonly name = 'HubFault';
  readonly code: string;
  readonly hint: string;
  readonly retryable = false;

  constructor(code: string, hint: string) {
    super(`${code}: ${hint}`);
    this.code = code;
    this.hint = hint;
  }
}
