/** `sparegrid offer ls`, `resource ls`, `hub status`: what the hub knows of the whole network. */
import type { HubStatus } from '@sparegrid/core/messages';
import type { ResourceSpec } from '@sparegrid/core/order/resource-spec';
import type { SellOrder } from '@sparegrid/core/order/sell-order';
import { formatCredits } from '@sparegrid/core/units/money';
import { formatBytes, formatMillicores } from '@sparegrid/core/units/quantity';
import { Command } from 'commander';
import { stateDirectory, withClient } from '../context.ts';
import { print, printJson, tableText } from '../output/print.ts';
import { asking, type HubOptions } from './options.ts';

export function offerCommand(): Command {
  const list = new Command('ls').description('the lease panorama: what is free now, at which asks');
  asking(list, '  sparegrid offer ls').action(async (options: HubOptions) => {
    const offers = await withClient(stateDirectory(options.dir), (client) => client.offers());
    if (options.output === 'json') printJson(offers);
    else print(offersText(offers));
  });
  return group('offer', 'sell orders', list);
}

export function resourceCommand(): Command {
  const list = new Command('ls').description('the resource panorama: what every participant has');
  asking(list, '  sparegrid resource ls').action(async (options: HubOptions) => {
    const specs = await withClient(stateDirectory(options.dir), (client) => client.resources());
    if (options.output === 'json') printJson(specs);
    else print(resourcesText(specs));
  });
  return group('resource', 'registered resources', list);
}

export function hubCommand(): Command {
  return group('hub', 'the hub of this participant', statusCommand('sparegrid hub status'));
}

/** Also `devnet status`: the devnet as its first hub sees it. */
export function statusCommand(example: string): Command {
  const status = new Command('status').description(
    'what this hub knows of every hub, and its own load',
  );
  return asking(status, `  ${example}`).action(async (options: HubOptions) => {
    const found = await withClient(stateDirectory(options.dir), (client) => client.status());
    if (options.output === 'json') printJson(found);
    else print(statusText(found));
  });
}

function group(name: string, description: string, command: Command): Command {
  const example = `\nExample:\n  sparegrid ${name} ${command.name()}`;
  return new Command(name)
    .description(description)
    .addCommand(command)
    .addHelpText('after', example);
}

function offersText(offers: readonly { hub: string; stale: boolean; offer: SellOrder }[]): string {
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

function resourcesText(specs: readonly { hub: string; spec: ResourceSpec }[]): string {
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
      spec.organization.name,
      machine.id,
      machine.processor.model,
      formatMillicores(machine.processor.cpuMillicores),
      formatBytes(machine.memory.memoryBytes),
      String(machine.gpu.length),
    ]),
  );
  return tableText(header, rows);
}

function statusText({ hub, epoch, parts, orders, agreements, leases }: HubStatus): string {
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
  return `${head}\n\n${tableText(header, rows)}`;
}
