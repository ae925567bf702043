/** What agents say is true: containers they report are as their runtime has them, offers are theirs. */
import type { Message } from '@sparegrid/core/messages';
import type { SellOrder } from '@sparegrid/core/order/sell-order';
import { type ContainerId, type HubId, hubOf, type ParticipantId } from '@sparegrid/core/units/ids';
import type { Containers } from './containers.ts';
import type { Model } from './model.ts';
import { parseStored } from './stored-text.ts';

type Report = Extract<Message, { type: 'status' }>;

interface Known {
  /** Of the agent. */
  life: number;
  /** Number of its latest report. */
  seq: number;
  exited: ReadonlySet<ContainerId>;
}

export class AgentTold {
  readonly #model: Model;
  readonly #containers: Containers;
  /** Payloads that agents signed and sent, which alone may be on record at a hub. */
  readonly #signed = new Set<string>();
  /** Virtual time at which each report was sent, by agent and number. */
  readonly #sentAtMs = new Map<string, number>();
  /** What each agent's hub knows from it in its present life. */
  readonly #known = new Map<ParticipantId, Known>();

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

  /**
   * The hub got this report: containers that have exited, as far as it knows now. Null for a report that
   * counts for nothing: a later one came before, or it builds on one that this life of the hub never got.
   */
  exitedAfter(
    agent: ParticipantId,
    session: string,
    { seq, since, containers, gone }: Report,
  ): ReadonlySet<ContainerId> | null {
    const life = Number(session.slice(1));
    let known = this.#known.get(agent) ?? { life, seq: 0, exited: new Set() };
    if (life < known.life) return null;
    if (life > known.life) known = { life, seq: 0, exited: new Set() };
    if (seq <= known.seq || (since ?? 0) > known.seq) return null;
    const exited = new Set(since === null ? [] : known.exited);
    for (const id of gone) exited.delete(id);
    for (const { id, state } of containers) {
      if (state === 'exited') exited.add(id);
      else exited.delete(id);
    }
    this.#known.set(agent, { life, seq, exited });
    return exited;
  }

  /** What agents told it lives in its memory. */
  hubDied(hub: HubId): void {
    for (const agent of this.#known.keys()) if (hubOf(agent) === hub) this.#known.delete(agent);
  }

  wasSigned(agent: ParticipantId, payload: string): boolean {
    return this.#signed.has(`${agent} ${payload}`);
  }
}
