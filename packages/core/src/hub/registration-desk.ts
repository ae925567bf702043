/** Registrations and sell orders of the subnet's participants: checked, recorded, published. */

import { Inventory } from '../agreement/inventory.ts';
import type { ResourceSpec } from '../order/resource-spec.ts';
import type { SellOrder } from '../order/sell-order.ts';
import { offerFitsSpec } from '../order/within-spec.ts';
import { type Refusal, refuse } from '../refusals.ts';
import { isSignedByAny, type SignedDocument } from '../units/document.ts';
import { compareIds, type ParticipantId } from '../units/ids.ts';
import type { HubContext } from './context.ts';
import { refuseOffer, refuseSpec } from './offer-checks.ts';
import type { Member, RegistryRecord } from './subnet.ts';
import type { Veil } from './veil.ts';

/** What the desk of the agents does when an offer changed. */
export interface OfferHooks {
  /** Publishes what is free now. */
  stockChanged(lessor: ParticipantId): void;
  /** Sets the deadline of the offer's validity anew. */
  schedule(lessor: ParticipantId): void;
}

export class RegistrationDesk {
  readonly #context: HubContext;
  readonly #hooks: OfferHooks;

  constructor(context: HubContext, hooks: OfferHooks) {
    this.#context = context;
    this.#hooks = hooks;
  }

  /** Takes a stored registration back after a restart. */
  restore(participant: ParticipantId, record: RegistryRecord): void {
    const member = this.#context.subnet.get(participant);
    if (!member) return;
    member.registry = record;
    member.veil = this.#context.pseudonyms.restore(participant, record.veil) ?? null;
    // A store from before pseudonyms: its rows get one, as if registered now.
    if (record.spec && !member.veil) this.#learn(member, true);
    if (record.offer) this.#takeOffer(member, record.offer);
  }

  /** Publishes the resource rows that were on record; offers wait until their agents are back. */
  publishRestored(): void {
    const { panorama, subnet } = this.#context;
    for (const [participant, member] of subnet.members) {
      if (!member.expelled) this.#publishSpec(member);
      this.#hooks.schedule(participant);
    }
    panorama.setComplete(subnet.isComplete());
  }

  /**
   * A participant reports its resources (push), or answers a collection (pull).
   *
   * @refuses (as `rejected`) RESOURCE_MALFORMED, RESOURCE_NOT_YOURS, RESOURCE_SIGNATURE,
   *          RESOURCE_REVISION.
   * @patent [0037] C1.2 C9.1 PAN-3 PAN-4
   */
  resource(participant: ParticipantId, document: SignedDocument): void {
    const { panorama, subnet, env } = this.#context;
    const member = subnet.get(participant) as Member;
    const read = env.documents.resourceSpec(document.payload);
    const refusal = read.ok ? this.#refuseResource(member, document, read.value) : read;
    const revision = read.ok ? read.value.revision : 0;
    if (!read.ok || refusal) return this.#reject(participant, 'resource', revision, refusal);
    if (member.registry.specDocument?.payload !== document.payload) {
      member.registry = { ...member.registry, spec: read.value, specDocument: document };
      this.#learn(member);
      this.#context.put('registry', participant, member.registry);
      this.#publishSpec(member);
      panorama.setComplete(subnet.isComplete());
      if (member.registry.offer) this.#takeOffer(member, member.registry.offer);
      this.#hooks.stockChanged(participant);
    }
    this.#accept(participant, 'resource', revision);
  }

