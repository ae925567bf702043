/** `sparegrid offer`, `resource` and `hub`: the network as this participant's hub knows it. */
import { Command } from 'commander';
import { startCommand } from './daemon.ts';
import { hubMemberCommands } from './members.ts';
import { asking, type HubOptions } from './options.ts';

const actions = () => import('./panorama-actions.ts');

export function offerCommand(): Command {
  const list = new Command('ls').description('the lease panorama: what is free now, at which asks');
  asking(list, '  sparegrid offer ls').action(async (options: HubOptions) =>
    (await actions()).listOffers(options),
  );
  return group('offer', 'sell orders of the whole network', list);
}

export function resourceCommand(): Command {
  const list = new Command('ls').description('the resource panorama: what every participant has');
  asking(list, '  sparegrid resource ls').action(async (options: HubOptions) =>
    (await actions()).listResources(options),
  );
  return group('resource', 'registered resources of the whole network', list);
}

export function hubCommand(): Command {
  const status = new Command('status').description(
    'what this hub knows of every hub, and its own load',
  );
  asking(status, '  sparegrid hub status').action(async (options: HubOptions) =>
    (await actions()).showHub(options),
  );
  const hub = group('hub', 'a hub: run one, or look at yours', status);
  for (const command of hubMemberCommands()) hub.addCommand(command);
  return hub.addCommand(startCommand('hub'));
}

function group(name: string, description: string, command: Command): Command {
  const example = `\nExample:\n  sparegrid ${name} ${command.name()}`;
  return new Command(name)
    .description(description)
    .addCommand(command)
    .addHelpText('after', example);
}
