/** What agents say is true: containers they report are as their runtime has them, offers are theirs. */
import type { Message } from '@sparegrid/core/messages';
import type { SellOrder } from '@sparegrid/core/order/sell-order';
import type { ParticipantId } from '@sparegrid/core/units/ids';
import type { Containers } from './containers.ts';
import type { Model } from './model.ts';
import { parseStored } from './stored-text.ts';

export class AgentTold {
  readonly #model: Model;
  readonly #containers: Containers;
  /** Payloads that agents signed and sent, which alone may be on record at a hub. */
  readonly #signed = new Set<string>();
  /** Virtual time at which each report was sent, by agent and number. */
  readonly #sentAtMs = new Map<string, number>();
  /** Newest accepted report of each agent: session and number in one. */
  readonly #newest = new Map<ParticipantId, number>();

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
    this.#sentAtMs.set(`${agent} ${message.seq}`, this.#model.nowMs);
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

  /** How long ago the agent's report of this number was sent. */
  lagMs(agent: ParticipantId, seq: number): number {
    return this.#model.nowMs - (this.#sentAtMs.get(`${agent} ${seq}`) ?? this.#model.nowMs);
  }

  /** True when no later report of the agent was accepted before; notes this one. */
  isNews(agent: ParticipantId, session: string, seq: number): boolean {
    const number = Number(session.slice(1)) * 1_000_000 + seq;
    if (number <= (this.#newest.get(agent) ?? 0)) return false;
    this.#newest.set(agent, number);
    return true;
  }

  wasSigned(agent: ParticipantId, payload: string): boolean {
    return this.#signed.has(`${agent} ${payload}`);
  }
}
