/** Reads a YAML or JSON file that nobody vouches for: every refusal names file, line and field. */
import { readFileSync, statSync } from 'node:fs';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseAllDocuments,
  visit,
} from 'yaml';
import { CliFault, type CliFaultCode } from '../fault.ts';

/** Order files are a page long; whatever is larger is a mistake. */
export const FILE_BYTES_MAX = 262_144;
const DEPTH_MAX = 16;

/** A value of the file with its place in it; every scalar is text, as it was written. */
export class Place {
  readonly #file: string;
  readonly #lines: LineCounter;
  readonly #node: unknown;
  readonly path: string;

  constructor(file: string, lines: LineCounter, node: unknown, path: string) {
    this.#file = file;
    this.#lines = lines;
    this.#node = node;
    this.path = path;
  }

  /** A refusal that points here. */
  fault(code: CliFaultCode, text: string): CliFault {
    const range = (this.#node as ParsedNode | null)?.range;
    const line = range ? `, line ${this.#lines.linePos(range[0]).line}` : '';
    const field = this.path === '' ? '' : `, ${this.path}`;
    return new CliFault(code, `${this.#file}${line}${field}: ${text}`);
  }

  /** The plain value: maps, lists, and text for every scalar. @throws CliFault CLI_FIELD_* */
  value(): unknown {
    const node = this.#node;
    if (isMap(node)) {
      const members = this.#members().map(([name, place]) => [name, place.value()] as const);
      return Object.fromEntries(members);
    }
    if (isSeq(node)) return node.items.map((item, at) => this.#item(item, at).value());
    if (isScalar(node) && typeof node.value === 'string') return node.value;
    throw this.fault('CLI_FIELD_MALFORMED', 'expected a value.');
  }

  /** What is at the path below here; undefined when nothing is. */
  at(path: readonly string[]): Place | undefined {
    const [name, ...rest] = path;
    if (name === undefined) return this;
    const node = this.#node;
    if (isSeq(node)) return this.#item(node.items[Number(name)], Number(name)).at(rest);
    if (!isMap(node)) return undefined;
    return this.#members()
      .find(([own]) => own === name)?.[1]
      .at(rest);
  }

  /** In the order of the file. */
  #members(): [string, Place][] {
    const node = this.#node;
    if (!isMap(node)) return [];
    return node.items.map(({ key, value }) => {
      const name = this.#inner(key, this.path).value();
      const place = this.#inner(value, this.path === '' ? String(name) : `${this.path}.${name}`);
      if (typeof name !== 'string') throw place.fault('CLI_FIELD_MALFORMED', 'expected a name.');
      // Later code would take it for something else than a field.
      if (name === '__proto__') throw place.fault('CLI_FIELD_UNKNOWN', 'no field has this name.');
      return [name, place];
    });
  }

  #item(node: unknown, at: number): Place {
    return this.#inner(node, `${this.path}[${at}]`);
  }

  #inner(node: unknown, path: string): Place {
    return new Place(this.#file, this.#lines, node, path);
  }
}

/**
 * All documents of the file, in its order. Aliases and anchors are refused before anything is built
 * of them: a few lines of them can stand for more than fits into memory, or for themselves.
 *
 * @throws CliFault CLI_FILE_UNREADABLE, CLI_FILE_TOO_LARGE, CLI_FILE_EMPTY, CLI_FILE_MALFORMED,
 *         CLI_FILE_ALIAS.
 */
export function readYamlAll(file: string): Place[] {
  const text = readText(file);
  const lines = new LineCounter();
  const documents = parse(file, () => parseAllDocuments(text, settingsOf(lines)));
  if ('empty' in documents) throw new CliFault('CLI_FILE_EMPTY', file);
  return documents.map((document) => placeOf(file, lines, document));
}

function placeOf(file: string, lines: LineCounter, document: Document.Parsed): Place {
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) {
    const line = problem.linePos ? `, line ${problem.linePos[0].line}` : '';
    const [first = ''] = problem.message.split('\n');
    throw new CliFault('CLI_FILE_MALFORMED', `${file}${line}: ${first}`);
  }
  const place = (node: unknown) => new Place(file, lines, node, '');
  visit(document, (_key, node, path) => {
    const anchored = typeof node === 'object' && node !== null && 'anchor' in node && node.anchor;
    if (isAlias(node) || anchored) throw place(node).fault('CLI_FILE_ALIAS', 'no & and * here.');
    if (path.length > 2 * DEPTH_MAX) {
      throw place(node).fault('CLI_FILE_MALFORMED', `more than ${DEPTH_MAX} levels.`);
    }
  });
  if (document.contents === null) throw new CliFault('CLI_FILE_EMPTY', file);
  return place(document.contents);
}

/** The failsafe schema leaves every scalar as written: `1.10` stays 1.10, `1e9` stays text. */
function settingsOf(lineCounter: LineCounter) {
  return { schema: 'failsafe', lineCounter, prettyErrors: true } as const;
}

function parse<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    // Nesting deeper than the parser's own stack.
    throw new CliFault('CLI_FILE_MALFORMED', `${file}: cannot be read.`, 'input', cause);
  }
}

function readText(file: string): string {
  let bytes: Buffer;
  try {
    const stat = statSync(file);
    if (stat.size > FILE_BYTES_MAX) {
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
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (text.trim() === '') throw new CliFault('CLI_FILE_EMPTY', file);
    return text;
  } catch (cause) {
    if (cause instanceof CliFault) throw cause;
    throw new CliFault('CLI_FILE_MALFORMED', `${file}: expected UTF-8 text.`, 'input', cause);
  }
}
