/** What others see of a lessor: the same machines and offers under other names. */
import type { PublishedSpec } from '../order/resource-spec.ts';
import { POOL_LOT, type ResourceSpec } from '../order/resource-spec.ts';
import type { SellOrder } from '../order/sell-order.ts';
import type { ParticipantId } from '../units/ids.ts';

/** Durable part of a veil, in the lessor's registration: it must outlive the hub's process. */
export interface VeilRecord {
  /** Pseudonym under which the lessor's rows are published. */
  name: ParticipantId;
  /** Number of the period that the pseudonym was made for. */
  period: number;
  /** Own ids of machines and devices; others see `n` and the place in this list, which only grows. */
  ids: string[];
  /** Revisions when this pseudonym began; others see how much they rose since. 0: none yet. */
  since: { spec: number; offer: number; terms: number };
}

/** Offers end at a full hour for others: the exact end would tie two pseudonyms together. */
const VALIDITY_STEP_MS = 3_600_000;

/** Names of one lessor towards all others. An open veil hides nothing. */
export interface Veil {
  readonly name: ParticipantId;
  /** Null when there is nothing to remember. */
  readonly record: VeilRecord | null;
  /** Learns ids and revisions; returns whether the record changed. */
  learn(spec: ResourceSpec | null, offer: SellOrder | null): boolean;
  spec(own: ResourceSpec): PublishedSpec;
  offer(own: SellOrder): SellOrder;
  /** The own id of a machine, a device or the pool, by the one that others see. */
  ownId(seen: string): string;
}

export function openVeil(name: ParticipantId): Veil {
  return {
    name,
    record: null,
    learn: () => false,
    spec: (own) => own,
    offer: (own) => own,
    ownId: (seen) => seen,
  };
}

/**
 * Nothing in a row that is the lessor's own choice of name, its counting, or its exact time survives
 * here. What it owns, asks and labels stays: that is what the market is for (docs/privacy-matrix.md).
 *
 * @patent [0077] SEC-2
 */
export class ClosedVeil implements Veil {
  readonly record: VeilRecord;
  readonly #places: Map<string, number>;

  constructor(record: VeilRecord) {
    this.record = record;
    this.#places = new Map(record.ids.map((id, place) => [id, place]));
  }

  static begin(name: ParticipantId, period: number): ClosedVeil {
    return new ClosedVeil({ name, period, ids: [], since: { spec: 0, offer: 0, terms: 0 } });
  }

  get name(): ParticipantId {
    return this.record.name;
  }

  learn(spec: ResourceSpec | null, offer: SellOrder | null): boolean {
    const { ids, since } = this.record;
    const before = JSON.stringify([ids.length, since]);
    for (const machine of spec?.machines ?? []) {
      this.#place(machine.id);
      for (const device of machine.gpu) this.#place(device.id);
    }
    since.spec ||= spec?.revision ?? 0;
    since.offer ||= offer?.revision ?? 0;
    since.terms ||= offer?.termsRevision ?? 0;
    return JSON.stringify([ids.length, since]) !== before;
  }

  #place(id: string): void {
    if (id === POOL_LOT || this.#places.has(id)) return;
    this.#places.set(id, this.record.ids.length);
    this.record.ids.push(id);
  }

  spec(own: ResourceSpec): PublishedSpec {
    const { serverCluster, machines, revision } = own;
    return {
      ...own,
      participant: this.name,
      revision: revision - this.record.since.spec + 1,
      organization: null,
      machines: machines.map((machine) => ({
        ...machine,
        id: this.#seenId(machine.id),
        gpu: machine.gpu.map((device) => ({ ...device, id: this.#seenId(device.id) })),
      })),
      serverCluster: serverCluster && { name: '', scheduler: serverCluster.scheduler },
    };
  }

  offer(own: SellOrder): SellOrder {
    const { since } = this.record;
    return {
      ...own,
      participant: this.name,
      revision: own.revision - since.offer + 1,
      termsRevision: own.termsRevision - since.terms + 1,
      validUntilMs: Math.ceil(own.validUntilMs / VALIDITY_STEP_MS) * VALIDITY_STEP_MS,
      lots: own.lots.map((lot) => ({
        ...lot,
        id: this.#seenId(lot.id),
        devices: lot.devices.map((device) => ({ ...device, id: this.#seenId(device.id) })),
      })),
    };
  }

  /** The devices of a pool are called `<machine>/<device>`. */
  #seenId(own: string): string {
    if (own === POOL_LOT) return own;
    const place = this.#places.get(own);
    if (place !== undefined) return `n${place}`;
    for (let slash = own.indexOf('/'); slash > 0; slash = own.indexOf('/', slash + 1)) {
      const machine = this.#places.get(own.slice(0, slash));
      const device = this.#places.get(own.slice(slash + 1));
      if (machine !== undefined && device !== undefined) return `n${machine}/n${device}`;
    }
    // An offer above its spec is not published; its ids are nobody's either.
    return 'unknown';
  }

  ownId(seen: string): string {
    if (seen === POOL_LOT) return seen;
    const own = (text: string) => this.record.ids[Number(text.slice(1))] ?? text;
    return seen.split('/').map(own).join('/');
  }
}
