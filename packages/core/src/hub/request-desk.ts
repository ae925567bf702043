/** Requests of lessees (and operators) to their hub, and the replies. */

import type { FirstAgreements } from '../agreement/first-hub.ts';
import type { TargetParts } from '../agreement/target-hub.ts';
import type { HubStatus, PageMark, Reply, Request } from '../messages.ts';
import type { PublishedSpec } from '../order/resource-spec.ts';
import type { SellOrder } from '../order/sell-order.ts';
import type { HubPart } from '../panorama/hub-part.ts';
import type { PanoramaRow } from '../panorama/row.ts';
import type { Rows } from '../panorama/row-tables.ts';
import { refuse } from '../refusals.ts';
import { type HubId, hubOf, type ParticipantId } from '../units/ids.ts';
import type { HubContext } from './context.ts';
import { explanationsOf } from './explanations.ts';
import { LeaseDesk } from './lease-desk.ts';
import type { OrderBook } from './order-book.ts';
import { pageOf, pageOfIds } from './paging.ts';
import type { PanoramaDesk } from './panorama-desk.ts';
import { planFor } from './plan.ts';
import type { RecoveryDesk } from './recovery-desk.ts';
import type { ResultDesk } from './result-desk.ts';
import { summaryOf } from './views.ts';

export class RequestDesk {
  readonly #context: HubContext;
  readonly #book: OrderBook;
  readonly #agreements: FirstAgreements;
  readonly #parts: TargetParts;
  readonly #leases: LeaseDesk;
  readonly #results: ResultDesk;
  readonly #panoramas: PanoramaDesk;
  readonly #recovery: RecoveryDesk | null;

  constructor(
    context: HubContext,
    book: OrderBook,
    agreements: FirstAgreements,
    parts: TargetParts,
    results: ResultDesk,
    panoramas: PanoramaDesk,
    recovery: RecoveryDesk | null,
  ) {
    this.#recovery = recovery;
    this.#panoramas = panoramas;
    this.#results = results;
    this.#context = context;
    this.#book = book;
    this.#agreements = agreements;
    this.#parts = parts;
    this.#leases = new LeaseDesk(context, book, agreements);
  }

  /** Answers at once, or leaves the answer to the store (`cold-read`). */
  handle(from: ParticipantId, session: string, requestId: string, request: Request): void {
    const reply = this.#reply(from, request);
    if (reply) return this.#context.out.send(from, { type: 'reply', requestId, reply }, session);
    this.#context.out.effect({ kind: 'cold-read', to: from, session, requestId, request });
  }

