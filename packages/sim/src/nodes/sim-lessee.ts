/** A simulated lessee: signs orders, sends requests until they are answered, cancels, asks again. */

import type { Message, Reply, Request } from '@sparegrid/core/messages';
import type { BuyOrder } from '@sparegrid/core/order/buy-order';
import { FINAL_ORDER_STATES, type OrderState } from '@sparegrid/core/order/order-record';
import { signDocument } from '@sparegrid/core/units/document';
import type { HubId, OrderId, ParticipantId } from '@sparegrid/core/units/ids';
import type { JsonValue } from '@sparegrid/core/units/json';
import { decodeFrame, type FrameText } from '@sparegrid/link/frame';
import { Framer } from '@sparegrid/link/framer';
import type { Stamp } from '../auditor/lessees.ts';
import { NodeClock } from '../kernel/node-clock.ts';
import type { Rng } from '../kernel/rng.ts';
import type { OrderDraft } from '../workload/orders.ts';
import { sealRelease, sealTask } from '../workload/seal.ts';
import type { Context } from '../world/context.ts';
import type { Client } from '../world/post.ts';

type WayToRelease = 'prompt' | 'late' | 'never' | 'wrong';

type Submission = Extract<Request, { op: 'order.submit' }>;

interface Asked {
  request: Request;
  answered: (reply: Reply, at: Stamp) => void;
}

const RESEND_MS = 3_000;
const POLL_MS = 6_000;

export class SimLessee implements Client {
  readonly participant: ParticipantId;
  readonly hub: HubId;
  readonly clock: NodeClock;
  /** Acknowledged orders with the last state that the lessee was told. */
  readonly orders = new Map<OrderId, OrderState>();
  /** Orders sent that were neither acknowledged nor refused yet. */
  pending = 0;
  readonly #context: Context;
  readonly #rng: Rng;
  readonly #asked = new Map<string, Asked>();
  #framer: Framer | null = null;
  #requests = 0;

  constructor(context: Context, participant: ParticipantId, hub: HubId) {
    this.participant = participant;
    this.hub = hub;
    this.#context = context;
    this.#rng = context.rng.fork(`lessee ${participant}`);
    // It goes by its hub's clock: how long its orders live is judged by that.
    this.clock = new NodeClock(this.#rng.between(-2_000, 2_000) + context.skewMs(hub));
  }

  isUp(): boolean {
    return true;
  }

  /** Every connection is a session of its own, as with a command-line client. */
  opened(): string {
    const session = this.#rng.hex(32);
    const crypto = this.#context.keyring.cryptoOf(this.participant);
    const { frameTtlMs } = this.#context.timing;
    this.#framer = new Framer({ crypto, from: this.participant, session, epoch: 0, frameTtlMs });
    this.#context.queue.after(0, () => {
      this.#send({ type: 'hello', role: 'lessee' });
      for (const id of this.#asked.keys()) this.#sendRequest(id);
    });
    return session;
  }

  closed(): void {
    this.#framer = null;
  }

  /** Sends the same text once more. */
  readonly #again = new Map<OrderId, () => void>();
  readonly #releasing = new Map<OrderId, WayToRelease>();

  /** Orders of which completion is certain in a market that works. */
  readonly probes = new Set<OrderId>();

  probe(draft: OrderDraft): void {
    this.submit(draft, true);
  }

  /** Signs the order and sends it until it is answered. */
  submit(draft: OrderDraft, isProbe = false): void {
    const { keyring } = this.#context;
    const crypto = keyring.cryptoOf(this.participant);
    const taskPrivate = sealTask(draft.taskPrivate);
    const privateDigest = crypto.digest(taskPrivate);
    const { task, ...rest } = draft.order;
    const order: BuyOrder = {
      ...rest,
      lessee: this.participant,
      task: {
        public: task.public,
        privateDigest,
        sealKey: `${crypto.digest(rest.salt).slice(-42)}0`,
      },
    };
    const value = order as unknown as JsonValue;
    const document = signDocument(crypto, this.participant, 'buy-order', value);
    this.#submit({ op: 'order.submit', document, taskPrivate }, order, isProbe);
  }

