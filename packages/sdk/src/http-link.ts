/** The link to a hub by HTTP, in browsers and in Node: signed requests, streams that go on by themselves. */
import type { KeptChunk, OrderView, Reply, Request } from '@sparegrid/core/messages';
import { FINAL_ORDER_STATES } from '@sparegrid/core/order/order-record';
import type { HubId, OrderId, ParticipantId } from '@sparegrid/core/units/ids';
import {
  HEALTH_PATH,
  type HttpRequest,
  toHttp,
  type WithCursor,
} from '@sparegrid/link/http/routes';
import {
  type SignedRequest,
  signatureBase,
  signatureHeaders,
} from '@sparegrid/link/http/signature';
import { readAs } from '@sparegrid/link/read-as';
import { reply as replySchema } from '@sparegrid/link/schemas/requests';
import { RefusedError, UnavailableError } from './errors.ts';
import { takeFresh } from './follow.ts';
import type { HttpAnswer, HttpAsk } from './http-ask.ts';
import type { HubLink } from './hub-link.ts';
import { linesOf } from './lines.ts';
import { type CallOptions, type ReplyTo, TIMEOUT_MS } from './pending-requests.ts';
import { randomHex } from './random.ts';
import type { Signer } from './signer.ts';

/** First wait before something is asked again; doubles up to the maximum. */
const AGAIN_MS = 100;
const AGAIN_MS_MAX = 5_000;
/** Validity of a signature; clocks may differ by minutes. */
const VALID_S = 30;
/** Refusals of requests that were right when they were made. */
const AGAIN = new Set(['LINK_BUSY', 'LINK_FENCED']);

export interface HttpSettings {
  /** Such as `http://127.0.0.1:7070`. */
  url: string;
  hub: HubId;
  participant: ParticipantId;
  signer: Signer;
  ask: HttpAsk;
}

/** What a hub says of itself to everybody; nothing of it is believed before it is compared. */
interface Health {
  hub?: unknown;
  epoch?: unknown;
}

export class HttpLink implements HubLink {
  readonly #settings: HttpSettings;
  readonly #session = randomHex();
  readonly #closed = new AbortController();
  #seq = 0;
  /** The hub's present life, asked for once and again after a restart of it. */
  #epoch: Promise<number> | null = null;

  constructor(settings: HttpSettings) {
    this.#settings = settings;
  }

  async ready(options: CallOptions): Promise<void> {
    await this.#insist(options, (signal) => this.#known(signal));
  }