  #refuseResource(
    member: Member,
    document: SignedDocument,
    spec: ResourceSpec,
  ): Refusal | undefined {
    const { id, organization } = member.admitted;
    if (spec.participant !== id || spec.organization.id !== organization.id) {
      return refuse('RESOURCE_NOT_YOURS', 'participant, organization');
    }
    if (!this.#isSigned(document, 'resource-spec', member)) {
      return refuse('RESOURCE_SIGNATURE', 'signatures');
    }
    if (member.registry.specDocument?.payload === document.payload) return undefined;
    return refuseSpec(spec, member.registry.spec);
  }

  /**
   * A lessor's new sell order: into the own panorama and on to every hub.
   *
   * @refuses (as `rejected`) OFFER_MALFORMED, OFFER_NOT_YOURS, OFFER_SIGNATURE, OFFER_UNREGISTERED,
   *          OFFER_REVISION, OFFER_TERMS_REVISION, OFFER_EXPIRED, OFFER_ABOVE_SPEC.
   * @patent [0042] C1.3 C4.1 C4.2 LSE-2 LSE-5
   */
  offer(participant: ParticipantId, document: SignedDocument): void {
    const { subnet, env } = this.#context;
    const member = subnet.get(participant) as Member;
    const read = env.documents.sellOrder(document.payload);
    const refusal = read.ok ? this.#refuseOffer(member, document, read.value) : read;
    const revision = read.ok ? read.value.revision : 0;
    if (!read.ok || refusal) return this.#reject(participant, 'offer', revision, refusal);
    if (member.registry.offerDocument?.payload !== document.payload) {
      member.registry = { ...member.registry, offer: read.value, offerDocument: document };
      this.#learn(member);
      this.#context.put('registry', participant, member.registry);
      this.#takeOffer(member, read.value);
      this.#hooks.stockChanged(participant);
      this.#hooks.schedule(participant);
    }
    this.#accept(participant, 'offer', revision);
  }

  #refuseOffer(member: Member, document: SignedDocument, offer: SellOrder): Refusal | undefined {
    if (offer.participant !== member.admitted.id) return refuse('OFFER_NOT_YOURS', 'participant');
    if (!this.#isSigned(document, 'sell-order', member)) {
      return refuse('OFFER_SIGNATURE', 'signatures');
    }
    if (member.registry.offerDocument?.payload === document.payload) return undefined;
    const { wallMs } = this.#context.now();
    return refuseOffer(offer, member.registry, wallMs, this.#context.config.limits.lotsPerOffer);
  }

  /**
   * From here on the elapsed clock decides how long the offer stands. An offer above hardware that
   * shrank meanwhile is nothing until the agent makes a new one.
   */
  #takeOffer(member: Member, offer: SellOrder): void {
    const { elapsedMs, wallMs } = this.#context.now();
    const { spec } = member.registry;
    const published = spec && member.veil && offerFitsSpec(offer, spec);
    member.inventory.setOffer(published ? (member.veil as Veil).offer(offer) : null);
    member.offerUntilMs = elapsedMs + (offer.validUntilMs - wallMs);
  }

  /** Whatever is published or frozen from here on is under the names of the veil. */
  #learn(member: Member, atStart = false): void {
    const { registry, admitted } = member;
    const { pseudonyms } = this.#context;
    const { elapsedMs } = this.#context.now();
    member.veil ??= pseudonyms.begin(admitted.id, pseudonyms.periodAt(elapsedMs));
    const grew = member.veil.learn(registry.spec, registry.offer);
    if (!grew || !member.veil.record) return;
    member.registry = { ...registry, veil: member.veil.record };
    if (atStart) this.#context.put('registry', admitted.id, member.registry);
  }

  #publishSpec({ veil, registry }: Member): void {
    if (!veil) return;
    const { panorama } = this.#context;
    panorama.publishResource(veil.name, registry.spec && veil.spec(registry.spec));
  }

  /**
   * Gives lessors other names: all that are due leave under the old ones, then come under the new
   * ones, in an order that tells nothing.
   *
   * @returns the names that are nobody's any more.
   */
  rename(members: readonly Member[], period: number): ParticipantId[] {
    const { panorama, pseudonyms } = this.#context;
    const given: ParticipantId[] = [];
    const old = members.flatMap(({ veil, admitted: { id } }) =>
      veil ? [{ id, name: veil.name }] : [],
    );
    for (const { id, name } of old.sort((a, b) => compareIds(a.name, b.name))) {
      panorama.publishLease(name, null);
      panorama.publishResource(name, null);
      pseudonyms.retire(id, name, period);
      given.push(name);
    }
    for (const member of members) {
      member.veil = pseudonyms.begin(member.admitted.id, period);
      member.inventory = new Inventory();
      this.#learn(member, true);
      if (member.registry.offer) this.#takeOffer(member, member.registry.offer);
    }
    for (const member of [...members].sort(byName)) {
      this.#publishSpec(member);
      this.#hooks.stockChanged(member.admitted.id);
    }
    return given;
  }

  #isSigned(
    document: SignedDocument,
    type: 'resource-spec' | 'sell-order',
    member: Member,
  ): boolean {
    const { id } = member.admitted;
    return isSignedByAny(this.#context.crypto, document, type, id, this.#context.keysOf(id));
  }

  #accept(participant: ParticipantId, what: 'resource' | 'offer', revision: number): void {
    this.#context.sendToAgent(participant, { type: 'accepted', what, revision });
  }

  #reject(
    participant: ParticipantId,
    what: 'resource' | 'offer',
    revision: number,
    refusal: Refusal | undefined,
  ): void {
    if (!refusal) return;
    const { code, hint } = refusal;
    const { spec, offer } = (this.#context.subnet.get(participant) as Member).registry;
    const knownRevision = (what === 'resource' ? spec : offer)?.revision ?? 0;
    const message = { type: 'rejected', what, code, hint, revision, knownRevision } as const;
    this.#context.sendToAgent(participant, message);
  }
}

function byName(a: Member, b: Member): number {
  return compareIds(a.veil?.name ?? '', b.veil?.name ?? '');
}
