/** The market as the matcher sees it: both panoramas less reservations, with an index over all lots. */
import { type IndexSize, type LotHit, LotIndex, type Search } from '../index/lot-index.ts';
import type { BuyOrder } from '../order/buy-order.ts';
import type { PublishedSpec } from '../order/resource-spec.ts';
import type { Lot, SellOrder } from '../order/sell-order.ts';
import { offerFitsSpec } from '../order/within-spec.ts';
import type { Figures } from '../panorama/figures.ts';
import type { Panorama } from '../panorama/panorama.ts';
import { hubOf, type ParticipantId } from '../units/ids.ts';
import { Reservations } from './reservations.ts';
import { couldEverServe } from './static-filter.ts';

/** The market at a wall time, which decides what offers are still valid. */
export interface MarketView {
  market: Market;
  wallMs: number;
  /** Whoever asks is not told how much there is, only that it is less than asked for. */
  hidesStock?: boolean;
  /** Only lots of these lessors, if stated. */
  only?: (lessor: ParticipantId) => boolean;
}

const RECENT_MAX = 64;

interface RecentOffer {
  epoch: number;
  revision: number;
  offer: SellOrder | null;
}

/**
 * One table of reservations and one index for everybody who chooses lots: single orders and joint
 * rounds. The index follows panorama and reservations: whatever changed there is taken over before
 * the next question is answered; of whole snapshots a part at a time, see {@link followArrived}.
 */
export class Market {
  readonly panorama: Panorama;
  readonly reservations = new Reservations();
  readonly #index: LotIndex;
  /**
   * Lessors whose offer may not be within the machines that they registered, because a row is on its
   * way, or because stock rose and nobody asked since.
   */
  readonly #beyond = new Set<ParticipantId>();
  readonly #recent = new Map<ParticipantId, RecentOffer>();

  constructor(panorama: Panorama) {
    this.panorama = panorama;
    this.#index = new LotIndex(panorama.names);
  }

  /**
   * The best lots for the order that pass the static filter, the live match and the limit price, by
   * the order's priority: a tie goes to the lower price, the higher score, the smaller lessor and lot.
   *
   * @param search how many lots; `replicasMax` bounds the replicas that are counted per lot.
   * @param only of which lessors, if stated.
   * @patent [0050]-[0052] C1.5 C1.6 MAT-2 MAT-3
   */
  candidates(
    order: BuyOrder,
    search: Omit<Search, 'partitions' | 'isCandidate'>,
    only?: (lessor: ParticipantId) => boolean,
  ): LotHit[] {
    const { arrived } = this.panorama;
    const isCandidate = (lessor: ParticipantId) =>
      !arrived.has(lessor) &&
      (only === undefined || only(lessor)) &&
      (this.#isWithin(lessor) || this.couldServe(lessor, order));
    return this.#best(order, { ...search, isCandidate });
  }

  /** The same for an order that asks for less than `wanted`, whose candidates are asked for. */
  candidatesFor(
    wanted: BuyOrder,
    order: BuyOrder,
    search: Omit<Search, 'partitions' | 'isCandidate'>,
  ): LotHit[] {
    const { arrived } = this.panorama;
    const isCandidate = (lessor: ParticipantId) =>
      !arrived.has(lessor) && this.couldServe(lessor, wanted);
    return this.#best(order, { ...search, isCandidate });
  }

  #best(order: BuyOrder, search: Omit<Search, 'partitions'>): LotHit[] {
    this.follow();
    return this.#index.best(order, { ...search, partitions: null });
  }

