/** One direction of an in-process link. */
import type { Channel } from './channel.ts';
import type { FrameText } from './frame.ts';
import { Inlet } from './inlet.ts';
import { SendQueue } from './send-queue.ts';

/** Delivers each frame as a task of its own, and holds them back while the receiver pauses. */
export class Pipe {
  readonly #queue: SendQueue<FrameText>;
  readonly #schedule: (task: () => void) => void;
  readonly #inlet: Inlet<FrameText>;
  #ended = false;
  #cut = false;

  constructor(
    schedule: (task: () => void) => void,
    queueBytesMax: number | undefined,
    consume: (frame: FrameText) => void | Promise<void>,
  ) {
    this.#schedule = schedule;
    this.#queue = new SendQueue(queueBytesMax);
    this.#inlet = new Inlet(
      (frame) => (this.#cut ? undefined : consume(frame)),
      () => this.#drain(),
    );
  }

  get dropped(): number {
    return this.#queue.dropped;
  }

  send(text: string, signature: string): void {
    if (this.#ended) return;
    this.#queue.push({ text, signature }, text.length + signature.length);
    this.#schedule(() => this.#takeOne());
  }

  /** Takes no more frames, delivers those it has. */
  end(): void {
    this.#ended = true;
  }

  /** Takes and delivers nothing any more. */
  cut(): void {
    this.#ended = true;
    this.#cut = true;
  }

  /** This direction as a channel whose closing is the link's affair. */
  channel(close: () => void): Channel {
    const dropped = () => this.dropped;
    return {
      send: (text, signature) => this.send(text, signature),
      close,
      get dropped() {
        return dropped();
      },
    };
  }

  #takeOne(): void {
    const frame = this.#inlet.busy ? undefined : this.#queue.shift();
    if (frame) this.#inlet.push([frame]);
  }

  #drain(): void {
    while (this.#queue.length > 0 && !this.#inlet.busy) this.#takeOne();
  }
}
