/** Reads a csv table that nobody vouches for: bounded, with line and field in every refusal. */
import { readFileSync, statSync } from 'node:fs';
import { CsvError, parse } from 'csv-parse/sync';
import { CliFault } from '../fault.ts';

const FILE_BYTES_MAX = 256 * 1_048_576;
const CELL_LENGTH_MAX = 512;

/** One line of a table; every getter refuses with file, line and field. */
export class CsvRow {
  readonly #file: string;
  readonly #line: number;
  readonly #cells: Readonly<Record<string, string>>;

  constructor(file: string, line: number, cells: Readonly<Record<string, string>>) {
    this.#file = file;
    this.#line = line;
    this.#cells = cells;
  }

  text(column: string): string {
    const text = (this.#cells[column] ?? '').trim();
    if (text.length > CELL_LENGTH_MAX) {
      throw this.range(column, `expected at most ${CELL_LENGTH_MAX} characters`);
    }
    return text;
  }

  /** A name: not empty, and printable, because it is written to the output as it is. */
  name(column: string): string {
    const text = this.text(column);
    if (text !== '' && !/\p{Cc}/u.test(text) && text.isWellFormed()) return text;
    throw this.malformed(column, 'expected a name');
  }

  whole(column: string, { min = 0, max }: { min?: number; max: number }): number {
    const text = this.text(column);
    if (!/^\d+$/.test(text)) throw this.malformed(column, `expected a whole number, got '${text}'`);
    const value = Number(text);
    if (value >= min && value <= max) return value;
    throw this.range(column, `expected ${min} to ${max}, got ${text}`);
  }

  /** A decimal as a whole number of `1/scale`, rounded up: scale 1,000,000 for money. */
  scaled(column: string, { scale, max }: { scale: number; max: number }): number {
    const text = this.text(column);
    const match = /^(\d{1,12})(?:\.(\d{1,12}))?$/.exec(text);
    if (!match) throw this.malformed(column, `expected a number such as 1.75, got '${text}'`);
    const decimals = match[2] ?? '';
    const unit = 10n ** BigInt(decimals.length);
    const scaled = (BigInt(`${match[1]}${decimals}`) * BigInt(scale) + unit - 1n) / unit;
    if (scaled <= BigInt(max)) return Number(scaled);
    throw this.range(column, `expected at most ${max / scale}, got ${text}`);
  }

  malformed(column: string, expected: string): CliFault {
    return new CliFault('CLI_FIELD_MALFORMED', this.#at(column, expected));
  }

  range(column: string, expected: string): CliFault {
    return new CliFault('CLI_FIELD_RANGE', this.#at(column, expected));
  }

  duplicate(column: string, name: string): CliFault {
    return new CliFault('CLI_DUPLICATE', this.#at(column, `'${name}' was on an earlier line`));
  }

  #at(column: string, text: string): string {
    return `${this.#file}, line ${this.#line}, ${column}: ${text}`;
  }
}

/**
 * The rows of a table whose first line names its columns; further columns are passed over.
 *
 * @throws CliFault CLI_FILE_UNREADABLE, CLI_FILE_TOO_LARGE, CLI_FILE_EMPTY, CLI_FILE_MALFORMED,
 *         CLI_COLUMN_MISSING.
 */
export function readCsv(file: string, columns: readonly string[]): CsvRow[] {
  const [header, ...records] = parseRecords(file, readText(file));
  if (!header) throw new CliFault('CLI_FILE_EMPTY', `${file}: no line with the column names.`);
  const missing = columns.filter((column) => !header.cells.includes(column));
  if (missing.length > 0) {
    const hint = `${file}, line ${header.line}: no column ${missing.join(', ')}.`;
    throw new CliFault('CLI_COLUMN_MISSING', hint);
  }
  if (records.length === 0) {
    throw new CliFault('CLI_FILE_EMPTY', `${file}: nothing below the column names.`);
  }
  return records.map(({ line, cells }) => {
    const named = header.cells.map((column, at): [string, string] => [column, cells[at] ?? '']);
    return new CsvRow(file, line, Object.fromEntries(named));
  });
}

/** Gives each row to `read`, and refuses a name that comes twice. */
export function readNamed<T>(rows: readonly CsvRow[], column: string, read: (row: CsvRow) => T) {
  const seen = new Set<string>();
  return rows.map((row): T => {
    const name = row.name(column);
    if (seen.has(name)) throw row.duplicate(column, name);
    seen.add(name);
    return read(row);
  });
}

function readText(file: string): string {
  let bytes: Buffer;
  try {
    const { size } = statSync(file);
    if (size > FILE_BYTES_MAX) {
      throw new CliFault('CLI_FILE_TOO_LARGE', `${file}: at most ${FILE_BYTES_MAX} bytes.`);
    }
    bytes = readFileSync(file);
  } catch (cause) {
    if (cause instanceof CliFault) throw cause;
    throw new CliFault(
      'CLI_FILE_UNREADABLE',
      `${file}: ${(cause as Error).message}`,
      'input',
      cause,
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CliFault('CLI_FILE_MALFORMED', `${file}: expected UTF-8 text.`, 'input', cause);
  }
}

interface CsvRecord {
  line: number;
  cells: string[];
}

function parseRecords(file: string, text: string): CsvRecord[] {
  try {
    const records: CsvRecord[] = [];
    parse(text, {
      bom: true,
      skip_empty_lines: true,
      relax_column_count: false,
      on_record: (cells: string[], { lines }) => {
        records.push({ line: lines, cells });
        return null;
      },
    });
    return records;
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const line = 'lines' in cause ? `, line ${String(cause['lines'])}` : '';
    throw new CliFault('CLI_FILE_MALFORMED', `${file}${line}: ${cause.message}`, 'input', cause);
  }
}
