/** Brings requests that came by HTTP into the hub's loop, and what the hub says about them back. */
import type { HubInput } from '@sparegrid/core/hub/hub-core';
import type { Message, Reply, Request } from '@sparegrid/core/messages';
import type { OrderId, ParticipantId } from '@sparegrid/core/units/ids';

export interface PortSettings {
  /** A pending promise: the inbox is full. */
  offer(input: HubInput): Promise<void> | undefined;
  /** From now on `deliver` gets what the hub sends to that session of a participant. */
  listen(session: string, deliver: (message: Message) => void): void;
  unlisten(session: string): void;
}

/** Hears of one participant's orders. */
export interface Ear {
  /** The next word about the order, or the end of `signal`. */
  next(signal: AbortSignal): Promise<void>;
  close(): void;
}

/** All single requests share one session: an answer finds its request by its id. */
const SESSION = 'http';

export class RequestPort {
  readonly #settings: PortSettings;
  readonly #waiting = new Map<string, (reply: Reply) => void>();
  #requests = 0;
  #ears = 0;

  constructor(settings: PortSettings) {
    this.#settings = settings;
    settings.listen(SESSION, (message) => {
      if (message.type !== 'reply') return;
      this.#waiting.get(message.requestId)?.(message.reply);
      this.#waiting.delete(message.requestId);
    });
  }

  /** The reply, once what it shows is durable. */
  async ask(from: ParticipantId, request: Request): Promise<Reply> {
    this.#requests += 1;
    const requestId = String(this.#requests);
    const { promise, resolve } = Promise.withResolvers<Reply>();
    this.#waiting.set(requestId, resolve);
    await this.#settings.offer({ kind: 'request', from, session: SESSION, requestId, request });
    return promise;
  }

  /** Hears from the moment of the call on: look only after it. */
  async hear(participant: ParticipantId, order: OrderId): Promise<Ear> {
    this.#ears += 1;
    const session = `${SESSION}-${this.#ears}`;
    let rung = false;
    let wake: (() => void) | null = null;
    this.#settings.listen(session, (message) => {
      const isAbout = message.type === 'order-event' || message.type === 'output';
      if (!isAbout || message.order !== order) return;
      rung = true;
      wake?.();
    });
    await this.#settings.offer({ kind: 'session-opened', participant, session });
    return {
      next: async (signal) => {
        if (!rung && !signal.aborted) {
          const { promise, resolve } = Promise.withResolvers<void>();
          wake = resolve;
          signal.addEventListener('abort', () => resolve(), { once: true });
          await promise;
          wake = null;
        }
        rung = false;
      },
      close: () => {
        this.#settings.unlisten(session);
        void this.#settings.offer({ kind: 'session-closed', participant, session });
      },
    };
  }
}
