/** Rows of another hub in typed arrays: a name, two revisions, and packed bytes per participant. */
import { grownInt32, grownUint32 } from '../units/growable.ts';
import { hashText } from '../units/hash-text.ts';
import type { ParticipantId } from '../units/ids.ts';
import { copyOf, NULL, Packing, type Plain } from './packing.ts';
import type { LeaseRow, PanoramaRow, ResourceRow } from './row.ts';
import { contentOf, type DigestShare, type Rows, type RowTables } from './row-tables.ts';

/** Offset of a row that was never set. */
const ABSENT = 0xffffffff;
const SPARE_BYTES = 4096;

/** Rows are unpacked at each question: whoever asks twice keeps what it got. */
export class PackedTables implements RowTables {
  readonly #names = new Names();
  readonly #bytes = new PackedBytes();
  readonly #packing = new Packing();
  readonly resources = new PackedRows<ResourceRow>(
    this.#names,
    this.#bytes,
    this.#packing,
    (participant, revision, spec) => ({ kind: 'resource', participant, revision, spec }) as never,
  );
  readonly leases = new PackedRows<LeaseRow>(
    this.#names,
    this.#bytes,
    this.#packing,
    (participant, revision, offer) => ({ kind: 'lease', participant, revision, offer }) as never,
  );

  remove(): void {
    throw new Error('broken invariant: rows of other hubs leave with the next snapshot');
  }

  set(row: PanoramaRow): void {
    this.#of(row.kind).set(row.participant, row.revision, contentOf(row) as unknown as Plain);
  }

  shareOf(kind: PanoramaRow['kind'], participant: ParticipantId): DigestShare {
    return this.#of(kind).shareOf(participant);
  }

  setShare(kind: PanoramaRow['kind'], participant: ParticipantId, share: DigestShare): void {
    this.#of(kind).setShare(participant, share);
  }

  #of(kind: PanoramaRow['kind']) {
    return kind === 'resource' ? this.resources : this.leases;
  }
}

class PackedRows<R extends PanoramaRow> implements Rows<R> {
  readonly #names: Names;
  readonly #bytes: PackedBytes;
  readonly #packing: Packing;
  readonly #rowFrom: (participant: ParticipantId, revision: number, content: Plain) => R;
  /** The first content, which others are packed beside: much is the same in most. */
  #pattern: { [key: string]: Plain } = {};
  #offsets = new Uint32Array(64).fill(ABSENT);
  #sharesHigh = new Int32Array(64);
  #sharesLow = new Int32Array(64);

  constructor(
    names: Names,
    bytes: PackedBytes,
    packing: Packing,
    rowFrom: (participant: ParticipantId, revision: number, content: Plain) => R,
  ) {
    this.#names = names;
    this.#bytes = bytes;
    this.#packing = packing;
    this.#rowFrom = rowFrom;
    bytes.users.push(this);
  }

