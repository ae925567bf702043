/** Reads a YAML or JSON file that nobody vouches for: every refusal names file, line and field. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseAllDocuments,
  Scalar,
  visit,
} from 'yaml';
import { CliFault, type CliFaultCode } from '../fault.ts';
import { nameOf, readFileText } from './file-text.ts';

const DEPTH_MAX = 16;
/** A plain word that says nothing is there; the others are text as it was written. */
const NOTHING = /^(?:|~|null|Null|NULL)$/;
/** What everything here is anyway. */
const TAGS = /^tag:yaml\.org,2002:(?:str|map|seq)$/;

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

  /** `order.yaml, line 5, cpu`. */
  get where(): string {
    const range = (this.#node as ParsedNode | null)?.range;
    const line = range ? `, line ${this.#lineAt(range[0])}` : '';
    return `${this.#file}${line}${this.path === '' ? '' : `, ${this.path}`}`;
  }

  /** A refusal that points here. */
  fault(code: CliFaultCode, text: string): CliFault {
    return new CliFault(code, `${this.where}: ${text}`);
  }

  /** Maps, lists, text for every scalar, null for nothing. @throws CliFault CLI_FIELD_*, CLI_FILE_MALFORMED */
  value(): unknown {
    const node = this.#node;
    if (isMap(node)) {
      const members = this.#members().map(([name, place]) => [name, place.value()] as const);
      return Object.fromEntries(members);
    }
    if (isSeq(node)) return node.items.map((item, at) => this.#item(item, at).value());
    if (isScalar(node) && typeof node.value === 'string') {
      return node.type === Scalar.PLAIN && NOTHING.test(node.value) ? null : node.value;
    }
    return null;
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

  /** What is at the longest beginning of the path. */
  nearest(path: readonly string[]): Place {
    const [name, ...rest] = path;
    const next = name === undefined ? undefined : this.at([name]);
    return next?.nearest(rest) ?? this;
  }

  /** In the order of the file. */
  #members(): [string, Place][] {
    const node = this.#node;
    if (!isMap(node)) return [];
    const lines = new Map<string, number>();
    return node.items.map(({ key, value }) => {
      const told = this.#inner(key, this.path);
      const name = isScalar(key) && typeof key.value === 'string' ? key.value : undefined;
      if (name === undefined) throw told.fault('CLI_FIELD_MALFORMED', 'expected a name.');
      const path = this.path === '' ? name : `${this.path}.${name}`;
      const own = this.#inner(key, path);
      // Later code would take it for something else than a field.
      if (name === '__proto__') throw own.fault('CLI_FIELD_UNKNOWN', 'no field has this name.');
      const first = lines.get(name);
      if (first !== undefined) {
        throw own.fault('CLI_FILE_MALFORMED', `it is there twice, first in line ${first}.`);
      }
      lines.set(name, this.#lineAt((key as ParsedNode).range[0]));
      return [name, value === null ? own : this.#inner(value, path)];
    });
  }

  #item(node: unknown, at: number): Place {
    return this.#inner(node, `${this.path}[${at}]`);
  }

  #inner(node: unknown, path: string): Place {
    return new Place(this.#file, this.#lines, node, path);
  }

  #lineAt(offset: number): number {
    return this.#lines.linePos(offset).line;
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
  const text = readFileText(file);
  const name = nameOf(file);
  const lines = new LineCounter();
  const documents = parse(name, () => parseAllDocuments(text, settingsOf(lines)));
  if ('empty' in documents) throw new CliFault('CLI_FILE_EMPTY', `${name}: nothing but comments.`);
  return documents.map((document) => placeOf(name, lines, document));
}

function placeOf(file: string, lines: LineCounter, document: Document.Parsed): Place {
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) {
    const { line } = lines.linePos(problem.pos[0]);
    throw new CliFault('CLI_FILE_MALFORMED', `${file}, line ${line}: ${told(problem.message)}`);
  }
  const place = (node: unknown) => new Place(file, lines, node, '');
  visit(document, (_key, node, path) => {
    const { anchor, tag } = (node ?? {}) as { anchor?: string; tag?: string };
    if (isAlias(node) || anchor) throw place(node).fault('CLI_FILE_ALIAS', 'no & and * here.');
    if (tag !== undefined && !TAGS.test(tag)) {
      throw place(node).fault('CLI_FILE_MALFORMED', `no tags such as ${tag} here.`);
    }
    if (path.length > 2 * DEPTH_MAX) {
      throw place(node).fault('CLI_FILE_MALFORMED', `more than ${DEPTH_MAX} levels.`);
    }
  });
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === '')) {
    throw place(contents).fault('CLI_FILE_EMPTY', 'nothing follows here: take the --- away.');
  }
  return place(contents);
}

/** The first line of what the parser says; one that ran out of stack says so in other words. */
function told(message: string): string {
  if (message.startsWith('Maximum call stack')) return `more than ${DEPTH_MAX} levels.`;
  const [first = ''] = message.split('\n');
  return /[.:]$/.test(first) ? first : `${first}.`;
}

/**
 * The failsafe schema leaves every scalar as written: `1.10` stays 1.10, `1e9` stays text. Names
 * that are there twice are found by {@link Place}, and lines are counted there: the parser's own
 * ways take time with the square of the file.
 */
function settingsOf(lineCounter: LineCounter) {
  return { schema: 'failsafe', lineCounter, prettyErrors: false, uniqueKeys: false } as const;
}

function parse<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    // Nesting deeper than the parser's own stack.
    throw new CliFault('CLI_FILE_MALFORMED', `${file}: cannot be read.`, 'input', cause);
  }
}
