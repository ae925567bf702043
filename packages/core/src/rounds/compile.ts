/** Compiles a round in small pieces: wishes, what single matching gives, the programme. */
import type { LotHit } from '../index/lot-index.ts';
import type { MarketView } from '../matching/market.ts';
import type { BuyOrder } from '../order/buy-order.ts';
import { replicaPriceMicroPerHour } from '../order/price.ts';
import { hubOf, type ParticipantId } from '../units/ids.ts';
import { type Filled, Filling } from './filling.ts';
import { instanceOf, type RoundInstance } from './instance.ts';
import type { Round, RoundLot, RoundOrder, Wishes } from './market.ts';
import { wishesOf } from './wishes.ts';

export interface Compiled {
  round: Round;
  /** What the orders get one by one, on the same lots. */
  alone: Filled;
  programme: RoundInstance;
}

/** Every order may wish for so many lots, whatever the number of pairs. */
const WISHES_LEAST = 32;
/** Work is counted in lots found in the index; choosing among found ones is this much cheaper. */
const CHOICES_PER_WORK = 8;
/** What asking the index costs beside the lots that it finds. */
const QUERY_WORK = 16;

/**
 * Yields after each piece with its work: the hub stops there and goes on in a later step. Each lot is
 * taken as it is when it is first found; what changes afterwards shows when the answer is placed.
 */
export function* compile(
  view: () => MarketView,
  orders: readonly RoundOrder[],
  pairsMost: number,
): Generator<number, Compiled> {
  const lots = new RoundLots();
  const most = Math.floor(pairsMost / Math.max(1, orders.length));
  const replicas = orders.reduce((sum, { want }) => sum + want.max, 0);
  const wishes: Wishes[] = [];
  for (const order of orders) {
    const { want } = order;
    // All others together cannot stand in the way in more lots than they have replicas.
    const isFree = order.order.maxLessors >= want.max;
    const enough = isFree ? Math.min(most, replicas) : most;
    wishes.push(lots.wishesOf(order, view(), Math.max(WISHES_LEAST, enough)));
    yield QUERY_WORK + (wishes.at(-1) as Wishes).lot.length;
  }
  const round: Round = { orders, lots: lots.all, wishes };
  const filling = new Filling(round);
  for (const [i, { lot }] of wishes.entries()) {
    filling.serve(i);
    yield 1 + lot.length / CHOICES_PER_WORK;
  }
  const alone = filling.result();
  yield orders.length;
  const programme = instanceOf(round, alone.replicas);
  yield programme.instance.lessor.length / CHOICES_PER_WORK;
  return { round, alone, programme };
}

/** The lots of a round, numbered as they are found. */
class RoundLots {
  readonly all: RoundLot[] = [];
  readonly #positions = new Map<string, number>();
  readonly #terms = new Map<ParticipantId, number>();

  wishesOf({ order, want }: RoundOrder, { market, wallMs }: MarketView, most: number): Wishes {
    const found = market.candidates(order, { lots: most, wallMs, replicasMax: want.max });
    const hits = found.filter(
      (hit) => this.#isAsBefore(hit.lessor, market) && this.#costsAsBefore(hit, order),
    );
    const positions = hits.map((hit) => {
      const name = `${hit.lessor} ${hit.lotId}`;
      const known = this.#positions.get(name);
      if (known !== undefined) return known;
      this.#positions.set(name, this.all.length);
      const hub = hubOf(hit.lessor);
      return this.all.push({ hub, lessor: hit.lessor, ...market.lotOf(hit) }) - 1;
    });
    return wishesOf(order, hits, Int32Array.from(positions));
  }

  /** False when its hub told another price under the same terms revision: it must not stop us. */
  #costsAsBefore({ lessor, lotId, priceMicroPerHour }: LotHit, { replica }: BuyOrder): boolean {
    const known = this.all[this.#positions.get(`${lessor} ${lotId}`) ?? -1];
    if (!known) return true;
    const { lot, offer } = known;
    const due = replicaPriceMicroPerHour(lot.asks, offer.efficiencyPermille, replica);
    return due === priceMicroPerHour;
  }

  /** False when its terms have changed since an earlier order: a part has one terms revision. */
  #isAsBefore(lessor: ParticipantId, { panorama }: MarketView['market']): boolean {
    const revision = panorama.lease(lessor)?.offer?.termsRevision ?? 0;
    const known = this.#terms.get(lessor) ?? revision;
    this.#terms.set(lessor, known);
    return known === revision;
  }
}