  async request<R extends Request>(request: R, options: CallOptions): Promise<ReplyTo<R>> {
    return this.#insist(options, async (signal) => {
      const response = await this.#send(toHttp(request), signal);
      return replyIn(await response.text(), request.op) as ReplyTo<R>;
    });
  }

  async *watch(order: OrderId, signal?: AbortSignal): AsyncGenerator<OrderView, void, void> {
    const ask = () => ({ op: 'order.get', order }) as const;
    for await (const reply of this.#stream(ask, signal)) {
      yield reply.order;
      if (FINAL_ORDER_STATES.has(reply.order.state)) return;
    }
  }

  async *output(request: WithCursor, signal?: AbortSignal): AsyncGenerator<KeptChunk, void, void> {
    const after = { ...request.after };
    const ask = () => ({ ...request, after });
    for await (const { chunks, ended } of this.#stream(ask, signal)) {
      yield* takeFresh(chunks, after);
      if (ended) return;
    }
  }

  async close(): Promise<void> {
    this.#closed.abort(new UnavailableError('SDK_CLOSED', ''));
  }

  /** Replies as they come; a stream that breaks is opened again from where it was. */
  async *#stream<R extends Request>(
    ask: () => R,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ReplyTo<R>, void, void> {
    const options = { signal, timeoutMs: null };
    for (;;) {
      const request = ask();
      const lines = await this.#insist(options, async (until) =>
        linesOf((await this.#send(toHttp(request, true), until)).pieces(), until),
      );
      try {
        for await (const line of lines) {
          if (line !== '') yield replyIn(line, request.op) as ReplyTo<R>;
        }
      } catch (error) {
        this.#throwIfOver(error, signal);
      }
      await pause(AGAIN_MS, this.#closed.signal);
    }
  }

  /** Asks until there is an answer: what was lost on the way takes effect at most once. */
  async #insist<T>(
    { signal, timeoutMs = TIMEOUT_MS }: CallOptions,
    attempt: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const timeout = timeoutMs === null ? [] : [AbortSignal.timeout(timeoutMs)];
    const until = AbortSignal.any([this.#closed.signal, ...(signal ? [signal] : []), ...timeout]);
    let last: unknown;
    for (let waitMs = AGAIN_MS; ; waitMs = Math.min(2 * waitMs, AGAIN_MS_MAX)) {
      try {
        return await attempt(until);
      } catch (error) {
        if (until.aborted) break;
        this.#throwIfOver(error, signal);
        last = error;
      }
      await pause(waitMs, until);
      if (until.aborted) break;
    }
    signal?.throwIfAborted();
    this.#closed.signal.throwIfAborted();
    throw this.#unavailable(last);
  }

  /** Throws whatever asking again does not mend. */
  #throwIfOver(error: unknown, signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    this.#closed.signal.throwIfAborted();
    if (error instanceof RefusedError && !AGAIN.has(error.code)) throw error;
    if (error instanceof UnavailableError) throw error;
    this.#epoch = null;
  }

  #unavailable(cause: unknown): UnavailableError {
    const { url } = this.#settings;
    if (cause instanceof RefusedError) {
      return new UnavailableError('SDK_NO_ANSWER', `The hub said ${cause.message}`, { cause });
    }
    return new UnavailableError('SDK_UNREACHABLE', `Is the hub running at ${url}?`, { cause });
  }

  async #send({ method, target, body }: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const { url, hub, participant, signer, ask } = this.#settings;
    const epoch = await this.#known(signal);
    const digest = await signer.digest(body);
    const createdAtS = Math.floor(Date.now() / 1_000);
    // Nothing may come between: two calls at once must not draw one number.
    this.#seq += 1;
    const signed: SignedRequest = {
      method,
      target,
      digest,
      sender: participant,
      hub,
      epoch,
      session: this.#session,
      seq: this.#seq,
      createdAtS,
      expiresAtS: createdAtS + VALID_S,
    };
    const headers = signatureHeaders(signed, await signer.sign(signatureBase(signed)));
    const response = await ask(url + target, {
      method,
      signal,
      headers: { ...headers, ...(body !== '' && { 'content-type': 'application/json' }) },
      ...(body !== '' && { body }),
    });
    if (response.ok) return response;
    replyIn(await response.text(), 'order.get');
    throw new UnavailableError('SDK_BAD_ANSWER', `status ${response.status} from ${url}`);
  }

  #known(signal: AbortSignal): Promise<number> {
    this.#epoch ??= this.#askEpoch(signal);
    return this.#epoch;
  }

  async #askEpoch(signal: AbortSignal): Promise<number> {
    const { url, hub, ask } = this.#settings;
    const text = await (await ask(url + HEALTH_PATH, { signal })).text();
    const health = readHealth(text);
    if (health?.hub === hub && Number.isSafeInteger(health.epoch)) return health.epoch as number;
    throw new UnavailableError('SDK_BAD_ANSWER', `${url} is not hub ${hub}`);
  }
}

function readHealth(text: string): Health | null {
  try {
    return JSON.parse(text) as Health | null;
  } catch {
    return null;
  }
}

/** @throws RefusedError; UnavailableError SDK_BAD_ANSWER */
function replyIn(text: string, op: Request['op']): Extract<Reply, { ok: true }> {
  const codes = { malformed: 'LINK_MALFORMED', tooLarge: 'LINK_TOO_LARGE' } as const;
  const read = readAs<Reply>(replySchema, text, codes);
  if (!read.ok) throw new UnavailableError('SDK_BAD_ANSWER', read.hint);
  const reply = read.value;
  if (!reply.ok) throw new RefusedError(reply.code, reply.hint);
  if (reply.op === op) return reply;
  throw new UnavailableError('SDK_BAD_ANSWER', `asked ${op}, got ${reply.op}`);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}
