/** `sparegrid offer`: what the network offers now, as this participant's hub knows it. */
import { Command } from 'commander';
import { asking, type HubOptions } from './options.ts';

export function offerCommand(): Command {
  const list = new Command('ls').description('the lease panorama: what is free now, at which asks');
  asking(list, '  sparegrid offer ls').action(async (options: HubOptions) =>
    (await import('./panorama-actions.ts')).listOffers(options),
  );
  return new Command('offer')
    .description('sell orders of the whole network')
    .addCommand(list)
    .addHelpText('after', '\nExample:\n  sparegrid offer ls');
}
