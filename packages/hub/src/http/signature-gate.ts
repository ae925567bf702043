/** The door for HTTP requests: headers, audience, sender, signature, expiry, life, replay; in this order. */
import { hash } from 'node:crypto';
import type { HubConfig } from '@sparegrid/core/hub/config';
import { type Refusal, refuse } from '@sparegrid/core/refusals';
import type { Crypto } from '@sparegrid/core/units/document';
import type { NodeId, ParticipantId } from '@sparegrid/core/units/ids';
import { ReplayWindow } from '@sparegrid/core/units/replay-window';
import { digestHeader, readSignature, signatureBase } from '@sparegrid/link/http/signature';

/** Sessions within their validity, of one participant and of all; beyond it the sender waits. */
const SESSIONS_PER_SENDER_MAX = 16_384;
const SESSIONS_MAX = 262_144;

export interface GateSettings {
  config: HubConfig;
  epoch: number;
  crypto: Crypto;
  keysOf(node: NodeId): readonly string[];
  wallMs(): number;
  /** Never goes back. */
  elapsedMs(): number;
}

export interface Arrived {
  method: string;
  target: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Buffer;
}

/**
 * Accepts each request at most once. The audience of a signature is one life of this hub, so what a
 * former life accepted need not be remembered: it is void. Within this life a session's window stays
 * until everything that could have been signed in it has expired.
 *
 * @patent [0077]
 */
export class SignatureGate {
  readonly #settings: GateSettings;
  /** By sender and session, the one longest unused first. */
  readonly #windows = new Map<string, ReplayWindow>();
  readonly #sessionsOf = new Map<ParticipantId, number>();

  constructor(settings: GateSettings) {
    this.#settings = settings;
  }

  /**
   * @refuses LINK_MALFORMED, LINK_AUDIENCE, LINK_UNKNOWN_SENDER, LINK_SIGNATURE, LINK_EXPIRED,
   *          LINK_FENCED, LINK_REPLAYED, LINK_BUSY; in this order.
   */
  check({ method, target, headers, body }: Arrived): { ok: true; sender: ParticipantId } | Refusal {
    const { config, epoch, crypto, keysOf } = this.#settings;
    const read = readSignature(headers['signature-input'], headers['signature']);
    if (!read.ok) return read;
    const { terms, signature } = read;
    if (terms.hub !== config.id) return refuse('LINK_AUDIENCE', `this is ${config.id}`);
    const keys = terms.sender.includes('.') ? keysOf(terms.sender) : [];
    if (keys.length === 0) return refuse('LINK_UNKNOWN_SENDER', terms.sender);
    const digest = hash('sha256', body, 'base64');
    if (headers['content-digest'] !== digestHeader(digest)) {
      return refuse('LINK_SIGNATURE', 'content-digest is not that of the body');
    }
    const base = signatureBase({ ...terms, method, target, digest });
    if (!keys.some((key) => crypto.verify(key, base, signature))) {
      return refuse('LINK_SIGNATURE', terms.sender);
    }
    const { createdAtS, expiresAtS } = terms;
    const late = this.#refuseTime(createdAtS * 1_000, expiresAtS * 1_000);
    if (late) return late;
    if (terms.epoch !== epoch) return refuse('LINK_FENCED', `epoch ${terms.epoch}, now ${epoch}`);
    return (
      this.#accept(terms.sender, terms.session, terms.seq) ?? { ok: true, sender: terms.sender }
    );
  }

  #refuseTime(createdAtMs: number, expiresAtMs: number): Refusal | null {
    const { frameTtlMs, toleranceMs } = this.#settings.config.timing;
    const wallMs = this.#settings.wallMs();
    if (expiresAtMs > createdAtMs + frameTtlMs) {
      return refuse('LINK_EXPIRED', `valid for longer than ${frameTtlMs} ms`);
    }
    if (expiresAtMs + toleranceMs < wallMs || createdAtMs - toleranceMs > wallMs) {
      return refuse('LINK_EXPIRED', `signed at ${createdAtMs}, now ${wallMs}`);
    }
    return null;
  }

  #accept(sender: ParticipantId, session: string, seq: number): Refusal | null {
    const nowMs = this.#settings.elapsedMs();
    this.#forget(nowMs);
    const key = `${sender} ${session}`;
    const known = this.#windows.get(key);
    const own = this.#sessionsOf.get(sender) ?? 0;
    if (!known && (own >= SESSIONS_PER_SENDER_MAX || this.#windows.size >= SESSIONS_MAX)) {
      return refuse('LINK_BUSY', 'too many sessions; keep one and count its requests');
    }
    const window = known ?? new ReplayWindow();
    if (!window.accept(seq, nowMs)) return refuse('LINK_REPLAYED', `${session}.${seq}`);
    if (!known) this.#sessionsOf.set(sender, own + 1);
    this.#windows.delete(key);
    this.#windows.set(key, window);
    return null;
  }

  /** Whatever was signed in a session that is silent for so long has expired on any allowed clock. */
  #forget(nowMs: number): void {
    const { frameTtlMs, toleranceMs } = this.#settings.config.timing;
    for (const [key, { lastMs }] of this.#windows) {
      if (lastMs + 2 * toleranceMs + frameTtlMs >= nowMs) return;
      this.#windows.delete(key);
      const sender = key.slice(0, key.indexOf(' '));
      const left = (this.#sessionsOf.get(sender) ?? 1) - 1;
      if (left === 0) this.#sessionsOf.delete(sender);
      else this.#sessionsOf.set(sender, left);
    }
  }
}
