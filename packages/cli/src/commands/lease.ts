/** `sparegrid lease`: what was agreed on and runs, or ran. */
import { Command } from 'commander';
import { asking, type FollowOptions, type HubOptions } from './options.ts';

const actions = () => import('./lease-actions.ts');

export function leaseCommand(): Command {
  const list = new Command('ls').description('your leases that the hub has in memory');
  asking(list, '  sparegrid lease ls').action(async (options: HubOptions) =>
    (await actions()).list(options),
  );
  const get = new Command('get')
    .argument('<lease>', 'id, or its beginning')
    .description('parties, placements, time left and cost of a lease');
  asking(get, '  sparegrid lease get 3f2a').action(async (id: string, options: HubOptions) =>
    (await actions()).get(id, options),
  );
  const logs = new Command('logs')
    .argument('<lease>', 'id, or its beginning')
    .description('output of the containers of a lease')
    .option('-f, --follow', 'as it comes, until the order ended');
  asking(logs, '  sparegrid lease logs -f 3f2a').action(
    async (id: string, options: FollowOptions) => (await actions()).logs(id, options),
  );
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
