/** Every part that is frozen suits the order by the lessor's own signed word. */
import type { PartRecord } from '@sparegrid/core/agreement/records';
import type { BuyOrder } from '@sparegrid/core/order/buy-order';
import type { Lot, LotDevice, SellOrder } from '@sparegrid/core/order/sell-order';
import type { DeviceRequest } from '@sparegrid/core/units/resources';
import type { Commit } from './mirror.ts';
import type { Model } from './model.ts';

export function checkSuitability(model: Model, commit: Commit): void {
  for (const { before, after } of commit.changes.part) {
    if (before) continue;
    const agreement = model.agreementAtFirst(after.terms);
    const order = agreement && model.hub(after.terms.firstHub).known('order', agreement.order);
    const offer = model.offerAt(after.terms.lessor, after.terms.termsRevision);
    if (!order || !offer) {
      model.violate('part.unasked', commit.hub.id, after.id, 'no order or no offer behind it');
      continue;
    }
    for (const what of shortfalls(offer, order.order, after)) {
      model.violate('part.unsuitable', commit.hub.id, after.id, `${after.terms.lessor}: ${what}`);
    }
  }
}

function shortfalls(offer: SellOrder, order: BuyOrder, part: PartRecord): string[] {
  const { capabilities, imagePolicy, provision } = offer;
  const task = order.task.public;
  const { performance } = order;
  const found: string[] = [];
  const need = (isMet: boolean, what: string) => {
    if (!isMet) found.push(what);
  };
  need(capabilities.kinds.includes(order.kind), `kind ${order.kind}`);
  const { architecture } = task;
  need(architecture === null || capabilities.architectures.includes(architecture), 'architecture');
  need(!task.egress || capabilities.egress, 'egress');
  need(
    task.capabilities.every((name) => capabilities.capabilities.includes(name)),
    'capabilities',
  );
  const { allow } = imagePolicy;
  need(allow.length === 0 || allow.some((prefix) => task.image.startsWith(prefix)), 'image policy');
  need(performance.provision === 'any' || performance.provision === provision, 'provision');
  for (const placement of part.terms.placements) {
    const lot = offer.lots.find(({ id }) => id === placement.lotId);
    if (lot) found.push(...lotShortfalls(offer, lot, order, placement.devices));
    need(placement.devices.length === placement.replicas, 'device lists');
  }
  return found;
}

function lotShortfalls(
  offer: SellOrder,
  lot: Lot,
  { performance, replica }: BuyOrder,
  devices: PartRecord['terms']['placements'][number]['devices'],
): string[] {
  const found: string[] = [];
  const scaled = (figure: number) => Math.floor((figure * offer.efficiencyPermille) / 1000);
  if (scaled(lot.performance.score) < performance.minScore) found.push('score');
  for (const [name, value] of Object.entries(performance.labels)) {
    if (lot.labels[name] !== value) found.push(`label ${name}`);
  }
  for (const { precision, giga } of performance.minFlops) {
    const rate = lot.performance.flops.find((known) => known.precision === precision);
    if (scaled(rate?.giga ?? 0) < giga) found.push(`flops ${precision}`);
  }
  for (const shares of devices) {
    const wanted = replica.device;
    if (shares.length !== (wanted?.count ?? 0)) found.push('number of devices');
    if (new Set(shares.map(({ deviceId }) => deviceId)).size !== shares.length)
      found.push('device twice');
    for (const { deviceId, milli } of shares) {
      const device = lot.devices.find(({ id }) => id === deviceId);
      if (!wanted || !device || !accepts(wanted, device)) found.push(`device ${deviceId}`);
      else if (milli !== wanted.shareMilli) found.push(`share of ${deviceId}`);
    }
  }
  return found;
}

function accepts(wanted: DeviceRequest, device: LotDevice): boolean {
  if (wanted.models.length > 0 && !wanted.models.includes(device.model)) return false;
  if (wanted.vendor !== null && wanted.vendor !== device.vendor) return false;
  return wanted.minMemoryBytes <= device.memoryBytes;
}
