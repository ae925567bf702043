/** Plain values as few bytes: rows of other hubs are kept packed, and unpacked when asked for. */

/** Anything that a row may hold. */
export type Plain = null | boolean | number | bigint | string | Plain[] | { [key: string]: Plain };

// First byte of a value. Numbers below SMALL, words and shapes have theirs included.
export const NULL = 0;
const [FALSE, TRUE, SAME, WHOLE, MEBI, MEGA, FLOAT] = [1, 2, 3, 4, 5, 6, 7];
const [BIG, BIG_TEXT, TEXT, LIST, OBJECT] = [8, 9, 10, 11, 12];
const SMALL_FIRST = 0x10;
const SMALL = 0x40;
/** Two bytes: twelve bits of the word's number. */
const WORD_FIRST = 0x50;
const SHAPE_FIRST = 0x60;

const WORDS_MAX = 4096;
const WORD_LENGTH_MAX = 64;
const SHAPES_MAX = 0x100 - SHAPE_FIRST;
const MEBI_UNIT = 2 ** 20;
const MEGA_UNIT = 10 ** 6;
const PLAIN_BIGINT_END = 2n ** 53n;

/**
 * Names of members and repeated texts are kept once; what equals its like in the value beside, or
 * in the element before, takes one byte. The first texts seen are the ones that are shared: a flood of different
 * ones costs its sender's rows their compactness, and nothing else.
 */
export class Packing {
  readonly #words: string[] = [];
  readonly #wordIds = new Map<string, number>();
  readonly #shapes: string[][] = [];
  readonly #shapeIds = new Map<string, number>();
  #bytes = new Uint8Array(4096);
  #at = 0;
  readonly #float = new DataView(new ArrayBuffer(8));

  /**
   * @param beside what the value is likely to have much in common with; the same when unpacking.
   * @returns the bytes, good until the next call.
   */
  pack(value: Plain, beside: Plain | undefined): Uint8Array {
    this.#at = 0;
    this.#write(value, beside);
    return this.#bytes.subarray(0, this.#at);
  }

  /** The value whose bytes begin at `from`. */
  unpack(bytes: Uint8Array<ArrayBuffer>, from: number, beside: Plain | undefined): Plain {
    const own = this.#bytes;
    this.#bytes = bytes;
    this.#at = from;
    const value = this.#read(beside);
    this.#bytes = own;
    return value;
  }

