/** One short session of a participant at its hub: frames out and in, requests, pushes. */
import { DEFAULT_TIMING } from '@sparegrid/core/agreement/timing';
import type { TrustAnchor } from '@sparegrid/core/identity/statements';
import type { KeptChunk, LogCursor, Message, OrderView, Request } from '@sparegrid/core/messages';
import type { RefusalCode } from '@sparegrid/core/refusals';
import type { Crypto } from '@sparegrid/core/units/document';
import type { OrderId, ParticipantId } from '@sparegrid/core/units/ids';
import { Framer } from '@sparegrid/link/framer';
import type { WithCursor } from '@sparegrid/link/http/routes';
import type { Client as Link, ClientOptions as LinkOptions } from '@sparegrid/link/transport';
import { Bell } from './bell.ts';
import { RefusedError, UnavailableError } from './errors.ts';
import { followLogs, followOrder } from './follow.ts';
import { HubFrames, type KnownHub } from './hub-frames.ts';
import type { HubLink, OrderNews } from './hub-link.ts';
import {
  type CallOptions,
  PendingRequests,
  RESEND_MS,
  RESEND_MS_MAX,
  type ReplyTo,
  type SendOutcome,
  TIMEOUT_MS,
} from './pending-requests.ts';
import { randomHex } from './random.ts';

/** Refusals after which no frame of this session will be taken: waiting does not help. */
const IN_VAIN: ReadonlySet<RefusalCode> = new Set([
  'LINK_MALFORMED',
  'LINK_TOO_LARGE',
  'LINK_AUDIENCE',
  'LINK_UNKNOWN_SENDER',
  'LINK_SIGNATURE',
  'LINK_NOT_ALLOWED',
]);

export interface SessionSettings {
  hub: KnownHub;
  /** With it the hub's keys are those of the operator's list, which the hub shows. */
  network?: TrustAnchor | undefined;
  participant: ParticipantId;
  /** Signs with the participant's key. */
  crypto: Crypto;
  /** Opens the link; called once, at the start. */
  dial(events: Pick<LinkOptions, 'onFrame' | 'onConnect'>): Link;
  /** Wall clock, for the validity of frames. */
  wallMs(): number;
}

export class Session implements HubLink {
  readonly #settings: SessionSettings;
  readonly #framer: Framer;
  readonly #incoming: HubFrames;
  readonly #pending = new PendingRequests((messages) => this.#send(messages));
  /** Rings when the hub welcomed us, or when it is clear that it never will. */
  readonly #greeted = new Bell();
  readonly #bells = new Map<OrderId, { bell: Bell; users: number }>();
  readonly #ears = new Set<(news: OrderNews) => void>();
  readonly #link: Link;
  #helloAgain: ReturnType<typeof setTimeout> | undefined;
  #welcome = false;
  #failure: Error | null = null;

