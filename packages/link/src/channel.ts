/** One end of an open link, whatever carries it. */

/** Frames arrive in order, each whole or not at all. */
export interface Channel {
  /** Never blocks: a full queue drops its oldest frames. */
  send(text: string, signature: string): void;
  /** Frames dropped because the other side took them too slowly. */
  readonly dropped: number;
  close(): void;
}
