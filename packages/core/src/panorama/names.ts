/** Participants by number: each name is kept once, however many tables speak of it. */
import { grownInt32, grownUint8 } from '../units/growable.ts';
import { hashText } from '../units/hash-text.ts';
import { type HubId, hubOf, type ParticipantId } from '../units/ids.ts';

/** Numbers beside each other that are of one hub. */
const BLOCK_BITS = 6;
const BLOCK = 2 ** BLOCK_BITS;
const USERS_MAX = 255;

/**
 * Every table that speaks of a participant holds its name; with the last user the number is free.
 * Numbers of one hub come in blocks, so that each also has a place among those of its hub: tables of
 * one hub have columns by place, tables of all hubs by number, and nobody keeps which is which.
 */
export class Names {
  /** By number; empty for a free one. */
  readonly list: ParticipantId[] = [];
  #users = new Uint8Array(BLOCK);
  #buckets = new Int32Array(64).fill(-1);
  #held = 0;
  readonly #hubs = new Map<HubId, NamesOfHub>();
  /** By block. */
  readonly #owners: NamesOfHub[] = [];
  readonly #firstPlaces: number[] = [];

  /** -1 when nobody holds it. */
  find(participant: ParticipantId): number {
    const buckets = this.#buckets;
    const mask = buckets.length - 1;
    for (let at = hashText(participant) & mask; ; at = (at + 1) & mask) {
      const number = buckets[at]!;
      if (number < 0 || this.list[number] === participant) return number;
    }
  }

  /** Its number, with one more user. */
  hold(participant: ParticipantId): number {
    const known = this.find(participant);
    if (known >= 0) {
      if (this.#users[known] === USERS_MAX) {
        throw new Error(`broken invariant: too many users of ${participant}`);
      }
      this.#users[known]! += 1;
      return known;
    }
    const number = this.of(hubOf(participant)).take();
    this.list[number] = participant;
    this.#users[number] = 1;
    this.#held += 1;
    if (this.#held * 4 > this.#buckets.length * 3) this.#grow();
    this.#enter(number);
    return number;
  }

  /** Takes one user away. */
  release(number: number): void {
    this.#users[number]! -= 1;
    if (this.#users[number]! > 0) return;
    this.#leave(number);
    this.#held -= 1;
    this.list[number] = '';
    this.ownerOf(number).giveBack(number);
  }

  of(hub: HubId): NamesOfHub {
    let names = this.#hubs.get(hub);
    if (!names) {
      names = new NamesOfHub(hub, this);
      this.#hubs.set(hub, names);
    }
    return names;
  }

  ownerOf(number: number): NamesOfHub {
    return this.#owners[number >> BLOCK_BITS]!;
  }

  placeOf(number: number): number {
    return this.#firstPlaces[number >> BLOCK_BITS]! + (number & (BLOCK - 1));
  }

  /** Numbers for so many names more, beginning at this place of the hub; returns the first. */
  newBlock(owner: NamesOfHub, firstPlace: number): number {
    const block = this.#owners.push(owner) - 1;
    this.#firstPlaces.push(firstPlace);
    const first = block * BLOCK;
    for (let number = first; number < first + BLOCK; number += 1) this.list.push('');
    this.#users = grownUint8(this.#users, first + BLOCK);
    return first;
  }

  get held(): number {
    return this.#held;
  }

  /** Typed arrays, and eight bytes for each reference to a name. */
  get bytes(): number {
    return this.#users.byteLength + this.#buckets.byteLength + 8 * this.list.length;
  }

  #enter(number: number): void {
    const mask = this.#buckets.length - 1;
    let at = hashText(this.list[number]!) & mask;
    while (this.#buckets[at]! >= 0) at = (at + 1) & mask;
    this.#buckets[at] = number;
  }

  /** Takes the number out and moves later ones up, so that no search ends too early. */
  #leave(number: number): void {
    const buckets = this.#buckets;
    const mask = buckets.length - 1;
    let hole = hashText(this.list[number]!) & mask;
    while (buckets[hole] !== number) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; buckets[at]! >= 0; at = (at + 1) & mask) {
      const home = hashText(this.list[buckets[at]!]!) & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      buckets[hole] = buckets[at]!;
      hole = at;
    }
    buckets[hole] = -1;
  }

  #grow(): void {
    const old = this.#buckets;
    this.#buckets = new Int32Array(old.length * 2).fill(-1);
    for (const number of old) if (number >= 0) this.#enter(number);
  }
}

/** The names of one hub's participants, by their places there. */
export class NamesOfHub {
  readonly #hub: HubId;
  readonly #names: Names;
  /** First number of each block, in the order of places. */
  #blocks = new Int32Array(0);
  #blockCount = 0;
  #end = 0;
  readonly #free: number[] = [];

  constructor(hub: HubId, names: Names) {
    this.#hub = hub;
    this.#names = names;
  }

  /** Place of the participant; -1 when nobody holds its name, or it is another hub's. */
  find(participant: ParticipantId): number {
    const number = this.#names.find(participant);
    return number < 0 || this.#names.ownerOf(number) !== this ? -1 : this.#names.placeOf(number);
  }

  /** Its place, with one more user. */
  hold(participant: ParticipantId): number {
    if (hubOf(participant) !== this.#hub) {
      throw new Error(`broken invariant: ${participant} is not of ${this.#hub}`);
    }
    return this.#names.placeOf(this.#names.hold(participant));
  }

  /** Takes one user of the name at this place away. */
  release(place: number): void {
    this.#names.release(this.#numberAt(place));
  }

  at(place: number): ParticipantId {
    return this.#names.list[this.#numberAt(place)]!;
  }

  /** A number that is free. */
  take(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#end === this.#blockCount * BLOCK) {
      this.#blocks = grownInt32(this.#blocks, this.#blockCount + 1);
      this.#blocks[this.#blockCount] = this.#names.newBlock(this, this.#end);
      this.#blockCount += 1;
    }
    this.#end += 1;
    return this.#numberAt(this.#end - 1);
  }

  giveBack(number: number): void {
    this.#free.push(number);
  }

  #numberAt(place: number): number {
    return this.#blocks[place >> BLOCK_BITS]! + (place & (BLOCK - 1));
  }
}
