/** Program output: numbered chunks, sent again until the first hub has stored them. */
import type { LogChunk, Message } from '../messages.ts';
import { type ContainerId, compareIds } from '../units/ids.ts';

/** Chunks of one container that may be on the way unacknowledged. */
const WINDOW = 16;

/** Durable: next number to give; table `log-seq`. */
export interface LogSeqRecord {
  /** Highest chunk number acknowledged: everything up to it is stored at the first hub. */
  acked: number;
}

/**
 * Unacknowledged chunks live in memory: the shell keeps the output on disk and hands it over again
 * after a restart from the acknowledged chunk on.
 */
export class LogSender {
  readonly #chunks = new Map<ContainerId, LogChunk[]>();
  readonly #acked = new Map<ContainerId, number>();
  readonly #next = new Map<ContainerId, number>();

  restore(container: ContainerId, { acked }: LogSeqRecord): void {
    this.#acked.set(container, acked);
    this.#next.set(container, acked);
  }

  add(container: ContainerId, stream: LogChunk['stream'], text: string): LogChunk | undefined {
    const seq = (this.#next.get(container) ?? 0) + 1;
    this.#next.set(container, seq);
    const chunks = this.#chunks.get(container) ?? [];
    this.#chunks.set(container, chunks);
    const chunk = { container, seq, stream, text };
    chunks.push(chunk);
    return chunks.length <= WINDOW ? chunk : undefined;
  }

  /** Returns the chunks that may be sent now that there is room. */
  acknowledge(container: ContainerId, seq: number): { isNew: boolean; more: LogChunk[] } {
    const before = this.#acked.get(container) ?? 0;
    const last = this.#next.get(container) ?? 0;
    if (seq <= before || seq > last) return { isNew: false, more: [] };
    this.#acked.set(container, seq);
    const chunks = this.#chunks.get(container) ?? [];
    const left = chunks.filter((chunk) => chunk.seq > seq);
    const sent = Math.min(WINDOW, chunks.length) - (chunks.length - left.length);
    this.#chunks.set(container, left);
    return { isNew: true, more: left.slice(Math.max(0, sent), WINDOW) };
  }

  /** Everything that may be on the way, for sending again. */
  unacknowledged(): Message[] {
    const messages: Message[] = [];
    for (const container of [...this.#chunks.keys()].sort(compareIds)) {
      for (const chunk of (this.#chunks.get(container) ?? []).slice(0, WINDOW)) {
        messages.push({ type: 'log', ...chunk });
      }
    }
    return messages;
  }

  get isEmpty(): boolean {
    for (const chunks of this.#chunks.values()) if (chunks.length > 0) return false;
    return true;
  }

  /** True while output of the container is not yet stored at the first hub. */
  waits(container: ContainerId): boolean {
    return (this.#chunks.get(container)?.length ?? 0) > 0;
  }

  forget(container: ContainerId): void {
    this.#chunks.delete(container);
    this.#acked.delete(container);
    this.#next.delete(container);
  }
}
