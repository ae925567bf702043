/** Promise 1: nothing is sold twice, and no lessor sells more than it offers or has. */
import type { PartRecord } from '@sparegrid/core/agreement/records';
import type { MachineSpec } from '@sparegrid/core/order/resource-spec';
import type { Lot, SellOrder } from '@sparegrid/core/order/sell-order';
import type { ParticipantId } from '@sparegrid/core/units/ids';
import { slices } from '../workload/offers.ts';
import type { Commit } from './mirror.ts';
import type { Model } from './model.ts';
import { FIELDS, type LotUsage, usageOf } from './usage.ts';

export function checkCapacity(model: Model, commit: Commit): void {
  const fresh = new Map<ParticipantId, PartRecord[]>();
  for (const { before, after } of commit.changes.part) {
    if (after.state === 'ended' || (before && before.state !== 'ended')) continue;
    fresh.set(after.terms.lessor, [...(fresh.get(after.terms.lessor) ?? []), after]);
  }
  for (const [lessor, parts] of fresh) {
    const usage = usageOf(model.livePartsOf(commit.hub, lessor));
    checkAgainstOffer(model, commit, lessor, parts, usage);
    checkAgainstMachines(model, commit, lessor, parts, usage);
  }
}

/** The offer may have changed in the same transaction: either one may have been the one frozen from. */
function offersAround(commit: Commit, lessor: ParticipantId): SellOrder[] {
  const change = commit.changes.registry.find(({ key }) => key === lessor);
  const now = commit.hub.records.registry.get(lessor)?.offer;
  return [change?.before?.offer, now].filter((offer) => offer !== null && offer !== undefined);
}

function checkAgainstOffer(
  model: Model,
  commit: Commit,
  lessor: ParticipantId,
  parts: readonly PartRecord[],
  usage: ReadonlyMap<string, LotUsage>,
): void {
  const offers = offersAround(commit, lessor);
  for (const { id, terms } of parts) {
    for (const { lotId, devices } of terms.placements) {
      const held = usage.get(lotId);
      const lots = offers.flatMap(({ lots }) => lots.filter((lot) => lot.id === lotId));
      if (lots.length === 0) {
        model.violate(
          'capacity.no-such-lot',
          commit.hub.id,
          id,
          `${lessor} offers no lot ${lotId}`,
        );
        continue;
      }
      for (const field of FIELDS) {
        const offered = Math.max(...lots.map((lot) => lot.amounts[field]));
        const sold = held?.amounts[field] ?? 0;
        if (terms.replica[field] > 0 && sold > offered) {
          const detail = `${lessor} lot ${lotId} ${field}: sold ${sold} of ${offered}`;
          model.violate('capacity.oversold', commit.hub.id, id, detail);
        }
      }
      for (const { deviceId } of devices.flat()) {
        const offered = Math.max(...lots.map((lot) => milliOf(lot, deviceId)));
        const sold = held?.devices.get(deviceId) ?? 0;
        if (sold > offered) {
          const detail = `${lessor} lot ${lotId} device ${deviceId}: sold ${sold} of ${offered}`;
          model.violate('capacity.device-oversold', commit.hub.id, id, detail);
        }
      }
    }
  }
}

function milliOf(lot: Lot, deviceId: string): number {
  return lot.devices.find(({ id }) => id === deviceId)?.milli ?? 0;
}

/** Whatever the offers say: no machine holds more than it has, no device more than itself. */
function checkAgainstMachines(
  model: Model,
  commit: Commit,
  lessor: ParticipantId,
  parts: readonly PartRecord[],
  usage: ReadonlyMap<string, LotUsage>,
): void {
  const sold = new Set(parts.flatMap(({ terms }) => terms.placements.map(({ lotId }) => lotId)));
  const owner = model.scenario.participants.find(({ id }) => id === lessor);
  const machines = owner ? slices(owner.spec.machines, owner.spec.provision === 'distributed') : [];
  for (const [lotId, { amounts, devices }] of usage) {
    // What an older copy of the store says of another lot may be over already.
    if (!sold.has(lotId)) continue;
    const machine = machines.find(({ id }) => id === lotId);
    const tooMuch = !machine || FIELDS.some((field) => amounts[field] > totalOf(machine)[field]);
    const cracked = [...devices.values()].some((milli) => milli > 1000);
    if (tooMuch || cracked) {
      const detail = `lot ${lotId} holds more than the machine has`;
      model.violate('capacity.machine-oversold', commit.hub.id, lessor, detail);
    }
  }
}

function totalOf(machine: MachineSpec): Lot['amounts'] {
  return {
    cpuMillicores: machine.processor.cpuMillicores,
    memoryBytes: machine.memory.memoryBytes,
    storageBytes: machine.storage.storageBytes,
    bandwidthBitsPerSecond: machine.bandwidthBitsPerSecond,
  };
}