  #submit(request: Submission, order: BuyOrder, isProbe: boolean): void {
    const { auditor } = this.#context;
    const { document } = request;
    this.pending += 1;
    this.ask(request, (reply) => {
      this.pending -= 1;
      if (!reply.ok && reply.code === 'HUB_RECOVERING') {
        this.pending += 1;
        this.#context.queue.after(RESEND_MS, () => {
          this.pending -= 1;
          this.#submit(request, order, isProbe);
        });
        return;
      }
      auditor.lessees.submitted(this.participant, order, document, reply);
      if (!reply.ok || reply.op !== 'order.submit') return;
      if (isProbe) this.probes.add(reply.order);
      this.#again.set(reply.order, () => this.#submit(request, order, isProbe));
      if (!this.#releasing.has(reply.order)) {
        this.#releasing.set(reply.order, this.#wayToRelease(isProbe));
      }
      this.#follow(reply.order, !isProbe);
    });
  }

  ask(request: Request, answered: Asked['answered']): void {
    this.#requests += 1;
    const id = `r${this.#requests}`;
    this.#asked.set(id, { request, answered });
    this.#sendRequest(id);
    this.#resendLater(id);
  }

  #resendLater(id: string): void {
    this.#context.queue.after(RESEND_MS + this.#rng.between(0, RESEND_MS), () => {
      if (!this.#asked.has(id)) return;
      this.#sendRequest(id);
      this.#resendLater(id);
    });
  }

  #sendRequest(id: string): void {
    const asked = this.#asked.get(id);
    if (asked) this.#send({ type: 'request', requestId: id, request: asked.request });
  }

  #send(message: Message): void {
    if (!this.#framer) return;
    const wallMs = this.clock.wallMs(this.#context.queue.nowMs);
    for (const frame of this.#framer.frame(this.hub, [message], wallMs)) {
      this.#context.post.fromClient(this, frame);
    }
  }

  receive({ text, signature }: FrameText): void {
    const { trace, queue, auditor } = this.#context;
    const read = decodeFrame(text, signature);
    trace.add(queue.nowMs, 'arrive', this.participant, signature);
    if (!read.ok || read.signed.frame.from !== this.hub) return;
    const { epoch, seq, messages } = read.signed.frame;
    for (const message of messages) {
      if (message.type === 'reply')
        this.#answered(message.requestId, message.reply, { epoch, seq });
      else if (message.type === 'order-event') {
        if (message.event.name === 'frozen') this.#releaseKeys(message.order);
        auditor.lessees.told(this.participant, message.order, message.state, { epoch, seq });
      }
    }
  }

  #answered(id: string, reply: Reply, at: Stamp): void {
    const asked = this.#asked.get(id);
    if (!asked) return;
    this.#asked.delete(id);
    asked.answered(reply, at);
  }

  /** Asks for the order's state until it is final, then once more much later. */
  #follow(order: OrderId, mayCancel: boolean): void {
    if (this.orders.has(order)) return;
    this.orders.set(order, 'open');
    this.#poll(order);
    if (mayCancel && this.#rng.chance(120)) {
      this.#context.queue.after(this.#rng.between(500, 40_000), () => {
        this.ask({ op: 'order.cancel', order }, (reply) => {
          this.#context.auditor.lessees.cancelled(this.participant, order, reply);
        });
      });
    }
  }

  #poll(order: OrderId): void {
    this.#context.queue.after(POLL_MS + this.#rng.between(0, POLL_MS), () => {
      this.ask({ op: 'order.get', order }, (reply, at) => {
        this.#context.auditor.lessees.viewed(this.participant, order, reply, at);
        const isOpen = !FINAL_ORDER_STATES.has(this.orders.get(order) as OrderState);
        if (!reply.ok && reply.code === 'HUB_RECOVERING') return this.#poll(order);
        if (!reply.ok && reply.code === 'ORDER_UNKNOWN' && isOpen) {
          // Its hub forgot it: the same text is the same order.
          this.orders.delete(order);
          return this.#again.get(order)?.();
        }
        if (!reply.ok || reply.op !== 'order.get') return;
        this.orders.set(order, reply.order.state);
        const parts = reply.order.agreements.flatMap((agreement) => agreement.parts);
        if (parts.some(({ key }) => key === 'awaited')) this.#releaseKeys(order);
        if (!FINAL_ORDER_STATES.has(reply.order.state)) this.#poll(order);
        else this.#askLogs(order);
      });
    });
  }

  /** Most lessees are there; some come late, some never, and some have the wrong key. */
  #wayToRelease(isProbe: boolean): WayToRelease {
    const { plan, queue } = this.#context;
    if (isProbe || plan.mode === 'none' || queue.nowMs >= plan.untilMs) return 'prompt';
    const chance = this.#rng.between(0, 99);
    if (chance < 84) return 'prompt';
    return chance < 94 ? 'late' : chance < 97 ? 'never' : 'wrong';
  }

  /** Asks who waits for a key, and gives it to them; sometimes again, with another text. */
  #releaseKeys(order: OrderId): void {
    const way = this.#releasing.get(order) ?? 'prompt';
    if (way === 'never') return;
    const delayMs = way === 'late' ? this.#rng.between(5_000, 60_000) : this.#rng.between(0, 200);
    this.#context.queue.after(delayMs, () => {
      this.ask({ op: 'order.keys', order }, (reply) => {
        if (!reply.ok || reply.op !== 'order.keys' || reply.waiting.length === 0) return;
        const times = this.#rng.chance(200) ? 2 : 1;
        for (let time = 0; time < times; time += 1) {
          const releases = reply.waiting.map(({ part }) => {
            const release = { part, opens: way !== 'wrong', number: this.#rng.hex(8) };
            return { part, release: sealRelease(release) };
          });
          for (const { part, release } of releases) {
            this.#context.auditor.keys.released(part, release);
          }
          this.ask({ op: 'order.release', order, releases }, () => {});
        }
      });
    });
  }

  /** Reads explanation and logs of the ended order: reads must work for what is archived too. */
  #askLogs(order: OrderId): void {
    if (!this.#rng.chance(400)) return;
    const { queue, auditor } = this.#context;
    queue.after(this.#rng.between(100, 90_000), () => {
      this.ask({ op: 'order.logs', order, after: {} }, () => {});
      this.ask({ op: 'order.get', order }, (reply, at) => {
        auditor.lessees.viewed(this.participant, order, reply, at);
      });
    });
  }
}
