/**
 * Promise 9: each frame is accepted at most once, only from who may send it, and only in time. What
 * brought rows alone may come again after a crash that forgot the rows, too.
 */
import type { Frame, SignedFrame } from '@sparegrid/core/messages';
import type { RefusalCode } from '@sparegrid/core/refusals';
import type { Now } from '@sparegrid/core/step';
import type { NodeId } from '@sparegrid/core/units/ids';
import type { Keyring } from '../kernel/keyring.ts';
import { type Expectation, expectCodes } from './expectation.ts';
import type { Model } from './model.ts';

export interface Taken {
  signed: SignedFrame;
  expectation: Expectation | null;
}

/** A frame that was turned away, as the node's effect names it. */
export interface Turned {
  from: NodeId;
  session: string;
  seq: number;
  code: RefusalCode;
}

interface Book {
  /** Nonces of accepted frames, by sender and session; durable. */
  accepted: Map<string, Set<number>>;
  /** Highest fence of each sending hub among accepted frames; durable. */
  epochs: Map<NodeId, number>;
  /** Accepted, and not committed yet: in the last step, or rows of other hubs that wait for a commit. */
  pending: SignedFrame[];
}

/** Messages of which only memory knows. */
const ROWS: ReadonlySet<string> = new Set(['delta', 'part-update']);
/** How far a frame may lag behind before "replayed" may be said of one never seen. */
const WINDOW = 1024;

/** What was accepted at one moment. */
export type FramesMemory = Pick<Book, 'accepted' | 'epochs'>;

export class Frames {
  readonly #model: Model;
  readonly #keyring: Keyring;
  readonly #books = new Map<NodeId, Book>();
  readonly #open = new Set<string>();

  constructor(model: Model, keyring: Keyring) {
    this.#model = model;
    this.#keyring = keyring;
  }

