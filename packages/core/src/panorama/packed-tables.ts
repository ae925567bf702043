/** Rows of another hub in typed arrays: a name held, digests, and packed bytes per participant. */
import { grownInt32, grownUint32 } from '../units/growable.ts';
import type { ParticipantId } from '../units/ids.ts';
import { type DigestShare, NO_SHARE } from './digest-share.ts';
import type { Figures } from './figures.ts';
import type { NamesOfHub } from './names.ts';
import { copyOf, NULL, Packing, type Plain } from './packing.ts';
import type { LeaseRow, PanoramaRow, ResourceRow, RowForm } from './row.ts';
import { joinRow, splitRow } from './row-form.ts';
import { contentOf, type PackedForm, type Rows, type RowTables } from './row-tables.ts';

/** Offset of a row that was never set. */
const ABSENT = 0xffffffff;
const SPARE_BYTES = 4096;
/** Left behind a row whose figures grew once: they will again. */
const ROW_SPARE_BYTES = 8;
const NO_FIGURES: Figures = [];

/** Rows are unpacked at each question: whoever asks twice keeps what it got. */
export class PackedTables implements RowTables {
  readonly resources: PackedRows<ResourceRow>;
  readonly leases: PackedRows<LeaseRow>;

  constructor(names: NamesOfHub) {
    const [bytes, packing] = [new PackedBytes(), new Packing()];
    this.resources = new PackedRows<ResourceRow>('resource', names, bytes, packing);
    this.leases = new PackedRows<LeaseRow>('lease', names, bytes, packing);
  }

  release(): void {
    this.resources.release();
    this.leases.release();
  }

  remove(): void {
    throw new Error('broken invariant: rows of other hubs leave with the next snapshot');
  }

  set(row: PanoramaRow): void {
    this.#of(row.kind).set(row as never);
  }

  packed(form: RowForm): PackedForm {
    return { form, bytes: this.#of(form.kind).packed(form) };
  }

  setShared(
    participant: ParticipantId,
    revision: number,
    { form, bytes }: PackedForm,
    figures: Figures,
  ): void {
    const packed = bytes ?? this.#of(form.kind).packed(form);
    this.#of(form.kind).setPacked(participant, revision, figures, packed);
  }

  setFigures(participant: ParticipantId, revision: number, figures: Figures): void {
    this.leases.setFigures(participant, revision, figures);
  }

  shareOf(kind: PanoramaRow['kind'], participant: ParticipantId): DigestShare {
    return this.#of(kind).shareOf(participant);
  }

  setShare(kind: PanoramaRow['kind'], participant: ParticipantId, share: DigestShare): void {
    this.#of(kind).setShare(participant, share);
  }

  formShareOf(participant: ParticipantId): DigestShare {
    return this.leases.formShareOf(participant);
  }

  setFormShare(participant: ParticipantId, share: DigestShare): void {
    this.leases.setFormShare(participant, share);
  }

  #of(kind: PanoramaRow['kind']) {
    return kind === 'resource' ? this.resources : this.leases;
  }
}

class PackedRows<R extends PanoramaRow> implements Rows<R> {
  readonly #kind: R['kind'];
  readonly #names: NamesOfHub;
  readonly #bytes: PackedBytes;
  readonly #packing: Packing;
  /** The first content, which others are packed beside: much is the same in most. */
  #pattern: Plain | undefined;
  #offsets = new Uint32Array(64).fill(ABSENT);
  readonly #shares = new Shares();
  readonly #formShares = new Shares();

  constructor(kind: R['kind'], names: NamesOfHub, bytes: PackedBytes, packing: Packing) {
    this.#kind = kind;
    this.#names = names;
    this.#bytes = bytes;
    this.#packing = packing;
    bytes.users.push(this);
  }

  /** A row without figures is kept whole. */
  set(row: R): void {
    const { participant, revision } = row;
    const split = splitRow(row);
    const content = split ? contentOfForm(split.form) : contentOf(row);
    this.setPacked(
      participant,
      revision,
      split?.figures ?? NO_FIGURES,
      this.#pack(content as never),
    );
  }

  /** Good for good. */
  packed(form: RowForm): Uint8Array {
    return this.#pack(contentOfForm(form)).slice();
  }