  set(participant: ParticipantId, revision: number, content: Plain): void {
    const at = this.#names.add(participant);
    this.#grow(at + 1);
    if (this.#offsets[at] !== ABSENT) this.#bytes.free(this.#offsets[at]!);
    if (content !== null && Object.keys(this.#pattern).length === 0) {
      this.#pattern = copyOf(content) as { [key: string]: Plain };
    }
    // Nowhere while it is packed: making room moves the rows that are somewhere.
    this.#offsets[at] = ABSENT;
    this.#offsets[at] = this.#bytes.add(
      revision,
      this.#packing.pack(content, this.#beside(participant)),
    );
  }

  #beside(participant: ParticipantId): Plain {
    return { ...this.#pattern, participant };
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
    for (const at of this.#places()) yield this.#names.list[at]!;
  }

  *presentKeys(): Generator<ParticipantId> {
    for (const at of this.#places()) {
      const { bytes } = this.#bytes;
      if (bytes[this.#bytes.contentAt(this.#offsets[at]!)] !== NULL) yield this.#names.list[at]!;
    }
  }

  *values(): Generator<R> {
    for (const at of this.#places()) yield this.#rowAt(at);
  }

  shareOf(participant: ParticipantId): DigestShare {
    const at = this.#find(participant);
    return at < 0 ? [0, 0] : [this.#sharesHigh[at]!, this.#sharesLow[at]!];
  }

  setShare(participant: ParticipantId, [high, low]: DigestShare): void {
    const at = this.#find(participant);
    this.#sharesHigh[at] = high;
    this.#sharesLow[at] = low;
  }

  /** Every offset is replaced by what `move` says. */
  moveAll(move: (offset: number) => number): void {
    for (const at of this.#places()) this.#offsets[at] = move(this.#offsets[at]!);
  }

  #rowAt(at: number): R {
    const participant = this.#names.list[at]!;
    const offset = this.#offsets[at]!;
    const from = this.#bytes.contentAt(offset);
    const content = this.#packing.unpack(this.#bytes.bytes, from, this.#beside(participant));
    return this.#rowFrom(participant, this.#bytes.revisionAt(offset), content);
  }

  #find(participant: ParticipantId): number {
    const at = this.#names.find(participant);
    return at >= 0 && at < this.#offsets.length && this.#offsets[at] !== ABSENT ? at : -1;
  }

  *#places(): Generator<number> {
    const end = Math.min(this.#names.list.length, this.#offsets.length);
    for (let at = 0; at < end; at += 1) if (this.#offsets[at] !== ABSENT) yield at;
  }

  #grow(needed: number): void {
    const { length } = this.#offsets;
    this.#offsets = grownUint32(this.#offsets, needed);
    if (this.#offsets.length === length) return;
    this.#offsets.fill(ABSENT, length);
    this.#sharesHigh = grownInt32(this.#sharesHigh, needed);
    this.#sharesLow = grownInt32(this.#sharesLow, needed);
  }
}

/**
 * Bytes of all rows: length, revision, packed content. What freed rows leave is won back when there
 * is no room at the end.
 */
class PackedBytes {
  bytes = new Uint8Array(SPARE_BYTES);
  /** Whose rows these are. */
  readonly users: { moveAll(move: (offset: number) => number): void }[] = [];
  #end = 0;
  #held = 0;

  /** Returns the row's offset. */
  add(revision: number, content: Uint8Array): number {
    const length = lengthOf(revision) + content.length;
    const all = lengthOf(length) + length;
    if (this.#end + all > this.bytes.length) this.#makeRoom(all);
    const offset = this.#end;
    this.bytes.set(content, this.#write(this.#write(offset, length), revision));
    this.#end += all;
    this.#held += all;
    return offset;
  }

  free(offset: number): void {
    this.#held -= this.#wholeLength(offset);
  }

  revisionAt(offset: number): number {
    return this.#read(this.#next(offset));
  }

  contentAt(offset: number): number {
    return this.#next(this.#next(offset));
  }

  #wholeLength(offset: number): number {
    return this.#next(offset) - offset + this.#read(offset);
  }

  /** Seven bits at a time, the lowest first; returns where the next one goes. */
  #write(at: number, value: number): number {
    let next = at;
    for (let rest = value; ; rest = Math.floor(rest / 0x80)) {
      this.bytes[next] = rest < 0x80 ? rest : (rest % 0x80) | 0x80;
      next += 1;
      if (rest < 0x80) return next;
    }
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

function lengthOf(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length += 1;
  return length;
}

/** Participants by number; none ever goes. */
class Names {
  readonly list: ParticipantId[] = [];
  #buckets = new Int32Array(64).fill(-1);

  find(participant: ParticipantId): number {
    const buckets = this.#buckets;
    const mask = buckets.length - 1;
    for (let at = hashText(participant) & mask; ; at = (at + 1) & mask) {
      const name = buckets[at]!;
      if (name < 0 || this.list[name] === participant) return name;
    }
  }

  add(participant: ParticipantId): number {
    const known = this.find(participant);
    if (known >= 0) return known;
    this.list.push(participant);
    if (this.list.length * 4 > this.#buckets.length * 3) {
      this.#buckets = new Int32Array(2 * this.#buckets.length).fill(-1);
      for (let name = 0; name < this.list.length; name += 1) this.#enter(name);
    } else this.#enter(this.list.length - 1);
    return this.list.length - 1;
  }

  #enter(name: number): void {
    const mask = this.#buckets.length - 1;
    let at = hashText(this.list[name]!) & mask;
    while (this.#buckets[at]! >= 0) at = (at + 1) & mask;
    this.#buckets[at] = name;
  }
}
