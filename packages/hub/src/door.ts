/** A door of the hub: takes frames from connections, after it knows who speaks on each. */
import type { Frame, SignedFrame } from '@sparegrid/core/messages';
import { type Refusal, refuse } from '@sparegrid/core/refusals';
import type { Crypto } from '@sparegrid/core/units/document';
import { frameSigningText } from '@sparegrid/core/units/frame-text';
import type { HubId } from '@sparegrid/core/units/ids';
import { type Door, mayEnter } from '@sparegrid/link/addresses';
import type { Connection } from '@sparegrid/link/connection';
import { decodeFrame } from '@sparegrid/link/frame';

/** Sessions of which the newest binding frame is remembered. */
const SESSIONS_MAX = 65_536;

export interface DoorSettings {
  door: Door;
  hub: HubId;
  crypto: Crypto;
  /** Valid keys of whoever sends that; none for strangers. */
  keysFor(frame: Frame): readonly string[];
  /** Hands an accepted frame on; a pending promise stops the reading of its connection. */
  accept(signed: SignedFrame): Promise<void> | undefined;
}

/**
 * A connection belongs to whoever signed its first valid frame, and carries frames of that sender
 * and session only. The core checks every frame again, this one included; here it decides where
 * answers go. An attacker who recorded a frame cannot draw a session's answers to itself: a frame
 * binds only when it is newer than any that bound its session before.
 */
export class DoorKeeper {
  readonly #settings: DoorSettings;
  /** Highest `seq` that bound each session. */
  readonly #boundSeq = new Map<string, number>();

  constructor(settings: DoorSettings) {
    this.#settings = settings;
  }

  onFrame(connection: Connection, text: string, signature: string): Promise<void> | undefined {
    const decoded = decodeFrame(text, signature);
    const refusal = decoded.ok ? this.#check(connection, decoded.signed) : decoded;
    if (refusal) {
      connection.reject(refusal);
      return undefined;
    }
    return decoded.ok ? this.#settings.accept(decoded.signed) : undefined;
  }

  /**
   * @refuses LINK_AUDIENCE, LINK_NOT_ALLOWED (wrong door, or another sender's connection),
   *          LINK_UNKNOWN_SENDER, LINK_SIGNATURE, LINK_REPLAYED.
   */
  #check(connection: Connection, { frame, text, signature }: SignedFrame): Refusal | null {
    const { door, hub, crypto, keysFor } = this.#settings;
    if (frame.to !== hub) return refuse('LINK_AUDIENCE', `this is ${hub}`);
    if (connection.from === frame.from && connection.session === frame.session) return null;
    if (connection.from !== null) {
      return refuse('LINK_NOT_ALLOWED', `this connection is that of ${connection.from}`);
    }
    if (!mayEnter(door, hub, frame.from)) {
      return refuse('LINK_NOT_ALLOWED', `${frame.from} may not come in by the ${door} door`);
    }
    const keys = keysFor(frame);
    if (keys.length === 0) return refuse('LINK_UNKNOWN_SENDER', frame.from);
    const signed = frameSigningText(text);
    if (!keys.some((key) => crypto.verify(key, signed, signature))) {
      return refuse('LINK_SIGNATURE', frame.from);
    }
    const session = `${frame.from} ${frame.session}`;
    if (frame.seq <= (this.#boundSeq.get(session) ?? -1)) {
      return refuse('LINK_REPLAYED', `seq ${frame.seq}`);
    }
    this.#remember(session, frame.seq);
    connection.bind(frame.from, frame.session);
    return null;
  }

  #remember(session: string, seq: number): void {
    this.#boundSeq.delete(session);
    this.#boundSeq.set(session, seq);
    const [oldest] = this.#boundSeq.keys();
    if (this.#boundSeq.size > SESSIONS_MAX && oldest !== undefined) this.#boundSeq.delete(oldest);
  }
}
