/** The lessee of one hub in a replay: submits signed orders and hears what becomes of them. */
import { type KeyObject, randomBytes } from 'node:crypto';
import type { Timing } from '@sparegrid/core/agreement/timing';
import type { PeerConfig } from '@sparegrid/core/hub/config';
import { FrameGate } from '@sparegrid/core/hub/frame-gate';
import type { Message, ParticipantMessage, Reply, Request } from '@sparegrid/core/messages';
import type { OrderEvent } from '@sparegrid/core/order/order-record';
import type { Crypto } from '@sparegrid/core/units/document';
import type { OrderId, ParticipantId } from '@sparegrid/core/units/ids';
import { quickEd25519 } from '@sparegrid/link/ed25519';
import { decodeFrame } from '@sparegrid/link/frame';
import { Framer } from '@sparegrid/link/framer';
import { publicKeyOf } from '@sparegrid/link/keys';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import type { Client, Transport } from '@sparegrid/link/transport';

export interface LesseeSettings {
  id: ParticipantId;
  key: KeyObject;
  hub: PeerConfig;
  timing: Timing;
  transport: Transport;
  hubDoor: string;
  onEvent(order: OrderId, event: OrderEvent): void;
  onFault(error: unknown): void;
}

/**
 * The transport loses nothing while both ends live, so nothing is sent twice: a missing answer shows
 * as a replay that stands still.
 */
export class Lessee {
  readonly id: ParticipantId;
  readonly crypto: Crypto;
  readonly publicKey: string;
  readonly #settings: LesseeSettings;
  readonly #framer: Framer;
  readonly #gate: FrameGate;
  readonly #link: Client;
  readonly #waiting = new Map<string, (reply: Reply) => void>();
  #outgoing: ParticipantMessage[] = [];
  #requests = 0;

  constructor(settings: LesseeSettings) {
    const { id, key, hub, timing, transport, hubDoor } = settings;
    const { frameTtlMs, toleranceMs } = timing;
    this.id = id;
    this.crypto = nodeCrypto(key, quickEd25519());
    this.publicKey = publicKeyOf(key);
    this.#settings = settings;
    const session = randomBytes(16).toString('hex');
    this.#framer = new Framer({ crypto: this.crypto, from: id, session, epoch: 0, frameTtlMs });
    this.#gate = new FrameGate({ self: id, frameTtlMs, toleranceMs }, this.crypto);
    this.#link = transport.connect({
      path: hubDoor,
      onFrame: (text, signature) => this.#receive(text, signature, hub),
    });
    this.#send({ type: 'hello', role: 'lessee' });
  }

  ask(request: Request): Promise<Reply> {
    this.#requests += 1;
    const requestId = `r${this.#requests}`;
    return new Promise((resolve) => {
      this.#waiting.set(requestId, resolve);
      this.#send({ type: 'request', requestId, request });
    });
  }

  async stop(): Promise<void> {
    await this.#link.close();
  }

  /** What is said in one turn of the event loop goes into one frame. */
  #send(message: ParticipantMessage): void {
    this.#outgoing.push(message);
    if (this.#outgoing.length === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const messages = this.#outgoing;
    this.#outgoing = [];
    for (const { text, signature } of this.#framer.frame(
      this.#settings.hub.id,
      messages,
      Date.now(),
    )) {
      this.#link.send(text, signature);
    }
  }

  #receive(text: string, signature: string, hub: PeerConfig): void {
    const { onFault } = this.#settings;
    const decoded = decodeFrame(text, signature);
    if (!decoded.ok) return onFault(new Error(`${this.id}: ${decoded.code} ${decoded.hint}`));
    const now = { elapsedMs: Math.floor(performance.now()), wallMs: Date.now() };
    const keysOf = (node: string) => (node === hub.id ? [hub.publicKey] : []);
    const checked = this.#gate.check(decoded.signed, now, keysOf, () => {});
    if (!checked.ok) return onFault(new Error(`${this.id}: ${checked.code} ${checked.hint}`));
    for (const message of decoded.signed.frame.messages) this.#take(message);
  }

  #take(message: Message): void {
    if (message.type === 'order-event') {
      this.#settings.onEvent(message.order, message.event);
    } else if (message.type === 'reply') {
      const answer = this.#waiting.get(message.requestId);
      this.#waiting.delete(message.requestId);
      answer?.(message.reply);
    } else if (message.type === 'refused') {
      this.#settings.onFault(new Error(`${this.id}: ${message.code} ${message.hint}`));
    }
  }
}
