/** Reads one flat JSON object of texts, numbers and columns of numbers, straight into columns. */
import { CliFault, type CliFaultCode } from '../fault.ts';
import { isSpace, lineAt, readBytes } from './file-bytes.ts';

const QUOTE = 34;
const COMMA = 44;
const LETTER_N = 110;
const TEXT_LENGTH_MAX = 64;
const COLUMN_START = 1_024;

/** Where a column has `null`. */
export const NOTHING = -1;

interface Field {
  /** Of its value. */
  offset: number;
  value: string | number | Float64Array;
}

/**
 * The fields of the object. Numbers are whole and from 0 to 2^53 - 1; a column may have `null`,
 * which becomes {@link NOTHING}. Each number of a column takes eight bytes, whatever its text.
 */
export class ColumnJson {
  readonly #file: string;
  readonly #bytes: Buffer;
  readonly #fields = new Map<string, Field>();
  #at = 0;

  /** @throws CliFault CLI_FILE_MALFORMED, CLI_FIELD_MALFORMED, CLI_DUPLICATE; as readBytes */
  constructor(file: string) {
    this.#file = file;
    this.#bytes = readBytes(file);
    this.#expect('{');
    do this.#readField();
    while (this.#take(COMMA));
    this.#expect('}');
    this.#skipSpace();
    if (this.#at < this.#bytes.length) throw this.#malformed('expected the end of the file');
  }

  /** @throws CliFault CLI_FIELD_UNKNOWN for every field that is not named here. */
  allow(known: readonly string[]): void {
    for (const [name, { offset }] of this.#fields) {
      if (known.includes(name)) continue;
      throw this.#faultAt('CLI_FIELD_UNKNOWN', offset, name, `known are ${known.join(', ')}`);
    }
  }

  has(name: string): boolean {
    return this.#fields.has(name);
  }

  text(name: string): string {
    const { value } = this.#field(name);
    if (typeof value === 'string') return value;
    throw this.fault('CLI_FIELD_MALFORMED', name, 'expected a text');
  }

  number(name: string, min: number, max: number): number {
    const { value } = this.#field(name);
    if (typeof value !== 'number') {
      throw this.fault('CLI_FIELD_MALFORMED', name, 'expected a whole number');
    }
    if (value >= min && value <= max) return value;
    throw this.fault('CLI_FIELD_RANGE', name, `expected ${min} to ${max}, got ${value}`);
  }

  /** A column of exactly `length` numbers; `null` only where `orNull` says so. */
  column(
    name: string,
    length: number,
    { min = 0, max, orNull = false }: ColumnBounds,
  ): Float64Array {
    const { value } = this.#field(name);
    if (!(value instanceof Float64Array)) {
      throw this.fault('CLI_FIELD_MALFORMED', name, 'expected a list of whole numbers');
    }
    if (value.length !== length) {
      const text = `expected ${length} numbers, got ${value.length}`;
      throw this.fault('CLI_FIELD_MALFORMED', name, text);
    }
    for (let at = 0; at < length; at += 1) {
      const number = value[at] as number;
      if (number >= min && number <= max) continue;
      if (number !== NOTHING) {
        throw this.faultIn('CLI_FIELD_RANGE', name, at, `expected ${min} to ${max}, got ${number}`);
      }
      if (!orNull) throw this.faultIn('CLI_FIELD_MALFORMED', name, at, 'expected a whole number');
    }
    return value;
  }

  fault(code: CliFaultCode, name: string, text: string): CliFault {
    return this.#faultAt(code, this.#field(name).offset, name, text);
  }

  /** A refusal of one number of a column: its line is found by reading the column again. */
  faultIn(code: CliFaultCode, name: string, index: number, text: string): CliFault {
    let at = this.#field(name).offset;
    for (let comma = 0; comma < index; comma += 1) at = this.#bytes.indexOf(COMMA, at) + 1;
    if (index === 0) at += 1;
    while (isSpace(this.#bytes[at] as number)) at += 1;
    return this.#faultAt(code, at, `${name}[${index}]`, text);
  }

  #field(name: string): Field {
    const found = this.#fields.get(name);
    if (found) return found;
    throw new CliFault('CLI_FIELD_MISSING', `${this.#file}: no field ${name}.`);
  }

  #faultAt(code: CliFaultCode, offset: number, name: string, text: string): CliFault {
    const line = lineAt(this.#bytes, offset);
    return new CliFault(code, `${this.#file}, line ${line}, ${name}: ${text}.`);
  }

  #malformed(text: string): CliFault {
    const line = lineAt(this.#bytes, this.#at);
    return new CliFault('CLI_FILE_MALFORMED', `${this.#file}, line ${line}: ${text}.`);
  }

  #readField(): void {
    const name = this.#readText();
    if (this.#fields.has(name)) {
      throw this.#faultAt('CLI_DUPLICATE', this.#at, name, 'it was there before');
    }
    this.#expect(':');
    this.#skipSpace();
    const offset = this.#at;
    const byte = this.#bytes[this.#at];
    let value: Field['value'];
    if (byte === QUOTE) value = this.#readText();
    else if (byte === 91) value = this.#readColumn();
    else value = this.#readNumber();
    this.#fields.set(name, { offset, value });
  }

  /** Names and kinds: plain characters, no escapes. */
  #readText(): string {
    this.#expect('"');
    const end = this.#bytes.indexOf(QUOTE, this.#at);
    if (end < 0 || end - this.#at > TEXT_LENGTH_MAX) throw this.#malformed('expected a short text');
    const text = this.#bytes.toString('latin1', this.#at, end);
    if (!/^[\w .-]*$/.test(text)) throw this.#malformed('expected letters, digits, space, _ . -');
    this.#at = end + 1;
    return text;
  }

  #readColumn(): Float64Array {
    this.#expect('[');
    let column = new Float64Array(COLUMN_START);
    let length = 0;
    this.#skipSpace();
    if (this.#bytes[this.#at] !== 93) {
      do {
        this.#skipSpace();
        if (length === column.length) {
          const larger = new Float64Array(2 * length);
          larger.set(column);
          column = larger;
        }
        column[length++] = this.#takeNull() ? NOTHING : this.#readNumber();
      } while (this.#take(COMMA));
    }
    this.#expect(']');
    return column.slice(0, length);
  }

  #takeNull(): boolean {
    if (this.#bytes[this.#at] !== LETTER_N) return false;
    if (this.#bytes.toString('latin1', this.#at, this.#at + 4) !== 'null') return false;
    this.#at += 4;
    return true;
  }

  #readNumber(): number {
    const bytes = this.#bytes;
    const start = this.#at;
    let value = 0;
    let at = start;
    for (; at < bytes.length; at += 1) {
      const digit = (bytes[at] as number) - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const leadingZero = bytes[start] === 48 && at > start + 1;
    if (at === start || leadingZero) throw this.#malformed('expected a whole number, not negative');
    if (value > Number.MAX_SAFE_INTEGER) throw this.#malformed('expected at most 2^53 - 1');
    this.#at = at;
    return value;
  }

  #take(byte: number): boolean {
    this.#skipSpace();
    if (this.#bytes[this.#at] !== byte) return false;
    this.#at += 1;
    return true;
  }

  #expect(character: string): void {
    if (this.#take(character.charCodeAt(0))) return;
    throw this.#malformed(`expected ${character}`);
  }

  #skipSpace(): void {
    const bytes = this.#bytes;
    while (this.#at < bytes.length && isSpace(bytes[this.#at] as number)) this.#at += 1;
  }
}

export interface ColumnBounds {
  min?: number;
  max: number;
  orNull?: boolean;
}
