/** What hubs have on record of their lessors: signed, not above the machines, revisions rising. */
import type { MachineSpec } from '@sparegrid/core/order/resource-spec';
import type { Lot, SellOrder } from '@sparegrid/core/order/sell-order';
import { slices } from '../workload/offers.ts';
import type { AgentTold } from './agent-told.ts';
import type { Change, Commit, Tables } from './mirror.ts';
import type { Model } from './model.ts';
import { stableText } from './stored-text.ts';

export function checkRegistrations(model: Model, told: AgentTold, { hub, changes }: Commit): void {
  for (const change of changes.registry) {
    const { key, before, after } = change;
    for (const document of [after.offerDocument, after.specDocument]) {
      if (document && !told.wasSigned(key, document.payload)) {
        model.violate('registry.unsigned', hub.id, key, 'on record, but never sent so');
      }
    }
    if (after.offer && stableText(after.offer) !== stableText(before?.offer ?? null)) {
      checkOffer(model, hub.id, key, after.offer);
      checkRevisions(model, hub.id, change, after.offer);
    }
  }
}

function checkOffer(model: Model, hub: string, lessor: string, offer: SellOrder): void {
  const owner = model.scenario.participants.find(({ id }) => id === lessor);
  const machines = owner ? slices(owner.spec.machines, owner.spec.provision === 'distributed') : [];
  for (const lot of offer.lots) {
    const machine = machines.find(({ id }) => id === lot.id);
    const isTwice = offer.lots.filter(({ id }) => id === lot.id).length > 1;
    if (!machine || isTwice || !holds(machine, lot)) {
      model.violate('registry.above-machine', hub, lessor, `lot ${lot.id} at ${offer.revision}`);
    }
  }
}

function holds(machine: MachineSpec, { amounts, devices }: Lot): boolean {
  return (
    amounts.cpuMillicores <= machine.processor.cpuMillicores &&
    amounts.memoryBytes <= machine.memory.memoryBytes &&
    amounts.storageBytes <= machine.storage.storageBytes &&
    amounts.bandwidthBitsPerSecond <= machine.bandwidthBitsPerSecond &&
    new Set(devices.map(({ id }) => id)).size === devices.length &&
    devices.every(
      ({ id, milli }) => milli <= 1000 && machine.gpu.some((device) => device.id === id),
    )
  );
}

/** A newer revision each time; where asks or attributes differ, newer terms as well. */
function checkRevisions(
  model: Model,
  hub: string,
  { key, before }: Change<Tables['registry']>,
  offer: SellOrder,
): void {
  const known = before?.offer;
  if (!known) return;
  const isBack = offer.revision <= known.revision || offer.termsRevision < known.termsRevision;
  if (isBack) {
    const detail = `${known.revision}/${known.termsRevision} -> ${offer.revision}/${offer.termsRevision}`;
    model.violate('registry.revision-back', hub, key, detail);
  }
  if (offer.termsRevision === known.termsRevision && differ(known, offer)) {
    model.violate(
      'registry.terms-unraised',
      hub,
      key,
      `terms ${offer.termsRevision} mean two things`,
    );
  }
}

function differ(before: SellOrder, after: SellOrder): boolean {
  const head = ({ provision, efficiencyPermille, capabilities, imagePolicy }: SellOrder) =>
    stableText([provision, efficiencyPermille, capabilities, imagePolicy]);
  if (head(before) !== head(after)) return true;
  const terms = ({ asks, performance, labels }: Lot) => stableText([asks, performance, labels]);
  return after.lots.some((lot) => {
    const was = before.lots.find(({ id }) => id === lot.id);
    return was !== undefined && terms(was) !== terms(lot);
  });
}
