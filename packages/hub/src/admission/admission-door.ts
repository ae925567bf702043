/** The hub's door for newcomers: HTTPS, with a certificate of the authority that their tokens name. */
import { readFileSync } from 'node:fs';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { AdmissionRequest } from '@sparegrid/core/hub/admission';
import { type Read, type Refusal, refuse } from '@sparegrid/core/refusals';
import type { Crypto } from '@sparegrid/core/units/document';
import { LinkFault } from '@sparegrid/link/fault';
import { tokenDigest } from '@sparegrid/link/identity/join-token';
import type { TlsFiles } from '@sparegrid/link/nats/nats-transport';
import { readAs } from '@sparegrid/link/read-as';
import { type Admitted, joinQuestion, renewQuestion } from '@sparegrid/link/schemas/admission';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { addressFault } from '../address-fault.ts';
import { statusOf } from '../http/refusal-status.ts';
import type { AdmissionPort } from './admission-port.ts';
import type { Issuer } from './issuer.ts';

/** Two chains of documents and a certificate request are a few kilobytes. */
const BODY_BYTES_MAX = 65_536;
const REQUEST_MS_MAX = 15_000;
const CONNECTIONS_MAX = 256;
const CODES = { malformed: 'LINK_MALFORMED', tooLarge: 'LINK_TOO_LARGE' } as const;

export interface AdmissionDoorSettings {
  host: string;
  port: number;
  /** The hub's certificate towards its participants; its issuer is shown with it. */
  tls: TlsFiles;
  issuer: Issuer;
  crypto: Crypto;
  admissions: AdmissionPort;
  /** What participants need to know of the hub. */
  hub: Admitted['hub'];
  wallMs(): number;
}

export class AdmissionDoor {
  readonly #settings: AdmissionDoorSettings;
  readonly #server: FastifyInstance;

  private constructor(settings: AdmissionDoorSettings) {
    this.#settings = settings;
    const server = Fastify({
      logger: false,
      bodyLimit: BODY_BYTES_MAX,
      requestTimeout: REQUEST_MS_MAX,
      exposeHeadRoutes: false,
      forceCloseConnections: true,
      https: { ...this.#credentials(), minVersion: 'TLSv1.3' },
    });
    this.#server = server as unknown as FastifyInstance;
    server.server.maxConnections = CONNECTIONS_MAX;
    server.removeAllContentTypeParsers();
    server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) =>
      done(null, body),
    );
    server.setErrorHandler((error, _request, reply) => told(reply, refusalOf(error)));
    server.setNotFoundHandler((_request, reply) =>
      told(reply, refuse('LINK_MALFORMED', 'POST /v1/join or /v1/renew'), 404),
    );
    this.#server.post('/v1/join', (request, reply) => this.#join(request, reply));
    this.#server.post('/v1/renew', (request, reply) => this.#renew(request, reply));
  }

  /** Open when it returns. @throws as {@link addressFault} */
  static async open(settings: AdmissionDoorSettings): Promise<AdmissionDoor> {
    const door = new AdmissionDoor(settings);
    const { host, port } = settings;
    try {
      await door.#server.listen({ host, port });
    } catch (cause) {
      throw addressFault('admission', settings, cause);
    }
    return door;
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port;
  }

  /** Reads the certificate again: it was renewed. */
  reload(): void {
    (this.#server.server as Server).setSecureContext(this.#credentials());
  }

  async close(): Promise<void> {
    await this.#server.close();
  }

  #credentials(): { cert: string; key: string } {
    const { tls, issuer } = this.#settings;
    // With its issuer: newcomers know only the digest of that.
    const cert = `${readFileSync(tls.certFile, 'utf8').trim()}\n${issuer.certificate}`;
    return { cert, key: readFileSync(tls.keyFile, 'utf8') };
  }

  async #join({ body }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const read = readAs(joinQuestion, String(body), CODES);
    if (!read.ok) return told(reply, read);
    const { secret, request, ...rest } = read.value;
    const requestDigest = this.#settings.crypto.digest(request);
    const asked = { op: 'join', ...rest, token: tokenDigest(secret), requestDigest } as const;
    return told(reply, await this.#admit(asked, request));
  }

  async #renew({ body }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const read = readAs(renewQuestion, String(body), CODES);
    if (!read.ok) return told(reply, read);
    const { request, ...rest } = read.value;
    const requestDigest = this.#settings.crypto.digest(request);
    return told(reply, await this.#admit({ op: 'renew', ...rest, requestDigest }, request));
  }

  /** The certificate is handed out once the admission is durable: whoever has one is on record. */
  async #admit(
    asked: Extract<AdmissionRequest, { op: 'join' | 'renew' }>,
    request: string,
  ): Promise<Admitted | Refusal> {
    const checked = await this.#certify(asked.participant, request);
    if (!checked.ok) return checked;
    const answer = await this.#settings.admissions.ask(asked);
    if (!answer.ok) return answer;
    if (answer.op !== 'join' && answer.op !== 'renew') throw new Error(`answer ${answer.op}`);
    const { participant, collect } = answer;
    return { ok: true, participant, collect, certificate: checked.value, hub: this.#settings.hub };
  }

  /** Before anything is changed: a request that cannot be signed must not use up the token. */
  async #certify(participant: string, request: string): Promise<Read<string>> {
    const { issuer, wallMs } = this.#settings;
    try {
      return { ok: true, value: await issuer.certify(participant, request, wallMs()) };
    } catch (error) {
      if (!(error instanceof LinkFault)) throw error;
      return refuse('LINK_MALFORMED', `request: ${error.hint}`);
    }
  }
}

function told(
  reply: FastifyReply,
  answer: Admitted | Refusal,
  status = answer.ok ? 200 : statusOf(answer.code),
): FastifyReply {
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .type('application/json')
    .send(JSON.stringify(answer));
}

function refusalOf(error: unknown): Refusal {
  const { statusCode, message } = error as { statusCode?: number; message: string };
  if (statusCode === 413) return refuse('LINK_TOO_LARGE', `at most ${BODY_BYTES_MAX} bytes`);
  if (statusCode !== undefined && statusCode < 500) return refuse('LINK_MALFORMED', message);
  throw error;
}
