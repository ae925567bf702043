/** What a hub proposes was there: new agreements fit into what it knew to be free, its own asked parts counted. */
import type { AgreementPart, AgreementRecord } from '@sparegrid/core/agreement/records';
import type { HubCore } from '@sparegrid/core/hub/hub-core';
import type { LotDevice, SellOrder } from '@sparegrid/core/order/sell-order';
import type { Now, Write } from '@sparegrid/core/step';
import type { HubId, ParticipantId } from '@sparegrid/core/units/ids';
import type { Model } from './model.ts';
import { readRecord } from './stored-text.ts';
import { FIELDS } from './usage.ts';

/** Looks at a step right after it: later the panorama is another one. */
export function checkProposals(
  model: Model,
  hub: HubId,
  core: HubCore,
  now: Now,
  writes: readonly Write[],
): void {
  const known = model.hub(hub).records.agreement;
  for (const { table, key, text } of writes) {
    if (table !== 'agreement' || text === null || known.has(key)) continue;
    const agreement = readRecord<AgreementRecord>(table, text);
    if (agreement.state !== 'preparing') continue;
    // What its own subnet answered in this very step is frozen there already.
    for (const part of agreement.parts) {
      if (part.status === 'asked') checkPart(model, hub, core, now, agreement.id, part);
    }
  }
}

function checkPart(
  model: Model,
  hub: HubId,
  core: HubCore,
  now: Now,
  id: string,
  { terms }: AgreementPart,
): void {
  const wrong = (what: string, detail: string) =>
    model.violate(`proposal.${what}`, hub, `${id}.${terms.part}`, detail);
  const offer = core.panorama.lease(terms.lessor)?.offer;
  if (!offer || offer.validUntilMs <= now.wallMs) {
    return wrong('no-offer', `${terms.lessor} offers nothing`);
  }
  if (offer.termsRevision !== terms.termsRevision) {
    return wrong('stale-terms', `${terms.termsRevision}, known ${offer.termsRevision}`);
  }
  const asked = askedOf(core, terms.lessor);
  for (const { lotId, devices } of terms.placements) {
    const lot = offer.lots.find((known) => known.id === lotId);
    if (!lot) return wrong('no-lot', `${terms.lessor} has no lot ${lotId}`);
    for (const field of FIELDS) {
      const sum = amountOf(asked, lotId, field);
      if (terms.replica[field] > 0 && sum > lot.amounts[field]) {
        wrong('beyond-free', `lot ${lotId} ${field}: ${sum} of ${lot.amounts[field]}`);
      }
    }
    for (const { deviceId } of devices.flat()) {
      const sum = milliOf(asked, lotId, deviceId);
      const free = freeMilli(lot, deviceId);
      if (sum > free) wrong('beyond-free', `lot ${lotId} ${deviceId}: ${sum} of ${free}`);
    }
  }
}

/** Parts of the lessor that this hub has asked for and that were not answered yet. */
function askedOf(core: HubCore, lessor: ParticipantId): AgreementPart[] {
  const preparing = [...core.agreements.values()].filter(({ state }) => state === 'preparing');
  return preparing
    .flatMap(({ parts }) => parts)
    .filter(({ status, terms }) => status === 'asked' && terms.lessor === lessor);
}

function amountOf(
  asked: readonly AgreementPart[],
  lotId: string,
  field: (typeof FIELDS)[number],
): number {
  let sum = 0;
  for (const { terms } of asked) {
    for (const placement of terms.placements) {
      if (placement.lotId === lotId) sum += terms.replica[field] * placement.replicas;
    }
  }
  return sum;
}

function milliOf(asked: readonly AgreementPart[], lotId: string, deviceId: string): number {
  const shares = asked
    .flatMap(({ terms }) => terms.placements)
    .filter((placement) => placement.lotId === lotId)
    .flatMap(({ devices }) => devices.flat());
  return shares
    .filter((share) => share.deviceId === deviceId)
    .reduce((sum, { milli }) => sum + milli, 0);
}

function freeMilli({ devices }: SellOrder['lots'][number], deviceId: string): number {
  return devices.find((device: LotDevice) => device.id === deviceId)?.milli ?? 0;
}
