/** Both panoramas and the state of a hub as text for people. */
import type { HubStatus } from '@sparegrid/core/messages';
import type { PublishedSpec } from '@sparegrid/core/order/resource-spec';
import type { SellOrder } from '@sparegrid/core/order/sell-order';
import { formatCredits } from '@sparegrid/core/units/money';
import { formatBytes, formatMillicores } from '@sparegrid/core/units/quantity';
import { tableText } from './print.ts';

export function offersText(
  offers: readonly { hub: string; stale: boolean; offer: SellOrder }[],
): string {
  const header = [
    'LESSOR',
    'HUB',
    'LOT',
    'CPU',
    'MEMORY',
    'DEVICES',
    'CPU/CORE-H',
    'MEM/GIB-H',
    'STALE',
  ];
  const rows = offers.flatMap(({ hub, stale, offer }) =>
    offer.lots.map((lot) => [
      offer.participant,
      hub,
      lot.id,
      formatMillicores(lot.amounts.cpuMillicores),
      formatBytes(lot.amounts.memoryBytes),
      lot.devices.map(({ model, milli }) => `${model}:${milli}m`).join(' ') || '-',
      formatCredits(lot.asks.cpuMicroPerCoreHour),
      formatCredits(lot.asks.memoryMicroPerGibHour),
      stale ? 'stale' : '',
    ]),
  );
  return tableText(header, rows);
}

export function resourcesText(specs: readonly { hub: string; spec: PublishedSpec }[]): string {
  const header = [
    'PARTICIPANT',
    'HUB',
    'ORGANISATION',
    'MACHINE',
    'PROCESSOR',
    'CPU',
    'MEMORY',
    'GPUS',
  ];
  const rows = specs.flatMap(({ hub, spec }) =>
    spec.machines.map((machine) => [
      spec.participant,
      hub,
      spec.organization?.name ?? '',
      machine.id,
      machine.processor.model,
      formatMillicores(machine.processor.cpuMillicores),
      formatBytes(machine.memory.memoryBytes),
      String(machine.gpu.length),
    ]),
  );
  return tableText(header, rows);
}

export function statusText(status: HubStatus): string {
  const { hub, epoch, parts, orders, agreements, leases } = status;
  const header = ['HUB', 'EPOCH', 'REVISION', 'PARTICIPANTS', 'OFFERS', 'COMPLETE', 'STATE'];
  const rows = parts.map((part) => [
    part.hub,
    String(part.epoch),
    String(part.revision),
    String(part.participants),
    String(part.offers),
    part.complete ? 'yes' : 'no',
    part.stale ? 'stale' : 'live',
  ]);
  const head = `hub ${hub}, epoch ${epoch}: ${orders} orders, ${agreements} agreements, ${leases} leases`;
  return `${head}\n${recoveryText(status)}${panoramaText(status)}\n\n${tableText(header, rows)}`;
}

function recoveryText({ recovery }: HubStatus): string {
  if (!recovery) return '';
  const { waitingFor } = recovery;
  return `RECOVERING: decides nothing until it heard ${waitingFor.join(', ') || 'its store'}\n`;
}

function panoramaText({ panorama: { mode, master, term } }: HubStatus): string {
  if (mode === 'mesh') return 'panoramas: in full mesh';
  return `panoramas: over a master hub, ${master ?? 'none at present'}, term ${term}`;
}
