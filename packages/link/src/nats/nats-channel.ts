/** One end of a line over NATS as a channel of frames, with back-pressure by credit both ways. */
import type { Channel } from '../channel.ts';
import { Inlet } from '../inlet.ts';
import type { SendQueue } from '../send-queue.ts';
import type { WireItem } from '../wire.ts';
import { WireParser } from '../wire.ts';
import { framePacket, packed, takenPacket, wireOf } from './parcel.ts';

/** Bytes of frames, unpacked, under way, beyond which the sender waits to hear that some were taken. */
const WINDOW_BYTES = 1_048_576;
/** The receiver says so after each quarter: a sender that waits always hears of it. */
const TAKEN_BYTES = WINDOW_BYTES / 4;

export interface QueuedPacket {
  packet: Uint8Array;
  atMs: number;
}

export interface NatsChannelSettings {
  publish(packet: Uint8Array): void;
  onItem(item: WireItem): void | Promise<void>;
  /** This end closed the line; the other end is to be told. */
  onClose(): void;
}

/**
 * NATS has no back-pressure of its own: it drops whoever reads too slowly. So a receiver gives
 * credit, and what exceeds it waits in the sender's bounded queue, which gives up its oldest frames.
 */
export class NatsChannel implements Channel {
  readonly #settings: NatsChannelSettings;
  readonly #queue: SendQueue<QueuedPacket>;
  readonly #inlet: Inlet<Uint8Array>;
  #underWay = 0;
  #untold = 0;
  #closed = false;

  /** @param queue may outlive this line: a client keeps it from line to line. */
  constructor(queue: SendQueue<QueuedPacket>, settings: NatsChannelSettings) {
    this.#queue = queue;
    this.#settings = settings;
    // Unpacked when its turn comes: what waits takes no more room than it travelled with.
    this.#inlet = new Inlet(
      (packet) => {
        if (this.#closed) return;
        const { item, bytes } = itemIn(packet);
        const pending = item && settings.onItem(item);
        if (!pending) return this.#tell(bytes);
        return pending.then(() => this.#tell(bytes));
      },
      () => {},
    );
  }

  get dropped(): number {
    return this.#queue.dropped;
  }

  send(text: string, signature: string): void {
    if (this.#closed) return;
    enqueuePacket(this.#queue, text, signature);
    this.flush();
  }

  flush(): void {
    while (this.#underWay < WINDOW_BYTES && !this.#closed) {
      const next = this.#queue.shift();
      if (!next) return;
      this.#underWay += next.packet.length;
      this.#settings.publish(packed(next.packet));
    }
  }

  /** The other end took so many bytes. */
  taken(bytes: number): void {
    this.#underWay = Math.max(0, this.#underWay - bytes);
    this.flush();
  }

  /** A frame arrived, packed or not. */
  receive(packet: Uint8Array): void {
    this.#inlet.push([packet]);
  }

  /** What fits into the credit is out already; the rest is given up. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#settings.onClose();
  }

  /** The line is gone: nothing more is sent or consumed. */
  end(): void {
    this.#closed = true;
  }

  #tell(bytes: number): void {
    this.#untold += bytes;
    if (this.#untold < TAKEN_BYTES || this.#closed) return;
    this.#settings.publish(takenPacket(this.#untold));
    this.#untold = 0;
  }
}

export function enqueuePacket(
  queue: SendQueue<QueuedPacket>,
  text: string,
  signature: string,
): void {
  const packet = framePacket(text, signature);
  queue.push({ packet, atMs: performance.now() }, packet.length);
}

/** The frame of a packet, which holds one, with its size as its sender counts it. */
function itemIn(packet: Uint8Array): { item: WireItem | undefined; bytes: number } {
  const read = wireOf(packet);
  if (!read.ok) {
    return { item: { kind: 'refused', refusal: read, fatal: false }, bytes: packet.length };
  }
  return { item: new WireParser().push(read.wire)[0], bytes: 1 + read.wire.length };
}