  #reply(from: ParticipantId, request: Request): Reply | undefined {
    const { op } = request;
    switch (op) {
      case 'order.submit': {
        const result = this.#book.submit(from, request.document, request.taskPrivate);
        return result.ok ? { ...result, op } : result;
      }
      case 'order.cancel': {
        const result = this.#book.cancel(from, request.order);
        return result.ok ? { ...result, op } : result;
      }
      case 'order.get': {
        const order = this.#book.find(from, request.order);
        return order && { ok: true, op, order: this.#book.viewOf(order) };
      }
      case 'order.list': {
        const own = [...this.#book.orders.values()].filter(({ order }) => order.lessee === from);
        const orders = own.map(summaryOf);
        const { page, next } = this.#page(orders, ({ id }) => id, request.after);
        return { ok: true, op, orders: page, next };
      }
      case 'order.plan':
        return planFor(this.#context, from, request.payload, request.after);
      case 'lease.list':
        return this.#leases.list(from, request.after);
      case 'lease.get':
        return this.#leases.get(from, request.lease);
      case 'lease.stop':
        return this.#leases.stop(from, request.lease);
      case 'order.explain':
        return this.#explain(from, request.order, request.after);
      case 'order.keys': {
        const order = this.#book.find(from, request.order);
        const waiting = order && this.#book.waitingOf(order);
        return order && waiting && { ok: true, op, document: order.document, waiting };
      }
      case 'order.release': {
        const result = this.#book.release(from, request.order, request.releases);
        return result.ok ? { ...result, op } : result;
      }
      case 'order.logs':
      case 'lease.records':
        return undefined;
      case 'result.list': {
        const results = this.#results.list(from, request.order);
        return results && { ok: true, op, results };
      }
      case 'result.read':
        return this.#results.refuseRead(from, request.order, request.container);
      case 'result.drop':
        return this.#results.drop(from, request.order, request.container);
      case 'panorama.offers':
        return { ok: true, op, ...this.#offers(request.after, this.#context.hidesStockFrom(from)) };
      case 'panorama.resources':
        if (this.#context.hidesStockFrom(from)) {
          return refuse('PANORAMA_OPERATORS_ONLY', 'hardware is for hubs and their operators');
        }
        return { ok: true, op, ...this.#specs(request.after) };
      case 'directory.resolve': {
        const hub = this.#resolve(request.participant);
        if (!hub) return refuse('DIRECTORY_UNKNOWN', request.participant);
        return { ok: true, op, participant: request.participant, hub };
      }
      case 'hub.status':
        return { ok: true, op, status: this.#status() };
    }
  }

  /**
   * The id names the hub. Only that hub knows all its participants: others know that it is a hub of
   * the network. @patent [0032] TOP-3
   */
  #resolve(participant: ParticipantId): HubId | undefined {
    const { panorama, subnet, self } = this.#context;
    const hub = hubOf(participant);
    if (hub === self && (subnet.get(participant)?.expelled ?? true)) return undefined;
    return panorama.parts.has(hub) ? hub : undefined;
  }

  #explain(from: ParticipantId, id: string, after: PageMark): Reply {
    const order = this.#book.find(from, id);
    if (!order) return refuse('ORDER_UNKNOWN', id);
    const lost = this.#book.lostRacesOf(order);
    const { page, next } = explanationsOf(this.#context, from, order.order, lost, after);
    return {
      ok: true,
      op: 'order.explain',
      order: this.#book.viewOf(order),
      lessors: page,
      next,
    };
  }

  #offers(after: PageMark, hidesStock: boolean) {
    const { panorama, config } = this.#context;
    const ids = this.#lessors((part) => part.leases);
    const itemOf = (id: ParticipantId) => {
      const { hub, stale, leases } = panorama.parts.get(hubOf(id)) as HubPart;
      const offer = leases.get(id)?.offer as SellOrder;
      return { hub, stale, offer: hidesStock ? withoutStock(offer) : offer };
    };
    const { page, next } = pageOfIds(ids, after, config.limits.pageLength, itemOf);
    return { offers: page, next };
  }

  #specs(after: PageMark) {
    const { panorama, config } = this.#context;
    const ids = this.#lessors((part) => part.resources);
    const itemOf = (id: ParticipantId) => {
      const { hub, resources } = panorama.parts.get(hubOf(id)) as HubPart;
      return { hub, spec: resources.get(id)?.spec as PublishedSpec };
    };
    const { page, next } = pageOfIds(ids, after, config.limits.pageLength, itemOf);
    return { specs: page, next };
  }

  /** Participants of all hubs that have a row with content in these tables. */
  *#lessors(rowsOf: (part: HubPart) => Rows<PanoramaRow>): Generator<ParticipantId> {
    for (const part of this.#hubParts()) yield* rowsOf(part).presentKeys();
  }

  #page<T>(items: Iterable<T>, idOf: (item: T) => string, after: PageMark) {
    return pageOf(items, idOf, after, this.#context.config.limits.pageLength);
  }

  #hubParts() {
    return [...this.#context.panorama.parts.values()];
  }

  #status(): HubStatus {
    const parts = this.#hubParts().map((part) => ({
      ...part.version(),
      stale: part.stale,
      participants: [...part.resources.presentKeys()].length,
      offers: [...part.leases.presentKeys()].length,
    }));
    const leases = [...this.#parts.parts.values()].filter(({ state }) => state !== 'ended').length;
    return {
      hub: this.#context.self,
      epoch: this.#context.epoch,
      recovery: this.#recovery?.status() ?? null,
      panorama: this.#panoramas.status(),
      parts,
      orders: this.#book.orders.size,
      agreements: this.#agreements.agreements.size,
      leases,
      preparing: this.#agreements.preparing.size,
      queued: this.#book.queued,
      rounds: this.#book.rounds.status(),
    };
  }
}

/** Terms without quantities: what things cost, not how much of them is idle. */
function withoutStock(offer: SellOrder): SellOrder {
  const nothing = { cpuMillicores: 0, memoryBytes: 0, storageBytes: 0, bandwidthBitsPerSecond: 0 };
  const lots = offer.lots.map((lot) => ({
    ...lot,
    amounts: nothing,
    devices: lot.devices.map((device) => ({ ...device, milli: 0 })),
  }));
  return { ...offer, lots };
}
