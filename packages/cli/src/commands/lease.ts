/** `sparegrid lease`: what was agreed on and runs, or ran. */
import { Command } from 'commander';
import { asking, type HubOptions, type LogsOptions, logsCommand } from './options.ts';

const actions = () => import('./lease-actions.ts');

export function leaseCommand(): Command {
  const list = new Command('ls').description('your leases that the hub has in memory');
  asking(list, '  sparegrid lease ls').action(async (options: HubOptions) =>
    (await actions()).list(options),
  );
  const get = new Command('get')
    .argument('<lease>', 'id, or its beginning')
    .description('parties, time left and cost of a lease; its containers and what they used');
  asking(get, '  sparegrid lease get 3f2a').action(async (id: string, options: HubOptions) =>
    (await actions()).get(id, options),
  );
  const logs = logsCommand(
    'lease',
    '  sparegrid lease logs -f 3f2a\n  sparegrid lease logs --stream usage 3f2a',
  ).action(async (id: string, options: LogsOptions) => (await actions()).logs(id, options));
  const stop = new Command('stop')
    .argument('<lease>', 'id, or its beginning')
    .description('end a lease, and its order unless that has others; it ends soon, not at once');
  asking(stop, '  sparegrid lease stop 3f2a').action(async (id: string, options: HubOptions) =>
    (await actions()).stop(id, options),
  );
  const lease = new Command('lease').description('leases: what was agreed on and runs, or ran');
  for (const one of [list, get, logs, stop]) lease.addCommand(one);
  return lease.addHelpText('after', '\nExample:\n  sparegrid lease ls');
}
