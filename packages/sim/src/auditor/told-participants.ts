/** Promise 2: what a hub tells its participants is in its committed store at that very moment. */
import type { DesiredContainer, HubToParticipantMessage, Reply } from '@sparegrid/core/messages';
import type { Send } from '@sparegrid/core/step';
import type { ContainerId, ParticipantId } from '@sparegrid/core/units/ids';
import type { HubMirror } from './mirror.ts';
import type { Model } from './model.ts';
import { stableText } from './stored-text.ts';

type Desired = Extract<HubToParticipantMessage, { type: 'desired' }>;

const FINAL_ORDERS: ReadonlySet<string> = new Set(['completed', 'failed', 'expired', 'cancelled']);

export class ToldParticipants {
  readonly #model: Model;
  /** Each version of a desired set, by participant, epoch and revision. */
  readonly #desired = new Map<string, ReadonlyMap<ContainerId, DesiredContainer>>();

  constructor(model: Model) {
    this.#model = model;
  }

  check(hub: HubMirror, sends: readonly Send[]): void {
    const lastDesired = new Map<ParticipantId, Desired>();
    for (const { to, message } of sends) {
      this.#checkOne(hub, to, message as HubToParticipantMessage);
      if (message.type === 'desired') lastDesired.set(to, message);
    }
    for (const [participant, message] of lastDesired) {
      const set = this.#desired.get(versionOf(participant, message.epoch, message.revision));
      this.#checkComplete(hub, participant, [...(set?.keys() ?? [])]);
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
  #checkDesired(hub: HubMirror, to: ParticipantId, message: Desired): void {
    if (hub.expelled.has(to)) {
      this.#model.violate('admission.expelled-told', hub.id, to, 'which containers to run');
    }
    for (const { id, part: partId, running } of message.containers) {
      const part = hub.records.part.get(partId);
      if (part?.activeAtMs == null || part.terms.lessor !== to) {
        this.#wrong('desired', hub, id, `part ${part?.state ?? 'unknown'}`);
      } else if (running && part.runningAtMs === null) {
        this.#wrong('desired-running', hub, id, `part ${part.state}`);
      }
    }
    const version = versionOf(to, message.epoch, message.revision);
    const set = this.#setAfter(hub, to, message);
    const known = this.#desired.get(version);
    if (known === undefined) this.#desired.set(version, set);
    else if (contentOf(known) !== contentOf(set)) {
      this.#model.violate('desired.version-reused', hub.id, version, 'two sets under one revision');
    }
  }

  /** What an agent runs that was at the version which the message goes on from. */
  #setAfter(
    hub: HubMirror,
    to: ParticipantId,
    { epoch, since, containers, gone }: Desired,
  ): ReadonlyMap<ContainerId, DesiredContainer> {
    const set = new Map(containers.map((container) => [container.id, container]));
    if (since === null) return set;
    const version = versionOf(to, epoch, since);
    const base = this.#desired.get(version);
    if (!base) this.#model.violate('desired.since-nothing', hub.id, version, 'was never told');
    const left = new Set(gone);
    const kept = [...(base ?? [])].filter(([id]) => !left.has(id));
    return new Map([...kept, ...set]);
  }

  /** The last set of a step names exactly the containers of the lessor's parts that shall run. */
  #checkComplete(hub: HubMirror, lessor: ParticipantId, told: ContainerId[]): void {
    const due = this.#model
      .livePartsOf(hub, lessor)
      .filter(({ state }) => state === 'active' || state === 'running')
      // Without its key nothing of it may be asked for.
      .filter(({ taskPrivate, release }) => taskPrivate === null || release !== null)
      .flatMap(({ id, terms }) => {
        const count = terms.placements.reduce((sum, { replicas }) => sum + replicas, 0);
        return Array.from({ length: count }, (_, number) => `${id}.${number}`);
      });
    // Of a lessor that has not told what it runs since its hub lost some of its past, nothing begins.
    const isChecked = !hub.unchecked.has(lessor);
    const isWrong = isChecked
      ? due.sort().join() !== told.sort().join()
      : told.some((id) => !due.includes(id));
    if (isWrong) {
      const detail = `due ${due.length}, told ${told.length}`;
      this.#model.violate('desired.incomplete', hub.id, lessor, detail);
    }
  }
}

function versionOf(participant: ParticipantId, epoch: number, revision: number): string {
  return `${participant} ${epoch} ${revision}`;
}

function contentOf(set: ReadonlyMap<ContainerId, DesiredContainer>): string {
  return stableText([...set].sort(([a], [b]) => (a < b ? -1 : 1)));
}
