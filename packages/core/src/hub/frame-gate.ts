/** The door for frames: audience, sender, signature, expiry, fence, replay; in this order. */
import type { SignedFrame } from '../messages.ts';
import { type Refusal, type RefusalCode, refuse } from '../refusals.ts';
import type { Crypto } from '../units/document.ts';
import { frameSigningText } from '../units/frame-text.ts';
import type { NodeId } from '../units/ids.ts';
import { apart, type Now } from '../units/now.ts';
import { ReplayWindow, type ReplayWindowRecord } from '../units/replay-window.ts';

/** Durable form of a session's window; key `<sender> <session>`. */
export interface WindowRecord extends ReplayWindowRecord {
  /** Fence of the sending hub (0 for participants). */
  epoch: number;
}

/** For logs and metrics: a frame was turned away, or a message of an accepted one was ignored. */
export interface FrameRefused {
  kind: 'frame-refused';
  from: NodeId;
  code: RefusalCode;
  hint: string;
  /** Which frame was turned away; null when the frame was accepted and one message ignored. */
  nonce: { session: string; seq: number } | null;
}

export interface GateSettings {
  self: NodeId;
  frameTtlMs: number;
  toleranceMs: number;
}

/** A session silent this long is forgotten: its frames expired, even if clocks were set back a bit. */
const FORGET_MS = 6 * 3_600_000;

/**
 * Accepts each frame at most once, also across restarts: the window is written with the effects of
 * the frame, or later where a restart undoes these. @patent [0077]
 */
export class FrameGate {
  readonly #windows = new Map<string, ReplayWindow>();
  /** Highest fence seen of each sender. */
  readonly #epochs = new Map<NodeId, number>();
  readonly #settings: GateSettings;
  readonly #crypto: Crypto;

  constructor(settings: GateSettings, crypto: Crypto) {
    this.#settings = settings;
    this.#crypto = crypto;
  }

  restore(key: string, record: WindowRecord): void {
    this.#windows.set(key, ReplayWindow.restore(record));
    const from = key.slice(0, key.indexOf(' '));
    this.#epochs.set(from, Math.max(this.epochOf(from), record.epoch));
  }

  epochOf(sender: NodeId): number {
    return this.#epochs.get(sender) ?? 0;
  }

  /**
   * @param keysOf      the sender's valid keys (two while it changes its key); none for strangers.
   * @param put         records the window in the step of the frame, or with what is recorded next.
   * @refuses LINK_AUDIENCE, LINK_UNKNOWN_SENDER, LINK_SIGNATURE, LINK_EXPIRED, LINK_FENCED,
   *          LINK_REPLAYED.
   */
  check(
    signed: SignedFrame,
    now: Now,
    keysOf: (node: NodeId) => readonly string[],
    put: (key: string, record: WindowRecord) => void,
  ): { ok: true } | Refusal {
    const { frame } = signed;
    const { self, frameTtlMs, toleranceMs } = this.#settings;
    if (frame.to !== self) return refuse('LINK_AUDIENCE', `addressed to ${frame.to}`);
    const keys = keysOf(frame.from);
    if (keys.length === 0) return refuse('LINK_UNKNOWN_SENDER', frame.from);
    const text = frameSigningText(signed.text);
    if (!keys.some((key) => this.#crypto.verify(key, text, signed.signature))) {
      return refuse('LINK_SIGNATURE', frame.from);
    }
    const { wallMs } = now;
    const fromFuture = frame.sentAtMs > wallMs + toleranceMs;
    const tooLong = frame.expiresAtMs - frame.sentAtMs > 2 * frameTtlMs;
    if (wallMs > frame.expiresAtMs + toleranceMs || fromFuture || tooLong) {
      return refuse('LINK_EXPIRED', apart(frame.sentAtMs, wallMs));
    }
    const known = this.epochOf(frame.from);
    if (frame.epoch < known) return refuse('LINK_FENCED', `epoch ${known} is known`);
    const key = `${frame.from} ${frame.session}`;
    const window = this.#windows.get(key) ?? new ReplayWindow();
    if (!window.accept(frame.seq, now.elapsedMs))
      return refuse('LINK_REPLAYED', `seq ${frame.seq}`);
    this.#windows.set(key, window);
    this.#epochs.set(frame.from, frame.epoch);
    put(key, { ...window.record(), epoch: frame.epoch });
    return { ok: true };
  }

  /** Forgets sessions whose last frame expired long ago, except each sender's newest fence. */
  forgetSilent(now: Now, remove: (key: string) => void): void {
    const horizon = now.elapsedMs - FORGET_MS;
    for (const [key, window] of this.#windows) {
      const [from = '', session] = key.split(' ');
      if (window.lastMs >= horizon || session === `e${this.epochOf(from)}`) continue;
      this.#windows.delete(key);
      remove(key);
    }
  }
}
