/** Reads a file of numbers between white space; every refusal names file, line and number. */
import { CliFault } from '../fault.ts';
import { isSpace, lineAt, readBytes } from './file-bytes.ts';

const TOKEN_LENGTH_MAX = 40;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

export interface NumberBounds {
  max: number;
  /** 0 when left out. */
  min?: number;
  /** Whole unless `decimal` is true. */
  decimal?: true;
}

export class NumberScanner {
  readonly #file: string;
  readonly #bytes: Buffer;
  #at = 0;
  #tokenAt = 0;

  /** @throws as {@link readBytes} */
  constructor(file: string) {
    this.#file = file;
    this.#bytes = readBytes(file);
  }

  /**
   * The next number; `what` names it in refusals.
   *
   * @throws CliFault CLI_FIELD_MISSING, CLI_FIELD_MALFORMED, CLI_FIELD_RANGE
   */
  next(what: string, bounds: NumberBounds): number {
    const value = this.#whole() ?? this.#other(what);
    if (bounds.decimal !== true && !Number.isInteger(value)) {
      throw this.fault('CLI_FIELD_MALFORMED', what, `expected a whole number, got ${value}`);
    }
    const { min = 0, max } = bounds;
    if (value >= min && value <= max) return value;
    throw this.fault('CLI_FIELD_RANGE', what, `expected ${min} to ${max}, got ${value}`);
  }

  /** @throws as {@link next} */
  fill<T extends Float64Array | Int32Array>(column: T, what: string, bounds: NumberBounds): T {
    for (let at = 0; at < column.length; at += 1) column[at] = this.next(`${what} ${at}`, bounds);
    return column;
  }

  /** @throws CliFault CLI_FILE_MALFORMED when anything is left. */
  end(): void {
    this.#skipSpace();
    if (this.#at === this.#bytes.length) return;
    this.#tokenAt = this.#at;
    const hint = `${this.#file}, line ${this.#line()}: more than the stated numbers.`;
    throw new CliFault('CLI_FILE_MALFORMED', hint);
  }

  /** A refusal of the number that was read last. */
  fault(
    code: 'CLI_FIELD_MALFORMED' | 'CLI_FIELD_RANGE' | 'CLI_FIELD_MISSING',
    what: string,
    text: string,
  ): CliFault {
    return new CliFault(code, `${this.#file}, line ${this.#line()}, ${what}: ${text}.`);
  }

  /** Up to 15 digits and nothing else: nearly every number, without making a string of it. */
  #whole(): number | undefined {
    this.#skipSpace();
    this.#tokenAt = this.#at;
    const bytes = this.#bytes;
    let value = 0;
    let at = this.#at;
    for (; at < bytes.length; at += 1) {
      const digit = (bytes[at] as number) - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const digits = at - this.#at;
    if (digits === 0 || digits > 15 || !(at === bytes.length || isSpace(bytes[at] as number))) {
      return undefined;
    }
    this.#at = at;
    return value;
  }

  #other(what: string): number {
    const bytes = this.#bytes;
    let end = this.#tokenAt;
    while (end < bytes.length && !isSpace(bytes[end] as number)) end += 1;
    if (end === this.#tokenAt) {
      throw this.fault('CLI_FIELD_MISSING', what, 'the file ends before it');
    }
    const text = bytes.toString(
      'latin1',
      this.#tokenAt,
      Math.min(end, this.#tokenAt + TOKEN_LENGTH_MAX),
    );
    if (end - this.#tokenAt >= TOKEN_LENGTH_MAX || !NUMBER.test(text)) {
      throw this.fault('CLI_FIELD_MALFORMED', what, `expected a number, got '${text}'`);
    }
    this.#at = end;
    return Number(text);
  }

  #skipSpace(): void {
    const bytes = this.#bytes;
    while (this.#at < bytes.length && isSpace(bytes[this.#at] as number)) this.#at += 1;
  }

  #line(): number {
    return lineAt(this.#bytes, this.#tokenAt);
  }
}