  /** Offers within their machines need no filter: what suits is a candidate. */
  #isWithin(lessor: ParticipantId): boolean {
    if (!this.#beyond.has(lessor)) return true;
    const [offer, spec] = [this.#offerOf(lessor), this.#specOf(lessor)];
    if (!offer || !spec || !offerFitsSpec(offer, spec)) return false;
    this.#beyond.delete(lessor);
    return true;
  }

  /** Whether the lessor passes the static filter: by its registered resources alone. */
  couldServe(lessor: ParticipantId, order: BuyOrder): boolean {
    const spec = this.#specOf(lessor);
    return spec !== null && couldEverServe(spec, order);
  }

  /** The lessor's offer less what is reserved; undefined when there is none. */
  freeOffer(lessor: ParticipantId): SellOrder | undefined {
    const offer = this.#offerOf(lessor);
    return offer ? this.reservations.freeOf(offer) : undefined;
  }

  /** The lot that a hit names, less what is reserved in it, with its offer. */
  lotOf({ lessor, lotId }: Pick<LotHit, 'lessor' | 'lotId'>): { offer: SellOrder; lot: Lot } {
    const offer = this.#offerOf(lessor);
    const lot = offer?.lots.find(({ id }) => id === lotId);
    if (!offer || !lot)
      throw new Error(`the index has a lot that nobody offers: ${lessor} ${lotId}`);
    return { offer, lot: this.reservations.free(lessor, lot) };
  }

  /**
   * Takes over rows of snapshots, of about so many lots: until then the lessors of the others are
   * not candidates.
   *
   * @returns lessors whose offers can be found from now on.
   */
  followArrived(lotsMax: number): ParticipantId[] {
    const { arrived } = this.panorama;
    const found: ParticipantId[] = [];
    let left = lotsMax;
    for (const lessor of arrived) {
      if (left <= 0) break;
      arrived.delete(lessor);
      const lots = this.#take(lessor);
      if (lots > 0) found.push(lessor);
      left -= 1 + lots;
    }
    return found;
  }

  /** Goes on putting the index in order where that is worth its while, see {@link LotIndex.tidy}. */
  tidy(lotsMax: number): void {
    if (this.#index.isUntidy) this.#index.tidy(lotsMax);
  }

  /** True when {@link followArrived} or {@link tidy} have something left to do. */
  get isBehind(): boolean {
    return this.panorama.arrived.size > 0 || this.#index.isUntidy;
  }

  get size(): IndexSize {
    return this.#index.size;
  }

  /** Takes over into the index what changed, apart from snapshots, since it was last asked. */
  follow(): void {
    const { changed, refigured, arrived, parts } = this.panorama;
    for (const lessor of this.reservations.changed) changed.add(lessor);
    this.reservations.changed.clear();
    for (const [lessor, figures] of refigured) {
      // What arrived is taken over whole, and may be of other lots.
      if (!changed.has(lessor) && !arrived.has(lessor)) this.#refigure(lessor, figures);
    }
    refigured.clear();
    for (const lessor of changed) this.#take(lessor);
    changed.clear();
    for (const { hub, stale } of parts.values()) this.#index.setStale(hub, stale);
  }

  /** Only figures of the offer changed: all else is in the index already. */
  #refigure(lessor: ParticipantId, figures: Figures): void {
    const isAlone = !this.reservations.has(lessor);
    if (isAlone && this.#index.setFigures(lessor, figures)) this.#beyond.add(lessor);
    else this.#take(lessor);
  }

  /** Returns how many lots the lessor offers. */
  #take(lessor: ParticipantId): number {
    this.#recent.delete(lessor);
    const offer = this.freeOffer(lessor);
    const spec = this.#specOf(lessor);
    this.#beyond.delete(lessor);
    if (!offer || !spec) {
      this.#index.dropOffer(lessor);
      return 0;
    }
    if (!offerFitsSpec(offer, spec)) this.#beyond.add(lessor);
    this.#index.putOffer(offer);
    return offer.lots.length;
  }

  /** Unpacks an offer once for all of its lots that are chosen one after the other. */
  #offerOf(lessor: ParticipantId): SellOrder | null {
    const part = this.panorama.parts.get(hubOf(lessor));
    const revision = part?.leases.revisionOf(lessor);
    if (!part || revision === undefined) return null;
    const known = this.#recent.get(lessor);
    if (known?.epoch === part.epoch && known.revision === revision) return known.offer;
    if (this.#recent.size >= RECENT_MAX) this.#recent.clear();
    const offer = part.leases.get(lessor)?.offer ?? null;
    this.#recent.set(lessor, { epoch: part.epoch, revision, offer });
    return offer;
  }

  #specOf(lessor: ParticipantId): PublishedSpec | null {
    return this.panorama.parts.get(hubOf(lessor))?.resources.get(lessor)?.spec ?? null;
  }
}
