/** What agents say is true: containers they report are as their runtime has them, offers are theirs. */
import type { Message } from '@sparegrid/core/messages';
import type { SellOrder } from '@sparegrid/core/order/sell-order';
import type { ParticipantId } from '@sparegrid/core/units/ids';
import type { Containers } from './containers.ts';
import type { Commit } from './mirror.ts';
import type { Model } from './model.ts';
import { parseStored } from './stored-text.ts';

export class AgentTold {
  readonly #model: Model;
  readonly #containers: Containers;
  /** Payloads that agents signed and sent, which alone may be on record at a hub. */
  readonly #signed = new Set<string>();

  constructor(model: Model, containers: Containers) {
    this.#model = model;
    this.#containers = containers;
  }

  check(agent: ParticipantId, message: Message): void {
    if (message.type === 'offer' || message.type === 'resource') {
      this.#signed.add(`${agent} ${message.document.payload}`);
    }
    if (message.type === 'offer') {
      this.#model.rememberOffer(parseStored<SellOrder>(message.document.payload));
    }
    if (message.type !== 'status') return;
    for (const { id, state, started } of message.containers) {
      const seen = this.#containers.seen(id);
      const isUntrue =
        (state === 'running' && seen.beganAtMs === null) ||
        (started && seen.beganAtMs === null) ||
        (state === 'exited' && seen.isLive);
      if (isUntrue) {
        const detail = `told ${state}${started ? ', started' : ''}`;
        this.#model.violate('agent.untrue-status', agent, id, detail);
      }
    }
  }

  checkRegistry({ hub, changes }: Commit): void {
    for (const { key, after } of changes.registry) {
      for (const document of [after.offerDocument, after.specDocument]) {
        if (document && !this.#signed.has(`${key} ${document.payload}`)) {
          this.#model.violate('registry.unsigned', hub.id, key, 'on record, but never sent so');
        }
      }
    }
  }
}