  #book(node: NodeId): Book {
    let book = this.#books.get(node);
    if (!book) {
      book = { accepted: new Map(), epochs: new Map(), pending: [] };
      this.#books.set(node, book);
    }
    return book;
  }

  remember(node: NodeId): FramesMemory {
    return copyOf(this.#book(node));
  }

  /** What was accepted since then may be accepted once more, while it is valid. */
  putBack(node: NodeId, memory: FramesMemory): void {
    this.#books.set(node, { ...copyOf(memory), pending: [] });
  }

  /** What must come of the frame, when that is certain beforehand. */
  expects(node: NodeId, { frame }: SignedFrame): Expectation | null {
    const book = this.#book(node);
    const nonce = nonceOf(frame);
    const isPending = book.pending.some((other) => nonceOf(other.frame) === nonce);
    if (isPending || book.accepted.get(`${frame.from} ${frame.session}`)?.has(frame.seq)) {
      return expectCodes('replayed');
    }
    if (frame.epoch < (book.epochs.get(frame.from) ?? 0)) return expectCodes('of an earlier life');
    return null;
  }

  /** The link could not even read it: that is a refusal with a code. */
  refusedByDecoder(node: NodeId, expectation: Expectation | null, code: RefusalCode): void {
    const isLink = code === 'LINK_MALFORMED' || code === 'LINK_TOO_LARGE';
    const isExpected =
      !expectation || expectation.codes.length === 0 || expectation.codes.includes(code);
    if (!isLink || !isExpected) {
      this.#model.violate('hostile.wrong-code', node, expectation?.what ?? '', code);
    }
  }

  /** A life ended within the step that took them: some were taken, nobody knows which. */
  leftOpen(node: NodeId, taken: readonly Taken[]): void {
    for (const { signed } of taken) this.#open.add(`${node} ${nonceOf(signed.frame)}`);
  }

  /** Notes which frames of a step got in, and checks those that did; returns them. */
  stepped(node: NodeId, now: Now, taken: readonly Taken[], turned: readonly Turned[]): Taken[] {
    const refusals = new Map<string, Turned[]>();
    for (const one of turned) {
      refusals.set(nonceOf(one), [...(refusals.get(nonceOf(one)) ?? []), one]);
    }
    const copies = new Map<string, Taken[]>();
    for (const one of taken) {
      const nonce = nonceOf(one.signed.frame);
      copies.set(nonce, [...(copies.get(nonce) ?? []), one]);
    }
    const accepted: Taken[] = [];
    for (const [nonce, same] of copies) {
      const first = same[0] as Taken;
      const refused = refusals.get(nonce) ?? [];
      const count = same.length - refused.length;
      if (count > 1) this.#twice(node, first.signed);
      if (count < 1) {
        for (const refusal of refused) this.#checkRefusal(node, now, first.signed, refusal);
        continue;
      }
      if (this.expects(node, first.signed)) this.#twice(node, first.signed);
      this.#checkAccepted(node, now, first.signed);
      this.#book(node).pending.push(first.signed);
      accepted.push(first);
    }
    return accepted;
  }

  #twice(node: NodeId, { frame }: SignedFrame): void {
    const id = nonceOf(frame);
    this.#model.violate('frame.accepted-twice', node, id, 'replayed, or of an earlier life');
  }

  /** "Replayed" must be true: seen before, in this step, or too old to tell. "Expired", too. */
  #checkRefusal(node: NodeId, now: Now, { frame }: SignedFrame, { code }: Turned): void {
    if (code === 'LINK_EXPIRED') this.#checkExpired(node, now, frame);
    if (code !== 'LINK_REPLAYED') return;
    const book = this.#book(node);
    const key = `${frame.from} ${frame.session}`;
    const known = book.accepted.get(key);
    const pending = book.pending.some((other) => nonceOf(other.frame) === nonceOf(frame));
    const high = known ? Math.max(...known) : -1;
    const isOpen = this.#open.has(`${node} ${nonceOf(frame)}`);
    if (!pending && !isOpen && !known?.has(frame.seq) && high - frame.seq < WINDOW) {
      this.#model.violate('frame.refused-wrongly', node, nonceOf(frame), code);
    }
  }

  /** Clocks may differ by the tolerance. */
  #checkExpired(node: NodeId, { wallMs }: Now, frame: Frame): void {
    const { toleranceMs, frameTtlMs } = this.#model.timing;
    const isInTime =
      wallMs <= frame.expiresAtMs + toleranceMs && frame.sentAtMs <= wallMs + toleranceMs;
    if (!isInTime || frame.expiresAtMs - frame.sentAtMs > 2 * frameTtlMs) return;
    const detail = `sent at ${frame.sentAtMs}, now ${wallMs}`;
    this.#model.violate('frame.refused-in-time', node, nonceOf(frame), detail);
  }

  #checkAccepted(node: NodeId, { wallMs }: Now, { frame, text, signature }: SignedFrame): void {
    const wrong = (what: string) =>
      this.#model.violate(`frame.${what}`, node, nonceOf(frame), what);
    const keys = this.#keyring.keysOf(frame.from);
    const signed = `sparegrid-frame-v1\n${text}`;
    const { verify } = this.#keyring.cryptoOf(node);
    if (!keys.some((key) => verify(key, signed, signature))) wrong('accepted-forged');
    if (frame.to !== node) wrong('accepted-astray');
    const isPeer = this.#model.hubs.has(frame.from) && this.#model.hubs.has(node);
    const isOwn = frame.from.endsWith(`.${node}`) || node.endsWith(`.${frame.from}`);
    if (frame.from === node || (!isPeer && !isOwn)) wrong('accepted-from-stranger');
    const { toleranceMs, frameTtlMs } = this.#model.timing;
    const isLate = wallMs > frame.expiresAtMs + toleranceMs;
    const isEarly = frame.sentAtMs > wallMs + toleranceMs + frameTtlMs;
    if (isLate || isEarly) wrong('accepted-expired');
  }

  /**
   * What was accepted is durable now; its nonces must be among the writes.
   *
   * @param windows  whose nonces were written: `<sender> <session>`.
   */
  committed(node: NodeId, windows: ReadonlySet<string>): void {
    const book = this.#book(node);
    const bare = book.pending.find(
      ({ frame: { from, session } }) => !windows.has(`${from} ${session}`),
    );
    if (bare) {
      const id = nonceOf(bare.frame);
      this.#model.violate('frame.nonce-not-durable', node, id, 'effects without the nonce');
    }
    for (const { frame } of book.pending) {
      const key = `${frame.from} ${frame.session}`;
      const known = book.accepted.get(key) ?? new Set();
      book.accepted.set(key, known.add(frame.seq));
      book.epochs.set(frame.from, Math.max(book.epochs.get(frame.from) ?? 0, frame.epoch));
    }
    book.pending = [];
  }

  /** A step that wrote nothing cannot have accepted anything but rows of hubs whose fence it knew. */
  steppedWithoutCommit(node: NodeId): void {
    const { pending, epochs } = this.#book(node);
    const isLasting = ({ from, epoch, messages }: Frame) =>
      epoch !== epochs.get(from) || !messages.every(({ type }) => ROWS.has(type));
    if (pending.some(({ frame }) => isLasting(frame))) this.committed(node, new Set());
  }

  died(node: NodeId): void {
    this.#book(node).pending = [];
  }
}

function nonceOf({ from, session, seq }: { from: NodeId; session: string; seq: number }): string {
  return `${from} ${session} ${seq}`;
}

function copyOf({ accepted, epochs }: FramesMemory): FramesMemory {
  const nonces = [...accepted].map(([name, numbers]) => [name, new Set(numbers)] as const);
  return { accepted: new Map(nonces), epochs: new Map(epochs) };
}
