/** Collects what a step puts out: each record once, in its final form; messages in order. */
import type { Message } from '../messages.ts';
import type { Send, Write } from '../step.ts';
import type { NodeId } from '../units/ids.ts';
import { encodeStored } from '../units/json.ts';

interface Dirty {
  table: string;
  key: string;
  record: object | null;
  live: boolean;
}

export class Outbox<Effect> {
  readonly #dirty = new Map<string, Dirty>();
  #sends: Send[] = [];
  #effects: Effect[] = [];

  /** The record is encoded at the end of the step: later changes in the step are included. */
  put(table: string, key: string, record: object, live = true): void {
    this.#dirty.set(`${table} ${key}`, { table, key, record, live });
  }

  remove(table: string, key: string): void {
    this.#dirty.set(`${table} ${key}`, { table, key, record: null, live: false });
  }

  send(to: NodeId, message: Message, session: string | null = null): void {
    this.#sends.push({ to, session, message });
  }

  effect(effect: Effect): void {
    this.#effects.push(effect);
  }

  get hasWrites(): boolean {
    return this.#dirty.size > 0;
  }

  take(): { writes: Write[]; sends: Send[]; effects: Effect[] } {
    const writes = [...this.#dirty.values()].map(({ table, key, record, live }) => ({
      table,
      key,
      text: record && encodeStored(record),
      live,
    }));
    const taken = { writes, sends: this.#sends, effects: this.#effects };
    this.#dirty.clear();
    this.#sends = [];
    this.#effects = [];
    return taken;
  }
}
