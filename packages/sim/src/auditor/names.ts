/** Pseudonyms: the auditor knows who is behind each, and that nobody else is ever told. */
import type { AgreementPartTerms } from '@sparegrid/core/agreement/records';
import type { PrivacySettings } from '@sparegrid/core/hub/config';
import type { RegistryRecord } from '@sparegrid/core/hub/subnet';
import type { VeilRecord } from '@sparegrid/core/hub/veil';
import type { ResourceSpec } from '@sparegrid/core/order/resource-spec';
import type { Lot, SellOrder } from '@sparegrid/core/order/sell-order';
import type { ParticipantId } from '@sparegrid/core/units/ids';
import { FIELDS } from './usage.ts';

interface Bearer {
  owner: ParticipantId;
  /** As last recorded under this name; null for the name of a lessee. */
  veil: VeilRecord | null;
}

const HOUR_MS = 3_600_000;

export class Names {
  readonly #bearers = new Map<ParticipantId, Bearer>();
  readonly #present = new Map<ParticipantId, ParticipantId>();
  /** Terms as signed, by the ones in which names are resolved. */
  readonly #signed = new WeakMap<AgreementPartTerms, AgreementPartTerms>();

  /** What a lessor's registration says of its name; the complaint when the name is another's. */
  learn(owner: ParticipantId, { veil }: RegistryRecord): string | null {
    if (!veil) return null;
    this.#present.set(owner, veil.name);
    return this.#bear(veil.name, owner, veil);
  }

  /** The name under which a lessee's order is signed. */
  learnLessee(name: ParticipantId, owner: ParticipantId): string | null {
    return name === owner ? null : this.#bear(name, owner, null);
  }

  #bear(name: ParticipantId, owner: ParticipantId, veil: VeilRecord | null): string | null {
    const known = this.#bearers.get(name);
    this.#bearers.set(name, { owner, veil });
    if (!/^p[0-9a-f]{16}$/.test(name.split('.')[0] ?? '')) return `${name} is no pseudonym`;
    if (!known) return null;
    if (known.owner !== owner) return `${name} was borne by ${known.owner}`;
    const isSameRole = (known.veil === null) === (veil === null);
    return isSameRole && known.veil?.period === veil?.period ? null : `${name} is used again`;
  }

  ownerOf(name: ParticipantId): ParticipantId {
    return this.#bearers.get(name)?.owner ?? name;
  }

  veilOf(name: ParticipantId): VeilRecord | null {
    return this.#bearers.get(name)?.veil ?? null;
  }

  /** False for a name that its lessor has given up. */
  isPresent(name: ParticipantId): boolean {
    const bearer = this.#bearers.get(name);
    return !bearer || this.#present.get(bearer.owner) === name;
  }

  /** The terms with everybody's and everything's own names. */
  resolved(terms: AgreementPartTerms): AgreementPartTerms {
    const veil = this.veilOf(terms.lessor);
    const resolved: AgreementPartTerms = {
      ...terms,
      lessor: this.ownerOf(terms.lessor),
      lessee: this.ownerOf(terms.lessee),
    };
    this.#signed.set(resolved, terms);
    if (!veil) return resolved;
    resolved.termsRevision = terms.termsRevision + veil.since.terms - 1;
    resolved.placements = terms.placements.map((placement) => ({
      ...placement,
      lotId: ownId(veil, placement.lotId),
      devices: placement.devices.map((shares) =>
        shares.map(({ deviceId, milli }) => ({ deviceId: ownId(veil, deviceId), milli })),
      ),
    }));
    return resolved;
  }

  signed(terms: AgreementPartTerms): AgreementPartTerms {
    return this.#signed.get(terms) ?? terms;
  }
}

function ownId(veil: VeilRecord, seen: string): string {
  if (seen === 'pool') return seen;
  return seen
    .split('/')
    .map((part) => veil.ids[Number(part.slice(1))] ?? `unknown ${part}`)
    .join('/');
}

function seenId(veil: VeilRecord, own: string): string {
  if (own === 'pool') return own;
  const whole = veil.ids.indexOf(own);
  if (whole >= 0) return `n${whole}`;
  return own
    .split('/')
    .map((part) => `n${veil.ids.indexOf(part)}`)
    .join('/');
}

/** What of the spec others may see. */
export function seenSpec(veil: VeilRecord, spec: ResourceSpec): object {
  return {
    ...spec,
    participant: veil.name,
    organization: null,
    revision: spec.revision - veil.since.spec + 1,
    serverCluster: spec.serverCluster && { ...spec.serverCluster, name: '' },
    machines: spec.machines.map((machine) => ({
      ...machine,
      id: seenId(veil, machine.id),
      gpu: machine.gpu.map((device) => ({ ...device, id: seenId(veil, device.id) })),
    })),
  };
}

/** What of the offer others may see, but for its quantities. */
export function seenOffer(veil: VeilRecord, offer: SellOrder): SellOrder {
  return {
    ...offer,
    participant: veil.name,
    revision: offer.revision - veil.since.offer + 1,
    termsRevision: offer.termsRevision - veil.since.terms + 1,
    validUntilMs: Math.ceil(offer.validUntilMs / HOUR_MS) * HOUR_MS,
    lots: offer.lots.map((lot) => ({
      ...lot,
      id: seenId(veil, lot.id),
      devices: lot.devices.map((device) => ({ ...device, id: seenId(veil, device.id) })),
    })),
  };
}

/** The lot in whole steps, if there are any: what is left over stays hidden. */
export function stepped(lot: Lot, privacy: PrivacySettings | null): Lot {
  if (!privacy) return lot;
  const { buckets } = privacy;
  const down = (value: number, step: number) => Math.floor(value / step) * step;
  const amounts = { ...lot.amounts };
  for (const field of FIELDS) amounts[field] = down(amounts[field], buckets[field]);
  const devices = lot.devices.map((device) => ({
    ...device,
    milli: down(device.milli, buckets.deviceMilli),
  }));
  return { ...lot, amounts, devices };
}
