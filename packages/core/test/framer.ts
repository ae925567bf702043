/** Makes signed frames of one session of one node. */
import type { Frame, Message, SignedFrame } from '../src/messages.ts';
import { frameSigningText } from '../src/units/frame-text.ts';
import type { NodeId } from '../src/units/ids.ts';
import { encodeStored } from '../src/units/json.ts';
import { keysOf } from './keys.ts';

export class Framer {
  readonly from: NodeId;
  readonly session: string;
  readonly epoch: number;
  readonly #keyName: string;
  #seq = 0;

  constructor(from: NodeId, session: string, epoch = 0, keyName: string = from) {
    this.from = from;
    this.session = session;
    this.epoch = epoch;
    this.#keyName = keyName;
  }

  frame(
    to: NodeId,
    messages: readonly Message[],
    wallMs: number,
    over: Partial<Frame> = {},
  ): SignedFrame {
    this.#seq += 1;
    const frame: Frame = {
      v: 1,
      from: this.from,
      to,
      session: this.session,
      seq: this.#seq,
      epoch: this.epoch,
      sentAtMs: wallMs,
      expiresAtMs: wallMs + 30_000,
      messages: structuredClone([...messages]),
      ...over,
    };
    const text = encodeStored(frame);
    return { frame, text, signature: keysOf(this.#keyName).crypto.sign(frameSigningText(text)) };
  }
}
