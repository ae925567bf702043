/** The client of a participant: everything it may ask its hub, by whatever link. */

import type { TrustAnchor } from '@sparegrid/core/identity/statements';
import type { Explanation } from '@sparegrid/core/matching/explain';
import type {
  HubStatus,
  KeptChunk,
  LeaseView,
  LogChunk,
  OrderPlan,
  OrderSummary,
  OrderView,
  PageMark,
  Request,
  ResultView,
} from '@sparegrid/core/messages';
import { FINAL_ORDER_STATES } from '@sparegrid/core/order/order-record';
import type { PublishedSpec } from '@sparegrid/core/order/resource-spec';
import type { SellOrder } from '@sparegrid/core/order/sell-order';
import type {
  AgreementId,
  ContainerId,
  HubId,
  OrderId,
  ParticipantId,
} from '@sparegrid/core/units/ids';
import type { WithCursor } from '@sparegrid/link/http/routes';
import { UnavailableError } from './errors.ts';
import { takeFresh } from './follow.ts';
import type { HubLink, OrderNews } from './hub-link.ts';
import type { LogOptions, Plan, WatchOptions } from './options.ts';
import { type OrderDraft, type PreparedOrder, prepareOrder, writeOrder } from './order-draft.ts';
import type { CallOptions, ReplyTo } from './pending-requests.ts';
import { readResult } from './result.ts';
import { type Quote, quote, type Run, type RunForm, startQuoted } from './run.ts';
import type { Signer } from './signer.ts';
import { awaitsKey, hasKeys, TaskKeys } from './task-keys.ts';

export interface ClientSettings {
  participant: ParticipantId;
  signer: Signer;
  /** Of the participant's former keys: what was sealed with them opens with nothing else. */
  formerSigners?: readonly Signer[] | undefined;
  link: HubLink;
  /** Whose word counts about lessors' keys; without it no task's key is released to anybody. */
  network?: TrustAnchor | undefined;
}

/**
 * Calls throw `RefusedError` when the hub says no, `UnavailableError` when no answer comes within
 * the timeout, and the reason of their signal when it aborts. A request that was lost on the way is
 * sent again by itself and takes effect at most once.
 */
export class Client {
  readonly participant: ParticipantId;
  readonly #signer: Signer;
  readonly #link: HubLink;
  readonly #keys: TaskKeys;

