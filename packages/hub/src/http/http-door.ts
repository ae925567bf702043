/** The hub's HTTP door: signed JSON requests of its participants, answered by the same core. */
import type { ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Reply, Request } from '@sparegrid/core/messages';
import { type Refusal, refuse } from '@sparegrid/core/refusals';
import type { ParticipantId } from '@sparegrid/core/units/ids';
import { encodeStored } from '@sparegrid/core/units/json';
import { HEALTH_PATH, OPENAPI_PATH, type Op, ROUTES } from '@sparegrid/link/http/routes';
import { TEXT_BYTES_MAX } from '@sparegrid/link/read-json';
import Fastify, {
  type ConnectionError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { addressFault } from '../address-fault.ts';
import { openApi } from './openapi.ts';
import { readRequest } from './read-request.ts';
import { statusOf } from './refusal-status.ts';
import { isFollowed, ReplyStream } from './reply-stream.ts';
import type { RequestPort } from './request-port.ts';
import type { SignatureGate } from './signature-gate.ts';

/** Of the request line and all headers: a cursor over thousands of containers fits. */
const HEADER_BYTES_MAX = 262_144;
/** A request must have come in whole by then, and an answer must have been taken. */
const REQUEST_MS_MAX = 30_000;
const CONNECTIONS_MAX = 1_024;
/** Open streams of one participant. */
const STREAMS_MAX = 64;

export interface HttpDoorSettings {
  host: string;
  /** 0: any free one. */
  port: number;
  hub: string;
  epoch: number;
  /** In this life the hub learns its past, and refuses everything else. */
  isRecovering: boolean;
  gate: SignatureGate;
  requests: RequestPort;
}

export class HttpDoor {
  readonly #server: FastifyInstance;
  readonly #streams = new Map<ParticipantId, Set<ServerResponse>>();
  #opened: HttpDoorSettings | null = null;

  /** Made, and not open yet: that takes a tenth of a second of processor time. */
  static async make(): Promise<HttpDoor> {
    const door = new HttpDoor();
    await door.#server.ready();
    return door;
  }

  /** Open when it returns. @throws as {@link addressFault} */
  async open(settings: HttpDoorSettings): Promise<void> {
    this.#opened = settings;
    const { host, port } = settings;
    try {
      await this.#server.listen({ host, port });
    } catch (cause) {
      throw addressFault('http', settings, cause);
    }
  }

  private constructor() {
    const server = Fastify({
      logger: false,
      bodyLimit: TEXT_BYTES_MAX,
      requestTimeout: REQUEST_MS_MAX,
      exposeHeadRoutes: false,
      forceCloseConnections: true,
      http: { maxHeaderSize: HEADER_BYTES_MAX, headersTimeout: REQUEST_MS_MAX },
      routerOptions: { maxParamLength: 200 },
      // Errors of the router and of Node's parser have handlers of their own.
      frameworkErrors: (error, _request, reply) => refused(reply as FastifyReply, refusalOf(error)),
      clientErrorHandler: refuseBytes,
    });
    server.server.maxConnections = CONNECTIONS_MAX;
    server.server.setTimeout(2 * REQUEST_MS_MAX);
    this.#server = server;
    // The very bytes are needed: the signature is over their digest.
    server.removeAllContentTypeParsers();
    server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
    server.setErrorHandler((error, _request, reply) => refused(reply, refusalOf(error)));
    server.setNotFoundHandler((request, reply) =>
      refused(
        reply,
        refuse('LINK_MALFORMED', `no ${request.method} ${pathOf(request.url)} here`),
        404,
      ),
    );
    server.get(HEALTH_PATH, (_request, reply) => {
      const { hub, epoch, isRecovering } = this.#settings;
      const health = { ok: true, hub, epoch, ...(isRecovering && { recovering: true }) };
      return answered(reply, 200, health);
    });
    server.get(OPENAPI_PATH, (_request, reply) => answered(reply, 200, openApi()));
    for (const op of Object.keys(ROUTES) as Op[]) {
      const { method, path } = ROUTES[op];
      server.route({
        method,
        url: path,
        handler: (request, reply) => this.#take(op, request, reply),
      });
    }
  }

  get #settings(): HttpDoorSettings {
    if (!this.#opened) throw new Error('broken invariant: a request at a closed door');
    return this.#opened;
  }

  /** Where it listens. */
  get url(): string {
    const { address, port, family } = this.#server.server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  /** Ends the streams of somebody who was expelled. */
  putOut(participant: ParticipantId): void {
    for (const response of this.#streams.get(participant) ?? []) response.destroy();
  }

  async close(): Promise<void> {
    await this.#server.close();
  }

  async #take(op: Op, arrived: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { gate, requests } = this.#settings;
    const { method, url: target, headers, params, query } = arrived;
    const body = Buffer.isBuffer(arrived.body) ? arrived.body : Buffer.alloc(0);
    const checked = gate.check({ method, target, headers, body });
    if (!checked.ok) return refused(reply, checked);
    const read = readRequest(op, params, query, body);
    if (!read.ok) return refused(reply, read);
    const { request, follow } = read.value;
    if (follow && isFollowed(request)) return this.#stream(checked.sender, request, reply);
    return told(reply, await requests.ask(checked.sender, request));
  }

  async #stream(from: ParticipantId, request: Request, reply: FastifyReply): Promise<FastifyReply> {
    if (!isFollowed(request)) return refused(reply, refuse('LINK_MALFORMED', 'follow'));
    const open = this.#streams.get(from) ?? new Set();
    if (open.size >= STREAMS_MAX) {
      return refused(reply, refuse('LINK_BUSY', `${open.size} streams are open`));
    }
    this.#streams.set(from, open.add(reply.raw));
    try {
      reply.hijack();
      const first = await new ReplyStream(this.#settings.requests, from, reply.raw).run(request);
      if (first && !first.ok) {
        reply.raw.writeHead(statusOf(first.code), { 'content-type': 'application/json' });
        reply.raw.end(encodeStored(first));
      }
    } finally {
      open.delete(reply.raw);
      if (open.size === 0) this.#streams.delete(from);
    }
    return reply;
  }
}

function told(reply: FastifyReply, said: Reply): FastifyReply {
  return said.ok ? answered(reply, 200, said) : refused(reply, said);
}

function refused(
  reply: FastifyReply,
  { code, hint }: Refusal | { code: Refusal['code']; hint: string },
  status = statusOf(code),
): FastifyReply {
  return answered(reply, status, { ok: false, code, hint });
}

function answered(reply: FastifyReply, status: number, value: object): FastifyReply {
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .type('application/json')
    .send(encodeStored(value));
}

/** Bytes that are no request, or whose request line and headers are too large or come too slowly. */
function refuseBytes({ code }: ConnectionError, socket: Socket): void {
  if (code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy();
  const isLarge = code === 'HPE_HEADER_OVERFLOW';
  const said = isLarge
    ? refuse('LINK_TOO_LARGE', `request line and headers: at most ${HEADER_BYTES_MAX} bytes`)
    : refuse('LINK_MALFORMED', 'these bytes are no HTTP request, or did not come in time');
  const body = encodeStored({ ok: false, code: said.code, hint: said.hint });
  const status = isLarge ? '431 Request Header Fields Too Large' : '400 Bad Request';
  const head = [`HTTP/1.1 ${status}`, 'content-type: application/json', 'connection: close'];
  head.push(`content-length: ${Buffer.byteLength(body)}`);
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** What Fastify itself turns away. */
function refusalOf(error: unknown): Refusal {
  const { statusCode, message } = error as { statusCode?: number; message: string };
  if (statusCode === 413) return refuse('LINK_TOO_LARGE', `body: at most ${TEXT_BYTES_MAX} bytes`);
  if (statusCode !== undefined && statusCode < 500) return refuse('LINK_MALFORMED', message);
  throw error;
}

function pathOf(url: string): string {
  return url.split('?', 1)[0]?.slice(0, 100) ?? '';
}
