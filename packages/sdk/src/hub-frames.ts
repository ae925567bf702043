/** Checks what comes in as from the hub: only its own, fresh, unrepeated frames are read. */
import { DEFAULT_TIMING } from '@sparegrid/core/agreement/timing';
import type { TrustAnchor } from '@sparegrid/core/identity/statements';
import type { Frame, Message } from '@sparegrid/core/messages';
import { HubKeys } from '@sparegrid/core/participant/hub-keys';
import { type Refusal, refuse } from '@sparegrid/core/refusals';
import type { Crypto } from '@sparegrid/core/units/document';
import { frameSigningText } from '@sparegrid/core/units/frame-text';
import type { HubId, ParticipantId } from '@sparegrid/core/units/ids';
import { apart } from '@sparegrid/core/units/now';
import { ReplayWindow } from '@sparegrid/core/units/replay-window';
import { documentReader } from '@sparegrid/link/documents';
import { decodeFrame } from '@sparegrid/link/frame';

/** The hub as the participant's operator made it known. */
export interface KnownHub {
  id: HubId;
  /** base64 of the raw Ed25519 key. */
  publicKey: string;
}

/** State of one client against its hub, in memory: a client's session dies with it. */
export class HubFrames {
  readonly #crypto: Crypto;
  readonly #hub: KnownHub;
  /** As an agent does: with a trust anchor the hub's keys are those of the operator's list. */
  readonly #keys: HubKeys;
  readonly #participant: ParticipantId;
  #epoch = -1;
  #window = new ReplayWindow();

  constructor(
    crypto: Crypto,
    hub: KnownHub,
    participant: ParticipantId,
    network: TrustAnchor | undefined,
  ) {
    this.#crypto = crypto;
    this.#hub = hub;
    const config = { hub, ...(network && { network }) };
    this.#keys = new HubKeys(config, { crypto, documents: documentReader });
    this.#participant = participant;
  }

  /**
   * Reads the messages of a frame, once.
   *
   * @refuses in this order: LINK_MALFORMED, LINK_TOO_LARGE, LINK_AUDIENCE, LINK_UNKNOWN_SENDER,
   *          LINK_SIGNATURE, LINK_EXPIRED, LINK_FENCED, LINK_REPLAYED.
   */
  open(
    text: string,
    signature: string,
    wallMs: number,
  ): { ok: true; messages: Message[] } | Refusal {
    const decoded = decodeFrame(text, signature);
    if (!decoded.ok) return decoded;
    const { frame } = decoded.signed;
    if (frame.to !== this.#participant) return refuse('LINK_AUDIENCE', `to ${frame.to}`);
    if (frame.from !== this.#hub.id) return refuse('LINK_UNKNOWN_SENDER', `from ${frame.from}`);
    const keys = this.#keys.keys(frame.messages);
    const signed = frameSigningText(text);
    if (!keys.some((key) => this.#crypto.verify(key, signed, signature))) {
      return refuse('LINK_SIGNATURE', `from ${frame.from}`);
    }
    const refusal = this.#refusalOf(frame, wallMs);
    if (refusal) return refusal;
    for (const message of frame.messages) {
      if (message.type === 'hub-list' && message.document) this.#keys.take(message.document);
    }
    return { ok: true, messages: frame.messages };
  }

  #refusalOf(frame: Frame, wallMs: number): Refusal | null {
    const { toleranceMs } = DEFAULT_TIMING;
    if (frame.expiresAtMs + toleranceMs < wallMs || frame.sentAtMs - toleranceMs > wallMs) {
      return refuse('LINK_EXPIRED', apart(frame.sentAtMs, wallMs));
    }
    if (frame.epoch < this.#epoch || frame.session !== `e${frame.epoch}`) {
      return refuse('LINK_FENCED', `epoch ${frame.epoch}, known ${this.#epoch}`);
    }
    if (frame.epoch > this.#epoch) {
      this.#epoch = frame.epoch;
      this.#window = new ReplayWindow();
    }
    return this.#window.accept(frame.seq, wallMs) ? null : refuse('LINK_REPLAYED', `${frame.seq}`);
  }
}