  constructor(settings: ClientSettings) {
    const { participant, signer, formerSigners = [], link, network } = settings;
    this.participant = participant;
    this.#signer = signer;
    this.#link = link;
    this.#keys = new TaskKeys({
      participant,
      signer,
      formerSigners,
      network: network ?? null,
      ask: (request, options = {}) => link.request(request, options),
    });
  }

  /** Ends once the hub answered this client. */
  async ready(options: CallOptions = {}): Promise<void> {
    await this.#link.ready(options);
  }

  /** Asks anything; the methods below are short forms of it. */
  async request<R extends Request>(request: R, options: CallOptions = {}): Promise<ReplyTo<R>> {
    return this.#link.request(request, options);
  }

  /** Seals the private part, fills in lessee and salt, and signs: no hub can read or change it. */
  prepareOrder(draft: OrderDraft): Promise<PreparedOrder> {
    return prepareOrder(this.#signer, this.participant, draft);
  }

  /** Submits an order; it is durable at the hub when this returns its id. */
  async submitOrder(order: OrderDraft | PreparedOrder, options?: CallOptions): Promise<OrderId> {
    const prepared = 'document' in order ? order : await this.prepareOrder(order);
    const { id, document, taskPrivate } = prepared;
    const reply = await this.request({ op: 'order.submit', document, taskPrivate }, options);
    if (reply.order !== id) {
      throw new UnavailableError('SDK_BAD_ANSWER', `submitted ${id}, got ${reply.order}`);
    }
    this.#keys.prepare(id, document);
    return id;
  }

  /**
   * Gives the key of the order's task to each lessor that waits for it (AWAITING_KEY): nothing starts
   * before. {@link watch}, {@link awaitOrder} and following {@link logs} do so by themselves; any
   * client of the same key can, also long after the one that submitted has gone.
   *
   * @returns how many lessors got it now.
   * @throws RefusedError IDENTITY_*: the network does not vouch for a lessor's key; the others got the
   *         task's key. UnavailableError SDK_NO_ANCHOR.
   */
  release(order: OrderId, options?: CallOptions): Promise<number> {
    return this.#keys.release(order, options);
  }

  /**
   * Stays until lessors were found and have the key, or the order ended.
   *
   * @returns false when that did not come about within `waitMs`.
   * @throws as {@link release}
   */
  async awaitRelease(
    order: OrderId,
    { waitMs, signal }: WatchOptions & { waitMs: number },
  ): Promise<boolean> {
    const over = AbortSignal.timeout(waitMs);
    const until = AbortSignal.any(signal ? [over, signal] : [over]);
    try {
      for await (const view of this.watch(order, { signal: until })) {
        if (hasKeys(view) || FINAL_ORDER_STATES.has(view.state)) return true;
        // Nobody suits now: that may take any time.
        if (view.state === 'open' && view.lastCode !== null) return false;
      }
    } catch (error) {
      if (!over.aborted || signal?.aborted) throw error;
    }
    return false;
  }

  /** Who would be chosen now at what price, and why not the others; nothing is signed or kept. */
  async planOrder(draft: OrderDraft, options?: CallOptions): Promise<Plan> {
    const { payload } = await writeOrder(this.#signer, this.participant, draft);
    let plan: OrderPlan | undefined;
    const ask = (after: PageMark) => this.request({ op: 'order.plan', payload, after }, options);
    const lessors = await allPages(ask, (reply) => {
      plan ??= reply.plan;
      return reply.lessors;
    });
    return { plan: plan as OrderPlan, lessors };
  }

  /** What it would cost to run this now, and the order that says so; nothing is signed. */
  quote(form: RunForm, options?: CallOptions): Promise<Quote> {
    return quote(this, form, options);
  }

  /** Submits what was quoted. */
  start(quoted: Quote, options?: CallOptions): Promise<Run> {
    return startQuoted(this, quoted, options);
  }

  /** Runs something now: at the price of now and at most a tenth more, unless `form` says otherwise. */
  async run(form: RunForm, options?: CallOptions): Promise<Run> {
    return this.start(await this.quote(form, options), options);
  }

  async getOrder(order: OrderId, options?: CallOptions): Promise<OrderView> {
    return (await this.request({ op: 'order.get', order }, options)).order;
  }

  async listOrders(options?: CallOptions): Promise<OrderSummary[]> {
    const ask = (after: PageMark) => this.request({ op: 'order.list', after }, options);
    return allPages(ask, ({ orders }) => orders);
  }

  /** Why each lessor can or cannot serve the order now. */
  async explain(
    id: OrderId,
    options?: CallOptions,
  ): Promise<{ order: OrderView; lessors: Explanation[] }> {
    let order: OrderView | undefined;
    const ask = (after: PageMark) =>
      this.request({ op: 'order.explain', order: id, after }, options);
    const lessors = await allPages(ask, (reply) => {
      order ??= reply.order;
      return reply.lessors;
    });
    return { order: order as OrderView, lessors };
  }

  /** The order ends soon, not at once: watch it. */
  async cancel(order: OrderId, options?: CallOptions): Promise<void> {
    await this.request({ op: 'order.cancel', order }, options);
  }

  async listLeases(options?: CallOptions): Promise<LeaseView[]> {
    const ask = (after: PageMark) => this.request({ op: 'lease.list', after }, options);
    return allPages(ask, ({ leases }) => leases);
  }

  async getLease(lease: AgreementId, options?: CallOptions): Promise<LeaseView> {
    return (await this.request({ op: 'lease.get', lease }, options)).lease;
  }

  /** The lease ends soon, not at once; with the last one its order ends, too. */
  async stopLease(lease: AgreementId, options?: CallOptions): Promise<void> {
    await this.request({ op: 'lease.stop', lease }, options);
  }

  /** What the order's containers left in their result directories. */
  async listResults(order: OrderId, options?: CallOptions): Promise<ResultView[]> {
    return (await this.request({ op: 'result.list', order }, options)).results;
  }

  /** A result's tar archive, piece by piece; waits for what is still on its way. */
  readResult(
    order: OrderId,
    container: ContainerId,
    options: CallOptions = {},
  ): AsyncGenerator<Uint8Array, void, void> {
    const open = (chunk: LogChunk) => this.#keys.open(order, chunk);
    return readResult(this, open, order, container, options);
  }

  /** Removes a result from the hub before its time. */
  async dropResult(order: OrderId, container: ContainerId, options?: CallOptions): Promise<void> {
    await this.request({ op: 'result.drop', order, container }, options);
  }

  /** The lease panorama as this hub knows it. */
  async offers(options?: CallOptions): Promise<{ hub: HubId; stale: boolean; offer: SellOrder }[]> {
    const ask = (after: PageMark) => this.request({ op: 'panorama.offers', after }, options);
    return allPages(ask, ({ offers }) => offers);
  }

  /** The resource panorama as this hub knows it. */
  async resources(options?: CallOptions): Promise<{ hub: HubId; spec: PublishedSpec }[]> {
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

  /**
   * Views of the order, the first at once, then whenever it changed; ends with its final state.
   * Releases the task's key on the way.
   *
   * @throws as {@link release}
   */
  async *watch(
    order: OrderId,
    { signal }: WatchOptions = {},
  ): AsyncGenerator<OrderView, void, void> {
    for await (const view of this.#link.watch(order, signal)) {
      // As long as the stream itself would wait for its hub.
      if (awaitsKey(view)) await this.release(order, { signal, timeoutMs: null });
      yield view;
    }
  }

  /** Tells of the participant's orders as its hub does: {@link HubLink.hear}. @returns what ends it. */
  hear(heard: (news: OrderNews) => void): () => void {
    return this.#link.hear(heard);
  }

  /** The order in its final state. */
  async awaitOrder(order: OrderId, options?: WatchOptions): Promise<OrderView> {
    let last: OrderView | undefined;
    for await (const view of this.watch(order, options)) last = view;
    return last as OrderView;
  }

  /**
   * Output of the order's containers, or what is told about them: every chunk once, in order within
   * its container, opened. To follow the output of an order releases its key on the way, unless
   * {@link watch} does.
   *
   * @throws UnavailableError SDK_NOT_OPENED: what the hub delivers is not what the lessor sealed
   */
  logs(order: OrderId, options: LogOptions = {}): AsyncGenerator<KeptChunk, void, void> {
    const { follow = false, release = true, signal, after = {}, stream = 'output' } = options;
    const request: WithCursor =
      stream === 'output'
        ? { op: 'order.logs', order, after }
        : { op: 'lease.records', order, stream, after };
    if (!follow) return this.#outputNow(request, signal);
    return release ? this.#followReleasing(request, signal) : this.#follow(request, signal);
  }

  async *#follow(
    request: WithCursor,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<KeptChunk, void, void> {
    for await (const chunk of this.#link.output(request, signal))
      yield await this.#open(request, chunk);
  }

  async *#followReleasing(
    request: WithCursor,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<KeptChunk, void, void> {
    const over = new AbortController();
    const until = AbortSignal.any(signal ? [over.signal, signal] : [over.signal]);
    this.awaitOrder(request.order, { signal: until }).catch((error) => over.abort(error));
    try {
      yield* this.#follow(request, until);
    } finally {
      over.abort();
    }
  }

  async #open({ order }: WithCursor, chunk: KeptChunk): Promise<KeptChunk> {
    const { offset, ...opened } = await this.#keys.open(order, chunk);
    return opened;
  }

  async *#outputNow(
    request: WithCursor,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<KeptChunk, void, void> {
    const after = { ...request.after };
    for (;;) {
      const now: WithCursor = { ...request, after: { ...after } };
      const fresh = takeFresh((await this.request(now, { signal })).chunks, after);
      if (fresh.length === 0) return;
      for (const chunk of fresh) yield await this.#open(request, chunk);
    }
  }

  /** Ends the link; what is under way fails with SDK_CLOSED. */
  async close(): Promise<void> {
    await this.#link.close();
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
