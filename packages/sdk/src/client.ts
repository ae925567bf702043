/** The client of a lessee: everything a participant may ask its hub, over any transport. */
import type { Explanation } from '@sparegrid/core/matching/explain';
import type { HubStatus, LogChunk, OrderView, PageMark, Request } from '@sparegrid/core/messages';
import type { OrderState } from '@sparegrid/core/order/order-record';
import type { ResourceSpec } from '@sparegrid/core/order/resource-spec';
import type { SellOrder } from '@sparegrid/core/order/sell-order';
import type { HubId, OrderId, ParticipantId } from '@sparegrid/core/units/ids';
import { UnavailableError } from './errors.ts';
import { followLogs, followOrder } from './follow.ts';
import { type OrderDraft, type PreparedOrder, prepareOrder } from './order-draft.ts';
import type { CallOptions, ReplyTo } from './pending-requests.ts';
import { Session, type SessionSettings } from './session.ts';

export interface WatchOptions {
  signal?: AbortSignal | undefined;
}

export interface LogOptions extends WatchOptions {
  /** False: what there is now. True: until the order ends. */
  follow?: boolean;
}

/**
 * Calls throw `RefusedError` when the hub says no, `UnavailableError` when no answer comes within
 * the timeout, and the reason of their signal when it aborts. A request that was lost on the way is
 * sent again by itself and takes effect at most once.
 */
export class Client {
  readonly participant: ParticipantId;
  readonly #settings: SessionSettings;
  readonly #session: Session;

  constructor(settings: SessionSettings) {
    this.participant = settings.participant;
    this.#settings = settings;
    this.#session = new Session(settings);
  }

  /** Ends once the hub welcomed this client. */
  async ready(options: CallOptions = {}): Promise<void> {
    await this.#session.ready(options);
  }

  /** Asks anything; the methods below are short forms of it. */
  async request<R extends Request>(request: R, options: CallOptions = {}): Promise<ReplyTo<R>> {
    return this.#session.request(request, options);
  }

  /** Fills in lessee, salt and the private part's digest, and signs. */
  prepareOrder(draft: OrderDraft): PreparedOrder {
    return prepareOrder(this.#settings.crypto, this.participant, draft);
  }

  /** Submits an order; it is durable at the hub when this returns its id. */
  async submitOrder(order: OrderDraft | PreparedOrder, options?: CallOptions): Promise<OrderId> {
    const { id, document, taskPrivate } = 'document' in order ? order : this.prepareOrder(order);
    const reply = await this.request({ op: 'order.submit', document, taskPrivate }, options);
    if (reply.order === id) return id;
    throw new UnavailableError('SDK_BAD_ANSWER', `submitted ${id}, got ${reply.order}`);
  }

  async getOrder(order: OrderId, options?: CallOptions): Promise<OrderView> {
    return (await this.request({ op: 'order.get', order }, options)).order;
  }

  async listOrders(options?: CallOptions): Promise<{ id: OrderId; state: OrderState }[]> {
    const ask = (after: PageMark) => this.request({ op: 'order.list', after }, options);
    return allPages(ask, ({ orders }) => orders);
  }

  /** Why each lessor can or cannot serve the order now. */
  async explain(
    id: OrderId,
    options?: CallOptions,
  ): Promise<{ order: OrderView; lessors: Explanation[] }> {
    const ask = (after: PageMark) =>
      this.request({ op: 'order.explain', order: id, after }, options);
    const lessors = await allPages(ask, (reply) => reply.lessors);
    return { order: await this.getOrder(id, options), lessors };
  }

  /** The order ends soon, not at once: watch it. */
  async cancel(order: OrderId, options?: CallOptions): Promise<void> {
    await this.request({ op: 'order.cancel', order }, options);
  }

  /** The lease panorama as this hub knows it. */
  async offers(options?: CallOptions): Promise<{ hub: HubId; stale: boolean; offer: SellOrder }[]> {
    const ask = (after: PageMark) => this.request({ op: 'panorama.offers', after }, options);
    return allPages(ask, ({ offers }) => offers);
  }

  /** The resource panorama as this hub knows it. */
  async resources(options?: CallOptions): Promise<{ hub: HubId; spec: ResourceSpec }[]> {
    const ask = (after: PageMark) => this.request({ op: 'panorama.resources', after }, options);
    return allPages(ask, ({ specs }) => specs);
  }

  /** The hub that a participant belongs to. */
  async resolve(participant: ParticipantId, options?: CallOptions): Promise<HubId> {
    return (await this.request({ op: 'directory.resolve', participant }, options)).hub;
  }

  async status(options?: CallOptions): Promise<HubStatus> {
    return (await this.request({ op: 'hub.status' }, options)).status;
  }

  /** Views of the order, the first at once, then whenever it changed; ends with its final state. */
  watch(order: OrderId, { signal }: WatchOptions = {}): AsyncGenerator<OrderView, void, void> {
    const get = () => this.getOrder(order, { signal, timeoutMs: null });
    return this.#session.listening(order, (bell) => followOrder(bell, get, signal));
  }

  /** The order in its final state. */
  async awaitOrder(order: OrderId, options?: WatchOptions): Promise<OrderView> {
    let last: OrderView | undefined;
    for await (const view of this.watch(order, options)) last = view;
    return last as OrderView;
  }

  /** Output of the order's containers, every chunk once, in order within its container. */
  logs(order: OrderId, options: LogOptions = {}): AsyncGenerator<LogChunk, void, void> {
    const { follow = false, signal } = options;
    const call = { signal, timeoutMs: follow ? null : undefined };
    const get = (after: Record<string, number>) =>
      this.request({ op: 'order.logs', order, after }, call);
    return this.#session.listening(order, (bell) => followLogs(bell, get, { follow, signal }));
  }

  /** Ends the session; what is under way fails with SDK_CLOSED. */
  async close(): Promise<void> {
    await this.#session.close();
  }
}

/** Asks for page after page until there is no next one. */
async function allPages<R extends { next: PageMark }, T>(
  ask: (after: PageMark) => Promise<R>,
  itemsOf: (reply: R) => T[],
): Promise<T[]> {
  const items: T[] = [];
  let after: PageMark = null;
  do {
    const reply = await ask(after);
    items.push(...itemsOf(reply));
    after = reply.next;
  } while (after !== null);
  return items;
}