  #pack(content: Plain): Uint8Array {
    if (content !== null) this.#pattern ??= copyOf(content);
    return this.#packing.pack(content, this.#pattern);
  }

  setPacked(
    participant: ParticipantId,
    revision: number,
    figures: Figures,
    packed: Uint8Array,
  ): void {
    let at = this.#find(participant);
    if (at < 0) {
      at = this.#names.hold(participant);
      this.#grow(at + 1);
    } else this.#bytes.free(this.#offsets[at]!);
    // Nowhere while it is added: making room moves the rows that are somewhere.
    this.#offsets[at] = ABSENT;
    this.#offsets[at] = this.#bytes.add(revision, figures, packed);
  }

  /** Of a row that has figures. */
  setFigures(participant: ParticipantId, revision: number, figures: Figures): void {
    const at = this.#find(participant);
    const offset = this.#offsets[at]!;
    if (this.#bytes.replaceFigures(offset, revision, figures)) return;
    const content = this.#bytes.contentOf(offset).slice();
    this.#bytes.free(offset);
    this.#offsets[at] = ABSENT;
    this.#offsets[at] = this.#bytes.add(revision, figures, content, ROW_SPARE_BYTES);
  }

  /** None when there is no such row, or it is kept whole. */
  figuresOf(participant: ParticipantId): number[] | undefined {
    const at = this.#find(participant);
    const figures = at < 0 ? [] : this.#bytes.figuresAt(this.#offsets[at]!);
    return figures.length === 0 ? undefined : figures;
  }

  get(participant: ParticipantId): R | undefined {
    const at = this.#find(participant);
    return at < 0 ? undefined : this.#rowAt(at);
  }

  revisionOf(participant: ParticipantId): number | undefined {
    const at = this.#find(participant);
    return at < 0 ? undefined : this.#bytes.revisionAt(this.#offsets[at]!);
  }

  *keys(): Generator<ParticipantId> {
    for (const at of this.#places()) yield this.#names.at(at);
  }

  *presentKeys(): Generator<ParticipantId> {
    for (const at of this.#places()) {
      const { bytes } = this.#bytes;
      if (bytes[this.#bytes.contentAt(this.#offsets[at]!)] !== NULL) yield this.#names.at(at);
    }
  }

  *values(): Generator<R> {
    for (const at of this.#places()) yield this.#rowAt(at);
  }

  shareOf(participant: ParticipantId): DigestShare {
    const at = this.#find(participant);
    return at < 0 ? NO_SHARE : this.#shares.of(at);
  }

  setShare(participant: ParticipantId, share: DigestShare): void {
    this.#shares.set(this.#find(participant), share);
  }

  formShareOf(participant: ParticipantId): DigestShare {
    const at = this.#find(participant);
    return at < 0 ? NO_SHARE : this.#formShares.of(at);
  }

  setFormShare(participant: ParticipantId, share: DigestShare): void {
    this.#formShares.set(this.#find(participant), share);
  }

  /** Every offset is replaced by what `move` says. */
  moveAll(move: (offset: number) => number): void {
    for (const at of this.#places()) this.#offsets[at] = move(this.#offsets[at]!);
  }

  /** Every row holds its participant's name. */
  release(): void {
    for (const at of this.#places()) this.#names.release(at);
  }

  #rowAt(at: number): R {
    const participant = this.#names.at(at);
    const offset = this.#offsets[at]!;
    const revision = this.#bytes.revisionAt(offset);
    const from = this.#bytes.contentAt(offset);
    const content = this.#packing.unpack(this.#bytes.bytes, from, this.#pattern);
    const figures = this.#bytes.figuresAt(offset);
    if (figures.length > 0) {
      return joinRow(participant, revision, formFrom(this.#kind, content), figures) as R;
    }
    const whole = this.#kind === 'lease' ? { offer: content } : { spec: content };
    return { kind: this.#kind, participant, revision, ...whole } as unknown as R;
  }

  #find(participant: ParticipantId): number {
    const at = this.#names.find(participant);
    return at >= 0 && at < this.#offsets.length && this.#offsets[at] !== ABSENT ? at : -1;
  }

  *#places(): Generator<number> {
    for (let at = 0; at < this.#offsets.length; at += 1) if (this.#offsets[at] !== ABSENT) yield at;
  }

  #grow(needed: number): void {
    const { length } = this.#offsets;
    this.#offsets = grownUint32(this.#offsets, needed);
    if (this.#offsets.length === length) return;
    this.#offsets.fill(ABSENT, length);
  }
}

function contentOfForm(form: RowForm): Plain {
  return (form.kind === 'lease' ? form.terms : form.spec) as unknown as Plain;
}

function formFrom(kind: PanoramaRow['kind'], content: Plain): RowForm {
  return (kind === 'lease' ? { kind, terms: content } : { kind, spec: content }) as never;
}

/** 64 bits by number. */
class Shares {
  #high = new Int32Array(64);
  #low = new Int32Array(64);

  of(at: number): DigestShare {
    return [this.#high[at] ?? 0, this.#low[at] ?? 0];
  }

  set(at: number, [high, low]: DigestShare): void {
    this.#high = grownInt32(this.#high, at + 1);
    this.#low = grownInt32(this.#low, at + 1);
    this.#high[at] = high;
    this.#low[at] = low;
  }
}

/**
 * Bytes of all rows: length, revision, number of figures, these, packed content, and maybe some that
 * are left over. What freed rows leave is won back when there is no room at the end.
 */
class PackedBytes {
  bytes = new Uint8Array(SPARE_BYTES);
  /** Whose rows these are. */
  readonly users: { moveAll(move: (offset: number) => number): void }[] = [];
  #end = 0;
  #held = 0;

  /** Returns the row's offset. */
  add(revision: number, figures: Figures, content: Uint8Array, spare = 0): number {
    const length = headLength(revision, figures, content.length) + content.length + spare;
    const all = lengthOf(length) + length;
    if (this.#end + all > this.bytes.length) this.#makeRoom(all);
    const offset = this.#end;
    const head = this.#write(offset, length);
    this.bytes.set(content, this.#writeHead(head, revision, figures, content.length));
    this.#end += all;
    this.#held += all;
    return offset;
  }

  /** False when there is no room for them: nothing is changed then. */
  replaceFigures(offset: number, revision: number, figures: Figures): boolean {
    const head = this.#next(offset);
    const length = this.#read(head);
    const from = this.contentAt(offset);
    const to = head + headLength(revision, figures, length);
    if (to + length > head + this.#read(offset)) return false;
    if (to !== from) this.bytes.copyWithin(to, from, from + length);
    this.#writeHead(head, revision, figures, length);
    return true;
  }

  free(offset: number): void {
    this.#held -= this.#wholeLength(offset);
  }

  revisionAt(offset: number): number {
    return this.#read(this.#next(this.#next(offset)));
  }

  figuresAt(offset: number): number[] {
    let at = this.#next(this.#next(this.#next(offset)));
    const figures = new Array<number>(this.#read(at));
    at = this.#next(at);
    for (let place = 0; place < figures.length; place += 1) {
      figures[place] = figureOf(this.#read(at));
      at = this.#next(at);
    }
    return figures;
  }

  contentAt(offset: number): number {
    let at = this.#next(this.#next(this.#next(offset)));
    const count = this.#read(at);
    at = this.#next(at);
    for (let left = count; left > 0; left -= 1) at = this.#next(at);
    return at;
  }

  contentOf(offset: number): Uint8Array {
    const from = this.contentAt(offset);
    return this.bytes.subarray(from, from + this.#read(this.#next(offset)));
  }

  #wholeLength(offset: number): number {
    return this.#next(offset) - offset + this.#read(offset);
  }

  /** Returns where the content goes. */
  #writeHead(head: number, revision: number, figures: Figures, length: number): number {
    let at = this.#write(head, length);
    at = this.#write(at, revision);
    at = this.#write(at, figures.length);
    for (const figure of figures) at = this.#write(at, codeOf(figure));
    return at;
  }

  /** Seven bits at a time, the lowest first; returns where the next one goes. */
  #write(at: number, value: number): number {
    let next = at;
    let rest = value;
    // Numbers of 32 bits are by far the most.
    for (; rest > 0x7fffffff; rest = Math.floor(rest / 0x80)) {
      this.bytes[next] = (rest % 0x80) | 0x80;
      next += 1;
    }
    for (; rest >= 0x80; rest >>>= 7) {
      this.bytes[next] = (rest & 0x7f) | 0x80;
      next += 1;
    }
    this.bytes[next] = rest;
    return next + 1;
  }

  #read(at: number): number {
    let value = 0;
    let unit = 1;
    for (let next = at; ; next += 1) {
      const byte = this.bytes[next]!;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
      unit *= 0x80;
    }
  }

  /** Where the number that begins here is over. */
  #next(at: number): number {
    let next = at;
    while (this.bytes[next]! >= 0x80) next += 1;
    return next + 1;
  }

  #makeRoom(length: number): void {
    const larger = new Uint8Array(this.#held + (this.#held >> 4) + length + SPARE_BYTES);
    let end = 0;
    for (const rows of this.users) {
      rows.moveAll((offset) => {
        const moved = end;
        const row = this.bytes.subarray(offset, offset + this.#wholeLength(offset));
        larger.set(row, moved);
        end += row.length;
        return moved;
      });
    }
    this.bytes = larger;
    this.#end = end;
  }
}

const MEBI = 2 ** 20;
const MEGA = 10 ** 6;

/** Most large figures are whole mebibytes or millions: the unit is in the lowest two bits. */
function codeOf(figure: number): number {
  if (figure >= MEBI && figure % MEBI === 0) return (figure / MEBI) * 4 + 1;
  if (figure >= MEGA && figure % MEGA === 0) return (figure / MEGA) * 4 + 2;
  // Up to 2 ** 54, and a multiple of four: exact.
  return figure * 4;
}

function figureOf(code: number): number {
  const unit = code % 4;
  const value = (code - unit) / 4;
  return unit === 1 ? value * MEBI : unit === 2 ? value * MEGA : value;
}

function headLength(revision: number, figures: Figures, contentLength: number): number {
  let length = lengthOf(contentLength) + lengthOf(revision) + lengthOf(figures.length);
  for (const figure of figures) length += lengthOf(codeOf(figure));
  return length;
}

function lengthOf(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length += 1;
  return length;
}
