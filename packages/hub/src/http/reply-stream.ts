/** Streams: a reply per line, the first at once, the next whenever there is something new. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { LogCursor, Reply, Request } from '@sparegrid/core/messages';
import { FINAL_ORDER_STATES } from '@sparegrid/core/order/order-record';
import type { ParticipantId } from '@sparegrid/core/units/ids';
import { encodeStored } from '@sparegrid/core/units/json';
import { hasCursor, type WithCursor } from '@sparegrid/link/http/routes';
import type { Ear, RequestPort } from './request-port.ts';

/** An empty line after so much silence: who has gone is noticed, and no proxy hangs up. */
const QUIET_MS = 15_000;
/** A client that takes nothing for so long is let go; it may come back with its cursor. */
const STALLED_MS = 30_000;
/** After the end of an order its last output may still be on its way from the lessor. */
const SETTLE_MS = 300;

type Followed = Extract<Request, { op: 'order.get' }> | WithCursor;

export function isFollowed(request: Request): request is Followed {
  return request.op === 'order.get' || hasCursor(request);
}

export class ReplyStream {
  readonly #port: RequestPort;
  readonly #from: ParticipantId;
  readonly #response: ServerResponse;
  readonly #gone = new AbortController();

  constructor(port: RequestPort, from: ParticipantId, response: ServerResponse) {
    this.#port = port;
    this.#from = from;
    this.#response = response;
    response.on('close', () => this.#gone.abort());
  }

  /** @returns the refusal of the first look, if it is one: nothing was written then */
  async run(request: Followed): Promise<Reply | null> {
    const ear = await this.#port.hear(this.#from, request.order);
    try {
      const first = await this.#port.ask(this.#from, request);
      if (!first.ok) return first;
      this.#response.writeHead(200, {
        'content-type': 'application/x-ndjson',
        'cache-control': 'no-store',
      });
      if (request.op === 'order.get') await this.#views(request, first, ear);
      else await this.#output(request, first, ear);
      this.#response.end();
      return null;
    } finally {
      ear.close();
    }
  }

  async #views(request: Followed, first: Reply, ear: Ear): Promise<void> {
    let last = '';
    for (let reply = first; ; reply = await this.#port.ask(this.#from, request)) {
      const line = encodeStored(reply);
      if (line !== last && !(await this.#write(line))) return;
      last = line;
      if (!reply.ok || reply.op !== 'order.get') return;
      if (FINAL_ORDER_STATES.has(reply.order.state)) return;
      if (!(await this.#quietUntil(ear))) return;
    }
  }

  /** The last line says `ended`: everything that there will be was told. */
  async #output(request: WithCursor, first: Reply, ear: Ear): Promise<void> {
    const { op } = request;
    const cursor: LogCursor = { ...request.after };
    let sawLive = false;
    let settled = false;
    for (let reply = first; ; reply = await this.#look(request, cursor)) {
      if (!reply.ok || reply.op !== op) {
        await this.#write(encodeStored(reply));
        return;
      }
      const { chunks, ended } = reply;
      for (const { container, seq } of chunks) cursor[container] = seq;
      const isLast = ended && chunks.length === 0 && (settled || !sawLive);
      if (
        (chunks.length > 0 || isLast) &&
        !(await this.#write(encodeStored({ ...reply, ended: isLast })))
      )
        return;
      if (isLast) return;
      sawLive ||= !ended;
      if (chunks.length > 0) continue;
      if (ended) {
        await ear.next(AbortSignal.timeout(SETTLE_MS));
        settled = true;
      } else if (!(await this.#quietUntil(ear))) return;
    }
  }

  #look(request: WithCursor, after: LogCursor): Promise<Reply> {
    return this.#port.ask(this.#from, { ...request, after: { ...after } });
  }

  /** Waits for news, or for time to look without any; false: the client is gone. */
  async #quietUntil(ear: Ear): Promise<boolean> {
    const quiet = AbortSignal.timeout(QUIET_MS);
    await ear.next(AbortSignal.any([quiet, this.#gone.signal]));
    if (this.#gone.signal.aborted) return false;
    return quiet.aborted ? this.#write('') : true;
  }

  /** False: the client is gone, or takes nothing. One reply waits at most. */
  async #write(line: string): Promise<boolean> {
    if (this.#gone.signal.aborted) return false;
    if (this.#response.write(`${line}\n`)) return true;
    const signal = AbortSignal.any([this.#gone.signal, AbortSignal.timeout(STALLED_MS)]);
    try {
      await once(this.#response, 'drain', { signal });
      return true;
    } catch {
      this.#response.destroy();
      return false;
    }
  }
}
