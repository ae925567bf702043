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
import type { HubLink, OrderNews } from './hub-link.ts';
import { linesOf } from './lines.ts';
import { type IsOver, Patience } from './patience.ts';
import { pause } from './pause.ts';
import { type CallOptions, type ReplyTo, TIMEOUT_MS } from './pending-requests.ts';
import { randomHex } from './random.ts';
import type { Signer } from './signer.ts';

/** First wait before something is asked again; doubles up to the maximum. */
const AGAIN_MS = 100;
const AGAIN_MS_MAX = 5_000;
/** With standbys: who takes over does so within seconds. */
const AGAIN_MS_MAX_OF_SEVERAL = 250;
/** Of a hub with standbys that says nothing: how often to look whether another process serves by now. */
const LOOK_MS = 1_000;
/** The same of a stream. */
const STREAM_LOOK_MS = 5_000;
/** An address that takes longer to say who serves there is asked again. */
const HEALTH_MS = 8_000;
/** After so long a silence a hub with standbys is asked again, although nobody serves in its place. */
const SILENT_MS = 10_000;
/** How often whoever listens for orders should look. */
const NEWS_MS = 2_000;
/** Hubs write an empty line every 15 s: a stream as quiet as this leads nowhere any more. */
const STREAM_SILENT_MS = 40_000;
/** Validity of a signature; clocks may differ by minutes. */
const VALID_S = 30;
/** Refusals of requests that were right when they were made. */
const AGAIN = new Set(['LINK_BUSY', 'LINK_FENCED']);

export interface HttpSettings {
  /** Of the hub and its standbys, such as `http://127.0.0.1:7070`; at least one. */
  urls: readonly string[];
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

/** One life of the hub, and where it is lived. */
interface Life {
  url: string;
  epoch: number;
}

interface Look {
  found: Promise<Life>;
  /** Of the call that looks. */
  looking: AbortSignal;
}

/** One attempt, and the life of the hub that it asks, once it asks. */
interface Attempt {
  asked: Look | null;
}

export class HttpLink implements HubLink {
  readonly #settings: HttpSettings;
  readonly #session = randomHex();
  readonly #closed = new AbortController();
  #seq = 0;
  /** The hub's present life, asked for once and again after a restart of it. */
  #life: Look | null = null;
  /** Where something went wrong last: looked at after the others. */
  #avoided: string | null = null;

  constructor(settings: HttpSettings) {
    this.#settings = settings;
  }

  async ready(options: CallOptions): Promise<void> {
    await this.#insist(options, (signal) => this.#known(signal));
  }

  async request<R extends Request>(request: R, options: CallOptions): Promise<ReplyTo<R>> {
    return this.#insist(options, async (signal) => {
      const attempt: Attempt = { asked: null };
      const patience = this.#patience(attempt, signal);
      try {
        const response = await this.#send(attempt, toHttp(request), patience.signal);
        return replyIn(await response.text(), request.op) as ReplyTo<R>;
      } finally {
        patience.end();
      }
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

  hear(heard: (news: OrderNews) => void): () => void {
    const timer = setInterval(() => heard(null), NEWS_MS);
    return () => clearInterval(timer);
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
      const opening = (until: AbortSignal) => this.#open(toHttp(request, true), until);
      const { answer, patience } = await this.#insist(options, opening);
      const life = this.#life;
      try {
        const everyMs = this.#hasStandbys ? STREAM_LOOK_MS : STREAM_SILENT_MS;
        const isOver = this.#isOver({ asked: life }, STREAM_SILENT_MS, patience.signal);
        const pieces = patience.over(answer.pieces(), everyMs, isOver);
        for await (const line of linesOf(pieces, patience.signal)) {
          if (line !== '') yield replyIn(line, request.op) as ReplyTo<R>;
        }
      } catch (error) {
        this.#throwIfOver(error, life, signal);
      } finally {
        patience.end();
      }
      await pause(AGAIN_MS, this.#closed.signal);
    }
  }

  async #open(
    request: HttpRequest,
    until: AbortSignal,
  ): Promise<{ answer: HttpAnswer; patience: Patience }> {
    const attempt: Attempt = { asked: null };
    const patience = this.#patience(attempt, until);
    try {
      return { answer: await this.#send(attempt, request, patience.signal), patience };
    } catch (error) {
      patience.end();
      throw error;
    }
  }

  /** Asks until there is an answer: what was lost on the way takes effect at most once. */
  async #insist<T>(
    { signal, timeoutMs = TIMEOUT_MS }: CallOptions,
    attempt: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    this.#closed.signal.throwIfAborted();
    const timeout = timeoutMs === null ? [] : [AbortSignal.timeout(timeoutMs)];
    const until = AbortSignal.any([this.#closed.signal, ...(signal ? [signal] : []), ...timeout]);
    const mostMs = this.#settings.urls.length > 1 ? AGAIN_MS_MAX_OF_SEVERAL : AGAIN_MS_MAX;
    let last: unknown;
    for (let waitMs = AGAIN_MS; ; waitMs = Math.min(2 * waitMs, mostMs)) {
      const trying = attempt(until);
      const life = this.#life;
      try {
        return await trying;
      } catch (error) {
        if (until.aborted) break;
        this.#throwIfOver(error, life, signal);
        last = error;
      }
      await pause(waitMs, until);
      if (until.aborted) break;
    }
    signal?.throwIfAborted();
    this.#closed.signal.throwIfAborted();
    throw this.#unavailable(last);
  }

  /** Throws whatever asking again does not mend. @param life  in which it was asked. */
  #throwIfOver(error: unknown, life: Look | null, signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    this.#closed.signal.throwIfAborted();
    if (error instanceof RefusedError && !AGAIN.has(error.code)) throw error;
    if (error instanceof UnavailableError) throw error;
    if (life === this.#life) this.#forget();
  }

  #forget(): void {
    const life = this.#life;
    this.#life = null;
    life?.found.then(
      ({ url }) => {
        this.#avoided = url;
      },
      () => {},
    );
  }

  #unavailable(cause: unknown): UnavailableError {
    const { urls } = this.#settings;
    if (cause instanceof RefusedError) {
      return new UnavailableError('SDK_NO_ANSWER', `The hub said ${cause.message}`, { cause });
    }
    const where = urls.join(' or ');
    return new UnavailableError('SDK_UNREACHABLE', `Is the hub running at ${where}?`, { cause });
  }

