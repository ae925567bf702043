/** Devices of lots with what is free of each: equal inventories are held once. */
import type { LotDevice } from '../order/sell-order.ts';
import { grownInt32, grownUint32 } from '../units/growable.ts';
import type { DeviceModel } from '../units/resources.ts';
import { Interned } from './interned.ts';

/** A device as one number: its model's number times this, plus its free thousandths. */
export const MILLI_SPAN = 1024;
const WHOLE = 1000;

/** Numbers kept per inventory. */
export const INVENTORY_WORDS = 8;
const STRIDE = INVENTORY_WORDS;
const [OFFSET, LENGTH, USES, NEXT, HASH, SET, WHOLES, MOST] = [0, 1, 2, 3, 4, 5, 6, 7];

/**
 * Inventories do not know device ids: what fits depends on model and free share of each device
 * only. Devices are sorted, so that equal machines in equal use share one inventory.
 */
export class DeviceInventories {
  readonly models = new Interned<DeviceModel>();
  /** Which models a lot has, whatever is free of them: numbers of `models`. */
  readonly sets = new Interned<readonly number[]>();
  readonly #byName = new Map<string, number[]>();
  /** Devices of all inventories, each inventory in one piece. */
  devices = new Uint32Array(1024);
  #end = 0;
  readonly #freePieces = new Map<number, number[]>();
  meta = new Int32Array(STRIDE * 64);
  #count = 0;
  #heads = new Int32Array(256).fill(-1);
  #held = 0;
  readonly #freeIds: number[] = [];
  /** Codes of the devices being looked up. */
  #codes = new Uint32Array(64);

  /**
   * Number of the inventory with one more user; -1 when a share is not from 0 to 1000.
   *
   * @param like an inventory whose devices are probably of the same model, if there is one.
   */
  acquire(devices: readonly LotDevice[], like = -1): number {
    for (const { milli } of devices) {
      if (!Number.isInteger(milli) || milli < 0 || milli > WHOLE) return -1;
    }
    const codes = this.#codesFor(devices.length);
    let count = 0;
    let model = like < 0 ? -1 : (this.sets.get(this.setOf(like))[0] ?? -1);
    let known = model < 0 ? undefined : this.models.get(model);
    for (const device of devices) {
      if (!known || !isOfModel(device, known)) {
        model = this.#modelOf(device);
        known = this.models.get(model);
      }
      codes[count] = model * MILLI_SPAN + device.milli;
      count += 1;
    }
    return this.#acquireCodes(count);
  }

  /**
   * The same for the devices of that inventory with other free shares, in the order in which the lot
   * names its devices; -1 when they are of several models, so that the order matters.
   */
  acquireAlike(id: number, shares: readonly number[], from: number): number {
    const count = this.lengthOf(id);
    const models = this.sets.get(this.setOf(id));
    if (models.length > 1) return -1;
    const codes = this.#codesFor(count);
    for (let at = 0; at < count; at += 1) codes[at] = models[0]! * MILLI_SPAN + shares[from + at]!;
    return this.#acquireCodes(count);
  }