  #write(value: Plain, beside: Plain | undefined): void {
    if (value !== null && typeof value === 'object') return this.#writeNested(value, beside);
    if (Object.is(value, beside)) return this.#byte(SAME);
    if (value === null) return this.#byte(NULL);
    switch (typeof value) {
      case 'boolean':
        return this.#byte(value ? TRUE : FALSE);
      case 'number':
        return this.#writeNumber(value);
      case 'bigint':
        return this.#writeBigint(value);
      default:
        return this.#writeText(value);
    }
  }

  #writeNested(value: Plain[] | { [key: string]: Plain }, beside: Plain | undefined): void {
    if (isEqual(value, beside)) return this.#byte(SAME);
    if (Array.isArray(value)) {
      this.#byte(LIST);
      this.#whole(value.length);
      let before = firstOf(beside);
      for (const element of value) {
        this.#write(element, before);
        before = element;
      }
      return;
    }
    const keys = Object.keys(value).filter((key) => value[key] !== undefined);
    const shape = this.#shapeOf(keys);
    if (shape >= 0) this.#byte(SHAPE_FIRST + shape);
    else {
      this.#byte(OBJECT);
      this.#whole(keys.length);
      for (const key of keys) this.#writeText(key);
    }
    for (const key of keys) this.#write(value[key] as Plain, memberOf(beside, key));
  }

  #writeNumber(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0 || Object.is(value, -0)) {
      this.#byte(FLOAT);
      this.#float.setFloat64(0, value);
      for (let at = 0; at < 8; at += 1) this.#byte(this.#float.getUint8(at));
    } else if (value < SMALL) this.#byte(SMALL_FIRST + value);
    else if (value % MEBI_UNIT === 0) this.#scaled(MEBI, value / MEBI_UNIT);
    else if (value % MEGA_UNIT === 0) this.#scaled(MEGA, value / MEGA_UNIT);
    else this.#scaled(WHOLE, value);
  }

  #scaled(tag: number, value: number): void {
    this.#byte(tag);
    this.#whole(value);
  }

  #writeBigint(value: bigint): void {
    if (value >= 0n && value < PLAIN_BIGINT_END) return this.#scaled(BIG, Number(value));
    this.#byte(BIG_TEXT);
    this.#writeText(value.toString());
  }

  #writeText(text: string): void {
    const word = this.#wordOf(text);
    if (word >= 0) {
      this.#byte(WORD_FIRST + (word >> 8));
      this.#byte(word & 0xff);
      return;
    }
    this.#byte(TEXT);
    this.#whole(text.length);
    for (let at = 0; at < text.length; at += 1) this.#whole(text.charCodeAt(at));
  }

  #wordOf(text: string): number {
    const known = this.#wordIds.get(text);
    if (known !== undefined) return known;
    if (this.#words.length === WORDS_MAX || text.length > WORD_LENGTH_MAX) return -1;
    this.#wordIds.set(text, this.#words.length);
    return this.#words.push(text) - 1;
  }

  #shapeOf(keys: string[]): number {
    const name = JSON.stringify(keys);
    const known = this.#shapeIds.get(name);
    if (known !== undefined) return known;
    if (this.#shapes.length === SHAPES_MAX || name.length > 16 * WORD_LENGTH_MAX) return -1;
    this.#shapeIds.set(name, this.#shapes.length);
    return this.#shapes.push(keys) - 1;
  }

  #byte(value: number): void {
    if (this.#at === this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#at);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#at] = value;
    this.#at += 1;
  }

  /** Seven bits at a time, the lowest first; a set eighth bit says that more follow. */
  #whole(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#byte((rest % 0x80) | 0x80);
    this.#byte(rest);
  }

  #read(beside: Plain | undefined): Plain {
    const tag = this.#next();
    if (tag >= SHAPE_FIRST) return this.#readMembers(this.#shapes[tag - SHAPE_FIRST]!, beside);
    if (tag >= WORD_FIRST) return this.#words[((tag - WORD_FIRST) << 8) | this.#next()]!;
    if (tag >= SMALL_FIRST) return tag - SMALL_FIRST;
    switch (tag) {
      case NULL:
        return null;
      case FALSE:
        return false;
      case TRUE:
        return true;
      case SAME:
        return copyOf(beside as Plain);
      case WHOLE:
        return this.#readWhole();
      case MEBI:
        return this.#readWhole() * MEBI_UNIT;
      case MEGA:
        return this.#readWhole() * MEGA_UNIT;
      case FLOAT:
        for (let at = 0; at < 8; at += 1) this.#float.setUint8(at, this.#next());
        return this.#float.getFloat64(0);
      case BIG:
        return BigInt(this.#readWhole());
      case BIG_TEXT:
        return BigInt(this.#read(undefined) as string);
      case TEXT:
        return this.#readText();
      case LIST:
        return this.#readList(beside);
      default:
        return this.#readMembers(this.#readKeys(), beside);
    }
  }

  #readText(): string {
    let text = '';
    for (let left = this.#readWhole(); left > 0; left -= 1) {
      text += String.fromCharCode(this.#readWhole());
    }
    return text;
  }

  #readList(beside: Plain | undefined): Plain[] {
    const list: Plain[] = [];
    let before = firstOf(beside);
    for (let left = this.#readWhole(); left > 0; left -= 1) {
      before = this.#read(before);
      list.push(before);
    }
    return list;
  }

  #readKeys(): string[] {
    return Array.from({ length: this.#readWhole() }, () => this.#read(undefined) as string);
  }

  #readMembers(keys: readonly string[], beside: Plain | undefined): { [key: string]: Plain } {
    const value: { [key: string]: Plain } = {};
    for (const key of keys) {
      setMember(value, key, this.#read(memberOf(beside, key)));
    }
    return value;
  }

  #readWhole(): number {
    let value = 0;
    let unit = 1;
    for (;;) {
      const byte = this.#next();
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
      unit *= 0x80;
    }
  }

  #next(): number {
    const byte = this.#bytes[this.#at]!;
    this.#at += 1;
    return byte;
  }
}

function firstOf(beside: Plain | undefined): Plain | undefined {
  return Array.isArray(beside) ? beside[0] : undefined;
}

/** Equal in content, and in the order of members. */
function isEqual(a: Plain, b: Plain | undefined): boolean {
  if (a === null || typeof a !== 'object') return Object.is(a, b);
  if (b === null || typeof b !== 'object' || Array.isArray(a) !== Array.isArray(b)) return false;
  if (Array.isArray(a)) {
    const other = b as Plain[];
    return a.length === other.length && a.every((element, at) => isEqual(element, other[at]));
  }
  const keys = Object.keys(a);
  const others = Object.keys(b);
  const record = b as { [key: string]: Plain };
  return (
    keys.length === others.length &&
    keys.every((key, at) => key === others[at] && isEqual(a[key] as Plain, record[key]))
  );
}

/** What was unpacked belongs to whoever asked: nothing of it is shared. */
export function copyOf(value: Plain): Plain {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(copyOf);
  const copy: { [key: string]: Plain } = {};
  for (const key of Object.keys(value)) setMember(copy, key, copyOf(value[key] as Plain));
  return copy;
}

function setMember(value: { [key: string]: Plain }, key: string, member: Plain): void {
  if (key === '__proto__') {
    const shown = { enumerable: true, writable: true, configurable: true };
    Object.defineProperty(value, key, { value: member, ...shown });
  } else value[key] = member;
}

function memberOf(beside: Plain | undefined, key: string): Plain | undefined {
  if (beside === null || typeof beside !== 'object' || Array.isArray(beside)) return undefined;
  return Object.hasOwn(beside, key) ? beside[key] : undefined;
}
