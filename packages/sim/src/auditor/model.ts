/** What all checks share: the mirrors of every hub, the truth about the scenario, and the clock. */
import type {
  AgreementPartTerms,
  AgreementRecord,
  PartRecord,
} from '@sparegrid/core/agreement/records';
import type { Timing } from '@sparegrid/core/agreement/timing';
import type { SellOrder } from '@sparegrid/core/order/sell-order';
import type { HubId, ParticipantId } from '@sparegrid/core/units/ids';
import type { Scenario } from '../world/scenario.ts';
import { HubMirror } from './mirror.ts';
import { Names } from './names.ts';
import type { Violate } from './violations.ts';

export class Model {
  readonly scenario: Scenario;
  readonly timing: Timing;
  readonly hubs = new Map<HubId, HubMirror>();
  readonly violate: Violate;
  readonly names = new Names();
  /** What this hub tells of itself need not be true. */
  readonly liar: HubId | null;
  readonly #nowMs: () => number;
  /** Sell orders that were ever on record, by lessor and terms revision. */
  readonly #offers = new Map<string, SellOrder>();

  constructor(scenario: Scenario, liar: HubId | null, nowMs: () => number, violate: Violate) {
    this.scenario = scenario;
    this.liar = liar;
    this.timing = scenario.timing;
    this.#nowMs = nowMs;
    this.violate = violate;
    for (const id of scenario.hubs) this.hubs.set(id, new HubMirror(id, this.names, violate));
  }

  /** Virtual time. */
  get nowMs(): number {
    return this.#nowMs();
  }

  hub(id: HubId): HubMirror {
    const mirror = this.hubs.get(id);
    if (!mirror) throw new Error(`no hub ${id} in this simulation`);
    return mirror;
  }

  rememberOffer(offer: SellOrder): void {
    const name = `${offer.participant} ${offer.termsRevision}`;
    if (!this.#offers.has(name)) this.#offers.set(name, offer);
  }

  /** The lessor's offer at these terms; quantities are those of the first offer with them. */
  offerAt(lessor: ParticipantId, termsRevision: number): SellOrder | undefined {
    return this.#offers.get(`${lessor} ${termsRevision}`);
  }

  /** The part at its target hub. */
  partAtTarget(
    terms: Pick<AgreementPartTerms, 'agreement' | 'part' | 'targetHub'>,
  ): PartRecord | undefined {
    return this.hubs.get(terms.targetHub)?.known('part', `${terms.agreement}.${terms.part}`);
  }

  /** The agreement at its first hub. */
  agreementAtFirst({
    firstHub,
    agreement,
  }: Pick<AgreementPartTerms, 'firstHub' | 'agreement'>): AgreementRecord | undefined {
    return this.hubs.get(firstHub)?.known('agreement', agreement);
  }

  /** Parts of a lessor that hold quantities. */
  livePartsOf(hub: HubMirror, lessor: ParticipantId): PartRecord[] {
    return [...hub.records.part.values()].filter(
      (part) => holdsQuantity(part) && part.terms.lessor === lessor,
    );
  }
}

/** Also one that is over while its lessor still tells of its containers. */
export function holdsQuantity({ state, lingers }: PartRecord): boolean {
  return state !== 'ended' || lingers === true;
}
