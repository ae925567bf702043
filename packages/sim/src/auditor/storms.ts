/** Promise 9: no message, however wrong, makes nodes talk to each other without end. */
import type { Send } from '@sparegrid/core/step';
import type { HubId, NodeId } from '@sparegrid/core/units/ids';
import type { Model } from './model.ts';

/** More than any exchange of this size needs, of one type to one receiver in one second. */
const MESSAGES_PER_SECOND_MAX = 1_000;

export class Storms {
  readonly #model: Model;
  #second = -1;
  readonly #counts = new Map<string, number>();

  constructor(model: Model) {
    this.#model = model;
  }

  check(hub: HubId, sends: readonly Send[]): void {
    const second = Math.floor(this.#model.nowMs / 1_000);
    if (second !== this.#second) this.#counts.clear();
    this.#second = second;
    for (const { to, message } of sends) this.#count(hub, to, message.type);
  }

  #count(hub: HubId, to: NodeId, type: string): void {
    const name = `${hub} ${to} ${type}`;
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    if (count === MESSAGES_PER_SECOND_MAX) {
      this.#model.violate('message.storm', hub, `${to} ${type}`, `${count} in one second`);
    }
  }
}