  async #send(
    attempt: Attempt,
    { method, target, body }: HttpRequest,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const { hub, participant, signer, ask } = this.#settings;
    const { url, epoch } = await this.#known(signal, attempt);
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

  /** Looked for once for all who ask meanwhile; when the one that looks gives up, the next one does. */
  async #known(signal: AbortSignal, attempt?: Attempt): Promise<Life> {
    for (;;) {
      this.#life ??= this.#look(signal);
      if (attempt) attempt.asked = this.#life;
      const { found, looking } = this.#life;
      try {
        return await found;
      } catch (error) {
        if (this.#life?.found === found) this.#life = null;
        if (signal.aborted || !looking.aborted) throw error;
      }
    }
  }

  #look(looking: AbortSignal): Look {
    return { found: this.#findLife(looking), looking };
  }

  /** The first address that answers; where something went wrong last is asked a little later. */
  async #findLife(signal: AbortSignal): Promise<Life> {
    const { urls } = this.#settings;
    const [url] = urls;
    if (url !== undefined && !this.#hasStandbys) return this.#lifeAt(url, signal);
    let isOver = false;
    let silent = urls.length;
    // Who refuses may serve a moment later: asked again as long as another one says nothing.
    const at = async (one: string) => {
      if (one === this.#avoided) await pause(AGAIN_MS_MAX_OF_SEVERAL, signal);
      for (let isFirst = true; ; isFirst = false) {
        try {
          return await this.#soon(one, signal);
        } catch (error) {
          if (isFirst) silent -= 1;
          if (silent === 0) throw error;
          await pause(AGAIN_MS_MAX_OF_SEVERAL, signal);
          if (isOver || signal.aborted) throw error;
        }
      }
    };
    try {
      return await Promise.any(urls.map(at));
    } catch (error) {
      throw (error as AggregateError).errors[0];
    } finally {
      isOver = true;
    }
  }

  async #lifeAt(url: string, signal: AbortSignal): Promise<Life> {
    const { hub, ask } = this.#settings;
    const text = await (await ask(url + HEALTH_PATH, { signal })).text();
    const health = readHealth(text);
    if (health?.hub === hub && Number.isSafeInteger(health.epoch)) {
      return { url, epoch: health.epoch as number };
    }
    throw new UnavailableError('SDK_BAD_ANSWER', `${url} is not hub ${hub}`);
  }

  async #soon(url: string, signal: AbortSignal): Promise<Life> {
    const patience = new Patience(signal, HEALTH_MS);
    try {
      return await this.#lifeAt(url, patience.signal);
    } finally {
      patience.end();
    }
  }

  #patience(attempt: Attempt, signal: AbortSignal): Patience {
    const isOver = this.#isOver(attempt, SILENT_MS, signal);
    return new Patience(signal, this.#hasStandbys ? LOOK_MS : null, isOver);
  }

  /** A hub that is slow is waited for, but not for long once another process serves in its place. */
  #isOver(attempt: Attempt, mostMs: number, signal: AbortSignal): IsOver {
    return async (silentMs) => silentMs >= mostMs || this.#isReplaced(attempt.asked, signal);
  }

  /** Whether others have left the life that is asked, or another address serves a later one. */
  async #isReplaced(asked: Look | null, signal: AbortSignal): Promise<boolean> {
    const life = await asked?.found.catch(() => null);
    if (asked !== this.#life) return true;
    if (!life) return false;
    const isLater = async (url: string) => {
      const found = await this.#soon(url, signal);
      if (found.epoch <= life.epoch) throw new Error('it is no later one');
      return true;
    };
    const others = this.#settings.urls.filter((url) => url !== life.url);
    const isReplaced = await Promise.any(others.map(isLater)).catch(() => false);
    return isReplaced || asked !== this.#life;
  }

  get #hasStandbys(): boolean {
    return this.#settings.urls.length > 1;
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
