/** `sparegrid resource`: the machines of the network, as this participant's hub knows them. */
import { Command } from 'commander';
import { asking, type HubOptions } from './options.ts';

export function resourceCommand(): Command {
  const list = new Command('ls').description('the resource panorama: what every participant has');
  asking(list, '  sparegrid resource ls').action(async (options: HubOptions) =>
    (await import('./panorama-actions.ts')).listResources(options),
  );
  return new Command('resource')
    .description('registered resources of the whole network')
    .addCommand(list)
    .addHelpText('after', '\nExample:\n  sparegrid resource ls');
}
