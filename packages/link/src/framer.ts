/** Turns the messages of one step into signed frames, one sequence per receiver. */
import type { Message } from '@sparegrid/core/messages';
import type { Crypto } from '@sparegrid/core/units/document';
import { frameSigningText } from '@sparegrid/core/units/frame-text';
import type { NodeId } from '@sparegrid/core/units/ids';
import { utf8Length } from '@sparegrid/core/units/utf8-length';
import { encodeMessage, type FrameText, joinFrame } from './frame.ts';
import { TEXT_BYTES_MAX } from './read-json.ts';
import { MESSAGES_PER_FRAME_MAX } from './schemas/messages.ts';

/** Receivers whose counter is kept; beyond it the one longest unused is let go. */
const RECEIVERS_MAX = 65_536;
/** More than all fields of a frame but its messages can take. */
const HEAD_BYTES_MAX = 1_024;

/** Who sends: the same for every frame of one life of a process. */
export interface Sender {
  crypto: Crypto;
  from: NodeId;
  session: string;
  /** Fence of a hub; 0 for participants. */
  epoch: number;
  /** Validity of a frame, wall time. */
  frameTtlMs: number;
}

interface Encoded {
  text: string;
  /** Of its UTF-8 form. */
  bytes: number;
}

function measured(text: string): Encoded {
  return { text, bytes: utf8Length(text) };
}

/** Pure but for its counters: time comes in, texts go out. */
export class Framer {
  /** Messages that no frame can hold; they were left out, or answered instead. */
  oversized = 0;
  readonly #sender: Sender;
  /** Next `seq` by receiver, the longest unused first. */
  readonly #next = new Map<NodeId, number>();
  /** Where a counter starts: above every counter that was let go, so that no `seq` comes twice. */
  #floor = 0;
  /** Texts of rows: one message goes to every other hub, and is written once. */
  readonly #rows = new WeakMap<Message, Encoded>();

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  /**
   * Frames `messages` in their order, in as few frames as the 1 MiB limit allows; still unsigned.
   *
   * A message above the limit cannot travel: a reply is replaced by the refusal LINK_TOO_LARGE, any
   * other one is left out like a lost message; both are counted in {@link oversized}.
   *
   * One sequence per receiver, not per connection of it: a receiver that starts again still knows
   * which numbers of this session it has seen, and takes a sequence from 0 for a replay.
   */
  draft(to: NodeId, messages: readonly Message[], wallMs: number): FrameText[] {
    const batches: string[][] = [];
    let room = 0;
    for (const message of messages) {
      const encoded = this.#encode(message);
      if (encoded === null) continue;
      const { text } = encoded;
      const bytes = encoded.bytes + 1;
      const batch = batches.at(-1);
      if (batch && bytes <= room && batch.length < MESSAGES_PER_FRAME_MAX) {
        batch.push(text);
        room -= bytes;
      } else {
        batches.push([text]);
        room = TEXT_BYTES_MAX - HEAD_BYTES_MAX - bytes;
      }
    }
    return batches.map((batch) => this.#join(to, batch, wallMs));
  }

  /** Signs drafts, in place: the more at once, the less it costs for each. */
  sign(drafts: readonly FrameText[]): void {
    if (drafts.length === 0) return;
    const texts = drafts.map(({ text }) => frameSigningText(text));
    const signatures = this.#sender.crypto.signAll(texts);
    for (const [at, draft] of drafts.entries()) draft.signature = signatures[at] as string;
  }

  /** {@link draft}, signed. */
  frame(to: NodeId, messages: readonly Message[], wallMs: number): FrameText[] {
    const drafts = this.draft(to, messages, wallMs);
    this.sign(drafts);
    return drafts;
  }

  #encode(message: Message): Encoded | null {
    const known = this.#rows.get(message);
    if (known) return known;
    const encoded = measured(encodeMessage(message));
    if (encoded.bytes >= TEXT_BYTES_MAX - HEAD_BYTES_MAX) {
      this.oversized += 1;
      if (message.type !== 'reply') return null;
      const hint = 'the answer is larger than a frame: ask for less';
      const reply = { ok: false, code: 'LINK_TOO_LARGE', hint } as const;
      return measured(encodeMessage({ ...message, reply }));
    }
    const isRows = message.type === 'delta' || message.type === 'part-update';
    if (isRows) this.#rows.set(message, encoded);
    return encoded;
  }

  #join(to: NodeId, messages: string[], wallMs: number): FrameText {
    const { from, session, epoch, frameTtlMs } = this.#sender;
    const seq = this.#take(to);
    const times = { sentAtMs: wallMs, expiresAtMs: wallMs + frameTtlMs };
    const text = joinFrame({ v: 1, from, to, session, seq, epoch, ...times }, messages);
    return { text, signature: '' };
  }

  #take(receiver: NodeId): number {
    const seq = this.#next.get(receiver) ?? this.#floor;
    this.#next.delete(receiver);
    this.#next.set(receiver, seq + 1);
    if (this.#next.size > RECEIVERS_MAX) {
      const [oldest, next] = this.#next.entries().next().value as [string, number];
      this.#next.delete(oldest);
      this.#floor = Math.max(this.#floor, next);
    }
    return seq;
  }
}
