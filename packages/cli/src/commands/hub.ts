/** `sparegrid hub`: a hub of one's own, and what it knows of the others. */
import { Command } from 'commander';
import { startCommand } from './daemon.ts';
import { hubMemberCommands } from './members.ts';
import { asking, type HubOptions } from './options.ts';

export function hubCommand(): Command {
  const status = new Command('status').description(
    'what this hub knows of every hub, and its own load',
  );
  asking(status, '  sparegrid hub status').action(async (options: HubOptions) =>
    (await import('./panorama-actions.ts')).showHub(options),
  );
  const hub = new Command('hub')
    .description('a hub: run one, or look at yours')
    .addCommand(status)
    .addHelpText('after', '\nExample:\n  sparegrid hub status');
  for (const command of hubMemberCommands()) hub.addCommand(command);
  return hub.addCommand(startCommand('hub'));
}
