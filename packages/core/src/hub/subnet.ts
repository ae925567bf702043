/** The hub's own subnet: admitted participants, what they registered, offer, and report. */
import { Inventory } from '../agreement/inventory.ts';
import type { PartRecord } from '../agreement/records.ts';
import type { KeyChain } from '../identity/statements.ts';
import type { ResourceSpec } from '../order/resource-spec.ts';
import type { SellOrder } from '../order/sell-order.ts';
import type { SignedDocument } from '../units/document.ts';
import type { PartId, ParticipantId } from '../units/ids.ts';
import type { AdmittedParticipant, HubConfig } from './config.ts';
import type { Pseudonyms } from './pseudonyms.ts';
import type { Reported } from './reported.ts';
import type { Veil, VeilRecord } from './veil.ts';

/** Durable part of a member; key participant id, table `registry`. */
export interface RegistryRecord {
  spec: ResourceSpec | null;
  specDocument: SignedDocument | null;
  offer: SellOrder | null;
  offerDocument: SignedDocument | null;
  /** What others see of it; not there in a hub without pseudonyms. */
  veil?: VeilRecord;
  /** What its organisation says of its agent's keys, as shown by the agent. */
  keys?: KeyChain | null;
}

/** Durable revision of the set of containers that the agent shall run; table `desired`. */
export interface DesiredRecord {
  revision: number;
}

/** A part whose containers are others since this revision of the desired set. */
export interface DesiredChange {
  revision: number;
  part: PartRecord;
}

/** Durable; table `unchecked`, key participant id: its agent has not said yet what it runs. */
export interface UncheckedRecord {
  /** Elapsed time of the last commit that the store remembers. */
  knownUntilMs: number;
}

export interface Member {
  admitted: AdmittedParticipant;
  /** The key before the present one, and until when (elapsed) it is still good. */
  earlierKey: { publicKey: string; untilMs: number } | null;
  /** For good: nothing of it is heard any more, what it runs ends like that of a lost lessor. */
  expelled: boolean;
  registry: RegistryRecord;
  /** Its names towards others, once it has registered machines. */
  veil: Veil | null;
  /** In the names and revisions that others see. */
  inventory: Inventory;
  /** Elapsed time at which the offer's validity ends. */
  offerUntilMs: number;
  /** The agent's current session; null until it said hello in this life of the hub. */
  agentSession: string | null;
  agentHeardMs: number;
  /** False once the agent was silent for too long: its offer is out of the panorama. */
  connected: boolean;
  /** Of a hub that recovered: the agent has not said yet what it runs; nothing of it is offered. */
  unchecked: UncheckedRecord | null;
  desiredRevision: number;
  /** Elapsed time at which the agent was last sent its desired set. */
  desiredSentMs: number;
  /** What changed since the version that the agent has applied. */
  desiredChanges: Map<PartId, DesiredChange>;
  /** Desired-set revision (of this hub's epoch) that the agent has applied. */
  appliedRevision: number;
  /** Number of the newest report of the agent's session. */
  statusSeq: number;
  statuses: Reported;
}

export class Subnet {
  readonly members = new Map<ParticipantId, Member>();
  readonly #pseudonyms: Pseudonyms;

  constructor(config: HubConfig, pseudonyms: Pseudonyms, nowMs: number) {
    this.#pseudonyms = pseudonyms;
    for (const admitted of config.participants) this.add(admitted, nowMs);
  }

  add(admitted: AdmittedParticipant, nowMs: number): Member {
    this.#pseudonyms.enter(admitted.id, this.#pseudonyms.periodAt(nowMs));
    const member: Member = {
      admitted,
      veil: null,
      earlierKey: null,
      expelled: false,
      registry: { spec: null, specDocument: null, offer: null, offerDocument: null },
      inventory: new Inventory(),
      offerUntilMs: 0,
      agentSession: null,
      // The time of the last word before a restart is not known: no member counts as lost early.
      agentHeardMs: nowMs,
      connected: false,
      unchecked: null,
      desiredRevision: 0,
      desiredSentMs: nowMs,
      desiredChanges: new Map(),
      appliedRevision: -1,
      statusSeq: 0,
      statuses: new Map(),
    };
    this.members.set(admitted.id, member);
    return member;
  }

  /** Keys that sign for the participant at this time; none for strangers and the expelled. */
  keysOf(participant: ParticipantId, nowMs: number): string[] {
    const member = this.members.get(participant);
    if (!member || member.expelled) return [];
    const { admitted, earlierKey } = member;
    const isGood = earlierKey !== null && nowMs < earlierKey.untilMs;
    return isGood ? [admitted.publicKey, earlierKey.publicKey] : [admitted.publicKey];
  }

  get(participant: ParticipantId): Member | undefined {
    return this.members.get(participant);
  }

  /** The member whom others know by that name. */
  named(name: ParticipantId): Member | undefined {
    const owner = this.#pseudonyms.ownerOf(name);
    return owner === undefined ? undefined : this.members.get(owner);
  }

  /** Every lending member has registered its resources. @patent [0037] PAN-5 */
  isComplete(): boolean {
    for (const { admitted, registry, expelled } of this.members.values()) {
      if (admitted.lends && !registry.spec && !expelled) return false;
    }
    return true;
  }
}
