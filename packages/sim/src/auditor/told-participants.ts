/** Promise 2: what a hub tells its participants is in its committed store at that very moment. */
import type { DesiredContainer, HubToParticipantMessage, Reply } from '@sparegrid/core/messages';
import type { Send } from '@sparegrid/core/step';
import type { ParticipantId } from '@sparegrid/core/units/ids';
import type { HubMirror } from './mirror.ts';
import type { Model } from './model.ts';
import { stableText } from './stored-text.ts';

const FINAL_ORDERS: ReadonlySet<string> = new Set(['completed', 'failed', 'expired', 'cancelled']);

export class ToldParticipants {
  readonly #model: Model;
  /** Content of each version of a desired set, by participant, epoch and revision. */
  readonly #desired = new Map<string, string>();

  constructor(model: Model) {
    this.#model = model;
  }

  check(hub: HubMirror, sends: readonly Send[]): void {
    const lastDesired = new Map<ParticipantId, DesiredContainer[]>();
    for (const { to, message } of sends) {
      this.#checkOne(hub, to, message as HubToParticipantMessage);
      if (message.type === 'desired') lastDesired.set(to, message.containers);
    }
    for (const [participant, containers] of lastDesired) {
      this.#checkComplete(hub, participant, containers);
    }
  }

  #checkOne(hub: HubMirror, to: ParticipantId, message: HubToParticipantMessage): void {
    switch (message.type) {
      case 'reply':
        return this.#checkReply(hub, to, message.reply);
      case 'order-event': {
        const state = hub.records.order.get(message.order)?.state;
        const told = message.state;
        if (state === undefined || (FINAL_ORDERS.has(told) && state !== told)) {
          this.#wrong('order-event', hub, message.order, `told ${told}, on record ${state}`);
        }
        return;
      }
      case 'accepted': {
        const registry = hub.records.registry.get(to);
        const known = message.what === 'offer' ? registry?.offer : registry?.spec;
        if ((known?.revision ?? -1) < message.revision) {
          const detail = `${message.what} ${message.revision}, on record ${known?.revision}`;
          this.#wrong('accepted', hub, to, detail);
        }
        return;
      }
      case 'desired':
        return this.#checkDesired(hub, to, message);
      default:
        return;
    }
  }

  #wrong(what: string, hub: HubMirror, id: string, detail: string): void {
    this.#model.violate(`told.${what}-not-durable`, hub.id, id, detail);
  }

  #checkReply(hub: HubMirror, to: ParticipantId, reply: Reply): void {
    if (!reply.ok) return;
    if (reply.op === 'order.submit' || reply.op === 'order.cancel') {
      const order = hub.records.order.get(reply.order);
      if (order?.order.lessee !== to) this.#wrong(reply.op, hub, reply.order, 'not on record');
      else if (reply.op === 'order.cancel' && !order.cancelled) {
        this.#wrong(reply.op, hub, reply.order, 'the cancellation is not on record');
      }
    }
    if (reply.op === 'order.get' || reply.op === 'order.explain') {
      const { id, state } = reply.order;
      const order = hub.records.order.get(id);
      if (order?.order.lessee !== to) this.#wrong(reply.op, hub, id, 'not on record as theirs');
      else if (FINAL_ORDERS.has(state) && order.state !== state) {
        this.#wrong(reply.op, hub, id, `told ${state}, on record ${order.state}`);
      }
    }
  }

  /** A container is asked for only by a part that was activated, and told to run only when it does. */
  #checkDesired(
    hub: HubMirror,
    to: ParticipantId,
    message: Extract<HubToParticipantMessage, { type: 'desired' }>,
  ): void {
    for (const { id, part: partId, running } of message.containers) {
      const part = hub.records.part.get(partId);
      if (part?.activeAtMs == null || part.terms.lessor !== to) {
        this.#wrong('desired', hub, id, `part ${part?.state ?? 'unknown'}`);
      } else if (running && part.runningAtMs === null) {
        this.#wrong('desired-running', hub, id, `part ${part.state}`);
      }
    }
    const version = `${to} ${message.epoch} ${message.revision}`;
    const content = stableText(message.containers);
    const known = this.#desired.get(version);
    if (known === undefined) this.#desired.set(version, content);
    else if (known !== content) {
      this.#model.violate('desired.version-reused', hub.id, version, 'two sets under one revision');
    }
  }

  /** The last set of a step names exactly the containers of the lessor's parts that shall run. */
  #checkComplete(hub: HubMirror, lessor: ParticipantId, containers: DesiredContainer[]): void {
    const due = this.#model
      .livePartsOf(hub, lessor)
      .filter(({ state }) => state === 'active' || state === 'running')
      // Without its key nothing of it may be asked for.
      .filter(({ taskPrivate, release }) => taskPrivate === null || release !== null)
      .flatMap(({ id, terms }) => {
        const count = terms.placements.reduce((sum, { replicas }) => sum + replicas, 0);
        return Array.from({ length: count }, (_, number) => `${id}.${number}`);
      });
    const told = containers.map(({ id }) => id);
    if (due.sort().join() !== told.sort().join()) {
      const detail = `due ${due.length}, told ${told.length}`;
      this.#model.violate('desired.incomplete', hub.id, lessor, detail);
    }
  }
}
