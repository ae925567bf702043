/** Requests under way: sent again in fresh frames, under the same id, until they are answered. */
import type { Message, Reply, Request } from '@sparegrid/core/messages';
import { RefusedError, UnavailableError } from './errors.ts';
import { randomHex } from './random.ts';

/** First wait before an unanswered request is sent again; doubles up to the maximum. */
export const RESEND_MS = 1_000;
export const RESEND_MS_MAX = 30_000;
/** How long a request waits for its answer unless the caller says otherwise. */
export const TIMEOUT_MS = 30_000;

/** The positive reply to a request. */
export type ReplyTo<R extends Request> = Extract<Reply, { ok: true; op: R['op'] }>;

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Null: as long as it takes. */
  timeoutMs?: number | null | undefined;
}

/** `offline`: nothing was sent. `too-large`: it never can be. */
export type SendOutcome = 'sent' | 'offline' | 'too-large';

interface Pending {
  message: Extract<Message, { type: 'request' }>;
  attempts: number;
  resend: ReturnType<typeof setTimeout> | undefined;
  settle(outcome: Extract<Reply, { ok: true }> | Error): void;
}

export class PendingRequests {
  readonly #pending = new Map<string, Pending>();
  readonly #send: (messages: Message[]) => SendOutcome;
  /** The last refusal that named no request: the likely cause of a missing answer. */
  #lastRefusal: RefusedError | undefined;

  constructor(send: (messages: Message[]) => SendOutcome) {
    this.#send = send;
  }

  /**
   * @throws RefusedError, UnavailableError, or the reason of `signal`. The hub knows a request by
   *         its id: however often it was sent, it takes effect at most once.
   */
  async ask<R extends Request>(request: R, options: CallOptions): Promise<ReplyTo<R>> {
    const { signal, timeoutMs = TIMEOUT_MS } = options;
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Extract<Reply, { ok: true }>>();
    const message = { type: 'request' as const, requestId: randomHex(), request };
    const settle = (outcome: Extract<Reply, { ok: true }> | Error) =>
      outcome instanceof Error ? reject(outcome) : resolve(outcome);
    const pending: Pending = { message, attempts: 0, resend: undefined, settle };
    this.#pending.set(message.requestId, pending);
    const abort = () => reject(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    const timer =
      timeoutMs === null
        ? undefined
        : setTimeout(() => reject(this.unavailable(pending.attempts > 0)), timeoutMs);
    try {
      this.#transmit(pending);
      const reply = await promise;
      if (reply.op === request.op) return reply as ReplyTo<R>;
      throw new UnavailableError('SDK_BAD_ANSWER', `asked ${request.op}, got ${reply.op}`);
    } finally {
      clearTimeout(timer);
      clearTimeout(pending.resend);
      signal?.removeEventListener('abort', abort);
      this.#pending.delete(message.requestId);
    }
  }

  /** Busy hubs are asked again later; every other answer is final. */
  answer(requestId: string, reply: Reply): void {
    const pending = this.#pending.get(requestId);
    if (!pending || (!reply.ok && reply.code === 'LINK_BUSY')) return;
    pending.settle(reply.ok ? reply : new RefusedError(reply.code, reply.hint));
  }

  /** Remembers a refusal that may be the reason why an answer does not come. */
  note(refusal: RefusedError): void {
    this.#lastRefusal = refusal;
  }

  /** What to throw when an answer did not come in time. */
  unavailable(wasSent: boolean): UnavailableError {
    const cause = this.#lastRefusal;
    if (cause) {
      return new UnavailableError('SDK_NO_ANSWER', `The hub said ${cause.message}`, { cause });
    }
    if (!wasSent) return new UnavailableError('SDK_UNREACHABLE', 'Is the hub running?');
    const hint = 'Does the hub know this participant and its key? Hubs do not answer strangers.';
    return new UnavailableError('SDK_NO_ANSWER', hint);
  }

  /** Ends everything under way. */
  fail(error: Error): void {
    for (const pending of this.#pending.values()) pending.settle(error);
  }

  /** The link is up again: what was under way may be lost. */
  resend(): void {
    for (const pending of this.#pending.values()) {
      pending.attempts = 0;
      this.#transmit(pending);
    }
  }

  #transmit(pending: Pending): void {
    clearTimeout(pending.resend);
    const outcome = this.#send([pending.message]);
    if (outcome === 'offline') return;
    if (outcome === 'too-large') {
      pending.settle(new RefusedError('LINK_TOO_LARGE', 'the request is larger than a frame'));
      return;
    }
    const waitMs = Math.min(RESEND_MS * 2 ** pending.attempts, RESEND_MS_MAX);
    pending.attempts += 1;
    pending.resend = setTimeout(() => this.#transmit(pending), waitMs);
  }
}
