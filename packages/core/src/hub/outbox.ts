/** Collects what a step puts out: each record once, in its final form; messages in order. */
import type { Message } from '../messages.ts';
import type { Send, Write } from '../step.ts';
import type { NodeId } from '../units/ids.ts';
import { encodeStored } from '../units/json.ts';
import { type Kept, progressTableOf } from '../units/kept.ts';

interface Dirty {
  table: string;
  key: string;
  /** Null deletes. */
  record: (() => object) | null;
  live: boolean;
}

export class Outbox<Effect> {
  readonly #dirty = new Map<string, Dirty>();
  /** Written with whatever is written next, in this step or a later one. */
  readonly #later = new Map<string, Dirty>();
  #sends: Send[] = [];
  #effects: Effect[] = [];

  /** The record is encoded at the end of the step: later changes in the step are included. */
  put(table: string, key: string, record: object, live = true): void {
    this.#later.delete(`${table} ${key}`);
    this.#dirty.set(`${table} ${key}`, { table, key, record: () => record, live });
  }

  /** Is no reason to write by itself: until the next commit a crash may undo it. */
  putLater(table: string, key: string, record: object): void {
    this.#later.set(`${table} ${key}`, { table, key, record: () => record, live: true });
  }

  /** All of a record that is kept; as above. */
  putWhole<T extends object>(kind: Kept<T>, key: string, record: T, live = true): void {
    const { table } = kind;
    const written = () => kind.writtenOf(record);
    this.#dirty.set(`${table} ${key}`, { table, key, record: written, live });
  }

  /** Of a record that is on record: nothing more is written where all of it is, in this step. */
  putProgress<T extends object>(kind: Kept<T>, key: string, record: T): void {
    if (this.#dirty.get(`${kind.table} ${key}`)?.record) return;
    const table = progressTableOf(kind);
    const progress = () => kind.progressOf(record);
    this.#dirty.set(`${table} ${key}`, { table, key, record: progress, live: true });
  }

  remove(table: string, key: string): void {
    this.#later.delete(`${table} ${key}`);
    this.#dirty.set(`${table} ${key}`, { table, key, record: null, live: false });
  }

  send(to: NodeId, message: Message, session: string | null = null): void {
    this.#sends.push({ to, session, message });
  }

  /** Nothing that this step has put out for that session leaves. */
  withdraw(to: NodeId, session: string): void {
    this.#sends = this.#sends.filter((send) => send.to !== to || send.session !== session);
  }

  effect(effect: Effect): void {
    this.#effects.push(effect);
  }

  get hasWrites(): boolean {
    return this.#dirty.size > 0;
  }

  take(): { writes: Write[]; sends: Send[]; effects: Effect[] } {
    if (this.hasWrites) {
      for (const [name, one] of this.#later) this.#dirty.set(name, one);
      this.#later.clear();
    }
    const writes = [...this.#dirty.values()].map(({ table, key, record, live }) => ({
      table,
      key,
      text: record && encodeStored(record()),
      live,
    }));
    const taken = { writes, sends: this.#sends, effects: this.#effects };
    this.#dirty.clear();
    this.#sends = [];
    this.#effects = [];
    return taken;
  }
}