  constructor(settings: SessionSettings) {
    const { crypto, hub, network, participant } = settings;
    const { frameTtlMs } = DEFAULT_TIMING;
    const sender = { crypto, from: participant, session: randomHex(), epoch: 0, frameTtlMs };
    this.#settings = settings;
    this.#framer = new Framer(sender);
    this.#incoming = new HubFrames(crypto, hub, participant, network);
    this.#link = settings.dial({
      onFrame: (text, signature) => this.#receive(text, signature),
      onConnect: () => this.#greet(),
    });
  }

  /** Ends once the hub welcomed this session. @throws as {@link request} does */
  async ready({ signal, timeoutMs = TIMEOUT_MS }: CallOptions): Promise<void> {
    if (!this.#welcome && !this.#failure) await this.#greeted.after(0, timeoutMs, signal);
    if (this.#failure) throw this.#failure;
    if (!this.#welcome) throw this.#pending.unavailable(this.#link.connected);
  }

  /** @throws RefusedError, UnavailableError, or the reason of the signal */
  async request<R extends Request>(request: R, options: CallOptions): Promise<ReplyTo<R>> {
    if (this.#failure) throw this.#failure;
    return this.#pending.ask(request, options);
  }

  /** Lends `use` a bell that rings at each push about the order and after each reconnect. */
  async *#listening<T>(order: OrderId, use: (bell: Bell) => AsyncGenerator<T, void, void>) {
    const entry = this.#bells.get(order) ?? { bell: new Bell(), users: 0 };
    this.#bells.set(order, entry);
    entry.users += 1;
    try {
      yield* use(entry.bell);
    } finally {
      entry.users -= 1;
      if (entry.users === 0) this.#bells.delete(order);
    }
  }

  /** Views of the order, the first at once, then whenever it changed; ends with its final state. */
  watch(order: OrderId, signal?: AbortSignal): AsyncGenerator<OrderView, void, void> {
    const request = { op: 'order.get', order } as const;
    const get = async () => (await this.request(request, { signal, timeoutMs: null })).order;
    return this.#listening(order, (bell) => followOrder(bell, get, signal));
  }

  /** Chunks behind the cursor, until the order ended. */
  output(request: WithCursor, signal?: AbortSignal): AsyncGenerator<KeptChunk, void, void> {
    const { order, after } = request;
    const get = (from: LogCursor) =>
      this.request({ ...request, after: from }, { signal, timeoutMs: null });
    return this.#listening(order, (bell) => followLogs(bell, get, after, signal));
  }

  hear(heard: (news: OrderNews) => void): () => void {
    const ear = (news: OrderNews) => heard(news);
    this.#ears.add(ear);
    return () => this.#ears.delete(ear);
  }

  async close(): Promise<void> {
    this.#end(new UnavailableError('SDK_CLOSED', ''));
    await this.#link.close();
  }

  /** Also after a reconnect: the hub may have forgotten who speaks here. */
  #greet(): void {
    this.#hello(RESEND_MS);
    this.#pending.resend();
    this.#ringAll();
  }

  /** Until it is heard for the first time; after that, requests alone keep the session open. */
  #hello(againMs: number): void {
    clearTimeout(this.#helloAgain);
    this.#send([{ type: 'hello', role: 'lessee' }]);
    if (this.#welcome) return;
    const nextMs = Math.min(2 * againMs, RESEND_MS_MAX);
    this.#helloAgain = setTimeout(() => this.#hello(nextMs), againMs);
  }

  #send(messages: Message[]): SendOutcome {
    if (!this.#link.connected) return 'offline';
    const { hub, wallMs } = this.#settings;
    const frames = this.#framer.frame(hub.id, messages, wallMs());
    for (const { text, signature } of frames) this.#link.send(text, signature);
    return frames.length > 0 ? 'sent' : 'too-large';
  }

  /** Frames that fail a check are passed over: they are not from our hub, not to us, or not new. */
  #receive(text: string, signature: string): void {
    const opened = this.#incoming.open(text, signature, this.#settings.wallMs());
    if (!opened.ok) return;
    for (const message of opened.messages) this.#handle(message);
  }

  #handle(message: Message): void {
    if (message.type === 'reply') this.#pending.answer(message.requestId, message.reply);
    else if (message.type === 'order-event') {
      const { order, state } = message;
      this.#bells.get(order)?.bell.ring();
      for (const heard of this.#ears) heard({ order, state });
    } else if (message.type === 'output') this.#bells.get(message.order)?.bell.ring();
    else if (message.type === 'refused') {
      this.#refused(new RefusedError(message.code, message.hint));
    } else if (message.type === 'welcome') {
      this.#welcome = true;
      clearTimeout(this.#helloAgain);
      this.#greeted.ring();
    }
  }

  #refused(error: RefusedError): void {
    if (!IN_VAIN.has(error.code)) this.#pending.note(error);
    else if (this.#welcome) this.#pending.fail(error);
    else this.#end(error);
  }

  #end(failure: Error): void {
    this.#failure ??= failure;
    clearTimeout(this.#helloAgain);
    this.#pending.fail(failure);
    this.#greeted.ring();
    this.#ringAll();
  }

  #ringAll(): void {
    for (const { bell } of this.#bells.values()) bell.ring();
    for (const heard of this.#ears) heard(null);
  }
}