  #codesFor(count: number): Uint32Array {
    this.#codes = grownUint32(this.#codes, count);
    return this.#codes;
  }

  #acquireCodes(count: number): number {
    const codes = this.#codes;
    insertionSort(codes, count);
    let hash = count;
    for (let at = 0; at < count; at += 1) {
      hash = Math.imul(hash ^ codes[at]!, 0x9e3779b1) ^ (hash >>> 13);
    }
    const known = this.#find(count, hash);
    if (known < 0) return this.#add(codes.subarray(0, count), hash);
    this.meta[known * STRIDE + USES]! += 1;
    return known;
  }

  release(id: number): void {
    const at = id * STRIDE;
    this.meta[at + USES]! -= 1;
    if (this.meta[at + USES]! > 0) return;
    this.#unlink(id);
    const piece = pieceFor(this.meta[at + LENGTH]!);
    const pieces = this.#freePieces.get(piece) ?? [];
    pieces.push(this.meta[at + OFFSET]!);
    this.#freePieces.set(piece, pieces);
    this.#releaseSet(this.meta[at + SET]!);
    this.#freeIds.push(id);
    this.#held -= 1;
  }

  offsetOf(id: number): number {
    return this.meta[id * STRIDE + OFFSET]!;
  }

  lengthOf(id: number): number {
    return this.meta[id * STRIDE + LENGTH]!;
  }

  setOf(id: number): number {
    return this.meta[id * STRIDE + SET]!;
  }

  /** How many devices are wholly free. */
  wholesOf(id: number): number {
    return this.meta[id * STRIDE + WHOLES]!;
  }

  /** Largest free share of one device, in thousandths. */
  mostOf(id: number): number {
    return this.meta[id * STRIDE + MOST]!;
  }

  /** The devices again, under ids of their own. */
  listOf(id: number): LotDevice[] {
    const from = this.offsetOf(id);
    return [...this.devices.subarray(from, from + this.lengthOf(id))].map((code, number) => ({
      id: String(number),
      ...this.models.get(Math.floor(code / MILLI_SPAN)),
      milli: code % MILLI_SPAN,
    }));
  }

  get bytes(): number {
    return this.devices.byteLength + this.meta.byteLength + this.#heads.byteLength;
  }

  get held(): number {
    return this.#held;
  }

  #modelOf({ vendor, model, memoryBytes }: LotDevice): number {
    const sameName = this.#byName.get(model);
    if (sameName) {
      for (const id of sameName) {
        const known = this.models.get(id);
        if (known.vendor === vendor && known.memoryBytes === memoryBytes) return id;
      }
    }
    // Held by one user more than its sets until no set has it any more.
    const id = this.models.acquire(JSON.stringify([vendor, model, memoryBytes]), () => ({
      vendor,
      model,
      memoryBytes,
    }));
    if (sameName) sameName.push(id);
    else this.#byName.set(model, [id]);
    return id;
  }

  #find(count: number, hash: number): number {
    const { meta, devices } = this;
    const codes = this.#codes;
    let id = this.#heads[hash & (this.#heads.length - 1)]!;
    for (; id >= 0; id = meta[id * STRIDE + NEXT]!) {
      const at = id * STRIDE;
      if (meta[at + HASH] !== hash || meta[at + LENGTH] !== count) continue;
      const from = meta[at + OFFSET]!;
      let equal = 0;
      while (equal < count && devices[from + equal] === codes[equal]) equal += 1;
      if (equal === count) return id;
    }
    return -1;
  }

  #add(codes: Uint32Array, hash: number): number {
    if (this.#held >= this.#heads.length) this.#rehash();
    const id = this.#freeIds.pop() ?? this.#count++;
    this.#held += 1;
    this.meta = grownInt32(this.meta, (id + 1) * STRIDE);
    const from = this.#pieceOf(codes.length);
    this.devices.set(codes, from);
    const set = this.#acquireSet(codes);
    const bucket = hash & (this.#heads.length - 1);
    const wholes = codes.filter((code) => code % MILLI_SPAN === WHOLE).length;
    const most = codes.reduce((max, code) => Math.max(max, code % MILLI_SPAN), 0);
    const next = this.#heads[bucket]!;
    this.meta.set([from, codes.length, 1, next, hash, set, wholes, most], id * STRIDE);
    this.#heads[bucket] = id;
    return id;
  }

  #pieceOf(length: number): number {
    const piece = pieceFor(length);
    const free = this.#freePieces.get(piece)?.pop();
    if (free !== undefined) return free;
    const from = this.#end;
    this.#end += piece;
    this.devices = grownUint32(this.devices, this.#end);
    return from;
  }

  #acquireSet(codes: Uint32Array): number {
    const models: number[] = [];
    for (const code of codes) {
      const model = Math.floor(code / MILLI_SPAN);
      if (models.at(-1) !== model) models.push(model);
    }
    return this.sets.acquire(models.join(), () => {
      for (const model of models) this.models.retain(model);
      return models;
    });
  }

  #releaseSet(set: number): void {
    for (const model of this.sets.release(set) ?? []) this.#releaseModel(model);
  }

  /** A model that is in no set any more loses its own first user too, and is gone. */
  #releaseModel(id: number): void {
    const { model } = this.models.get(id);
    this.models.release(id);
    if (this.models.usersOf(id) > 1) return;
    this.models.release(id);
    const left = (this.#byName.get(model) ?? []).filter((other) => other !== id);
    if (left.length > 0) this.#byName.set(model, left);
    else this.#byName.delete(model);
  }

  #unlink(id: number): void {
    const { meta } = this;
    const bucket = meta[id * STRIDE + HASH]! & (this.#heads.length - 1);
    const next = meta[id * STRIDE + NEXT]!;
    let other = this.#heads[bucket]!;
    if (other === id) {
      this.#heads[bucket] = next;
      return;
    }
    while (meta[other * STRIDE + NEXT] !== id) other = meta[other * STRIDE + NEXT]!;
    meta[other * STRIDE + NEXT] = next;
  }

  #rehash(): void {
    const old = this.#heads;
    const { meta } = this;
    this.#heads = new Int32Array(old.length * 2).fill(-1);
    for (const head of old) {
      for (let id = head, next = -1; id >= 0; id = next) {
        next = meta[id * STRIDE + NEXT]!;
        const bucket = meta[id * STRIDE + HASH]! & (this.#heads.length - 1);
        meta[id * STRIDE + NEXT] = this.#heads[bucket]!;
        this.#heads[bucket] = id;
      }
    }
  }
}

function isOfModel(device: LotDevice, { vendor, model, memoryBytes }: DeviceModel): boolean {
  return device.model === model && device.vendor === vendor && device.memoryBytes === memoryBytes;
}

/** Pieces have sizes of powers of two, so that freed ones fit others. */
function pieceFor(length: number): number {
  return length <= 1 ? 1 : 2 ** (32 - Math.clz32(length - 1));
}

function insertionSort(values: Uint32Array, count: number): void {
  for (let at = 1; at < count; at += 1) {
    const value = values[at]!;
    let to = at;
    for (; to > 0 && values[to - 1]! > value; to -= 1) values[to] = values[to - 1]!;
    values[to] = value;
  }
}
