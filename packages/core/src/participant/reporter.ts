/** What an agent reports of itself: resources and offer, signed, until the hub has accepted them. */
import type { HubToParticipantMessage, Message } from '../messages.ts';
import { type Buckets, roundedDown } from '../order/buckets.ts';
import type { ResourceSpec } from '../order/resource-spec.ts';
import type { SellOrder } from '../order/sell-order.ts';
import { termsDiffer } from '../order/terms.ts';
import { type Crypto, type SignedDocument, signDocument } from '../units/document.ts';
import type { ParticipantId } from '../units/ids.ts';
import { canonicalJson, type JsonValue } from '../units/json.ts';
import type { ParticipantConfig } from './config.ts';

export type SpecFound = Omit<ResourceSpec, 'revision' | 'participant'>;
export type OfferWanted = Omit<SellOrder, 'participant' | 'revision' | 'termsRevision'>;
type What = 'resource' | 'offer';

/** Durable: the local resource configuration table; table `report`, key `resource` or `offer`. */
export interface ReportRecord<T> {
  value: T;
  document: SignedDocument;
}

export interface ReporterPorts {
  put(table: string, key: string, record: object): void;
  send(message: Message): void;
}

/** @patent [0037] [0039] [0041] [0042] PAN-3 PAN-4 LSE-2 */
export class Reporter {
  #spec: ReportRecord<ResourceSpec> | null = null;
  #offer: ReportRecord<SellOrder> | null = null;
  /** What the hub has not accepted yet. */
  readonly #pending = new Set<What>();
  readonly #participant: ParticipantId;
  readonly #collect: 'push' | 'pull';
  readonly #crypto: Crypto;
  readonly #ports: ReporterPorts;
  readonly #buckets: Buckets | undefined;

  constructor(
    { id, collect, buckets }: Pick<ParticipantConfig, 'id' | 'collect' | 'buckets'>,
    crypto: Crypto,
    ports: ReporterPorts,
  ) {
    this.#participant = id;
    this.#collect = collect;
    this.#buckets = buckets;
    this.#crypto = crypto;
    this.#ports = ports;
  }

  restore(what: string, record: ReportRecord<ResourceSpec> | ReportRecord<SellOrder>): void {
    if (what === 'resource') this.#spec = record as ReportRecord<ResourceSpec>;
    else this.#offer = record as ReportRecord<SellOrder>;
    this.#pending.add(what as What);
  }

  /** Hardware as found; nothing is sent while it is unchanged. @patent [0038] [0039] PAN-9 PAN-10 */
  resource(found: SpecFound): void {
    const participant = this.#participant;
    const revision = this.#spec?.value.revision ?? 0;
    const same = this.#spec && sameText({ ...found, participant, revision }, this.#spec.value);
    if (same) return;
    this.#report('resource', { ...found, participant, revision: revision + 1 });
  }

  /** What shall be offered from now on: at once to the hub. @patent [0042] C4.2 LSE-5 */
  offer(exact: OfferWanted): void {
    const buckets = this.#buckets;
    const lots = buckets ? exact.lots.map((lot) => roundedDown(lot, buckets)) : exact.lots;
    const wanted = { ...exact, lots };
    const participant = this.#participant;
    const known = this.#offer?.value;
    const revision = (known?.revision ?? 0) + 1;
    const rise = !known || termsDiffer(known, wanted) ? 1 : 0;
    const termsRevision = (known?.termsRevision ?? 0) + rise;
    if (known && sameText({ ...known, ...wanted }, known)) return;
    this.#report('offer', { ...wanted, participant, revision, termsRevision });
  }

  /** Signs and records it, and tells the hub. */
  #report(what: 'resource', value: ResourceSpec): void;
  #report(what: 'offer', value: SellOrder): void;
  #report(what: What, value: ResourceSpec | SellOrder): void {
    const type = what === 'resource' ? 'resource-spec' : 'sell-order';
    const document = this.#sign(type, value);
    if (what === 'resource') this.#spec = { value: value as ResourceSpec, document };
    else this.#offer = { value: value as SellOrder, document };
    this.#ports.put('report', what, { value, document });
    this.#pending.add(what);
    this.#tell(what);
  }

  #sign(type: 'resource-spec' | 'sell-order', value: ResourceSpec | SellOrder): SignedDocument {
    return signDocument(this.#crypto, this.#participant, type, value as unknown as JsonValue);
  }

  #tell(what: What): void {
    if (this.#collect === 'pull') this.#ports.send({ type: 'changed', what });
    else this.answer(what);
  }

  /** Sends what is asked for, if there is any: the answer to a collection. */
  answer(what: What): void {
    const record = what === 'resource' ? this.#spec : this.#offer;
    if (record) this.#ports.send({ type: what, document: record.document });
  }

  /** Sends again what is not accepted yet, resources before offer. */
  resend(): void {
    for (const what of ['resource', 'offer'] as const)
      if (this.#pending.has(what)) this.#tell(what);
  }

  /** A hub that lost sight of this agent (restart) may have lost nothing; ask it all the same. */
  reconnected(): void {
    if (this.#spec) this.#pending.add('resource');
    if (this.#offer) this.#pending.add('offer');
  }

  answered(message: Extract<HubToParticipantMessage, { type: 'accepted' | 'rejected' }>): void {
    const { what, revision } = message;
    const current = (what === 'resource' ? this.#spec : this.#offer)?.value.revision ?? 0;
    if (message.type === 'accepted') {
      if (revision >= current) this.#pending.delete(what);
    } else if (revision === current && message.knownRevision >= current) {
      this.#goAbove(what, message.knownRevision);
    } else if (message.code !== 'OFFER_UNREGISTERED' && revision === current) {
      // Sending the same again cannot help; the next change is a new try.
      this.#pending.delete(what);
    }
  }

  /** The hub remembers more of this agent than its own store does: say the same anew, above that. */
  #goAbove(what: What, knownRevision: number): void {
    const revision = knownRevision + 1;
    if (what === 'resource' && this.#spec) this.#report(what, { ...this.#spec.value, revision });
    if (what === 'offer' && this.#offer) {
      this.#report(what, { ...this.#offer.value, revision, termsRevision: revision });
    }
  }

  get hasPending(): boolean {
    return this.#pending.size > 0;
  }
}

function sameText(a: object, b: object): boolean {
  return canonicalJson(a as JsonValue) === canonicalJson(b as JsonValue);
}
