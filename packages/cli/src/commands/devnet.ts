/** `sparegrid devnet`: a whole network of processes on this machine, brought up, down, and looked at. */
import { Command } from 'commander';
import {
  asking,
  directoryOption,
  type HubOptions,
  runtimeOption,
  storeOption,
  transportOption,
  type UpOptions,
} from './options.ts';

const actions = () => import('./devnet-running-actions.ts');

export function devnetCommand(): Command {
  const up = new Command('up')
    .description('start 3 hubs and their participants, or resume them; stays until Ctrl-C')
    .addOption(directoryOption())
    .option('--demo', 'then run one order over two lessors of two hubs, step by step')
    .option('-d, --detach', 'return when it is up; sparegrid devnet down ends it')
    .addOption(runtimeOption())
    .addOption(transportOption())
    .addOption(storeOption())
    .option('--fresh', 'forget the state of an earlier devnet first')
    .addHelpText(
      'after',
      '\nExamples:\n  sparegrid devnet up\n  sparegrid devnet up -d\n  sparegrid devnet up --demo --fresh\n  sparegrid devnet up --runtime process\n  sparegrid devnet up --fresh --transport nats --store postgres',
    )
    .action(async (options: UpOptions) => (await import('./devnet-actions.ts')).bringUp(options));
  const down = new Command('down')
    .description('end the devnet of the directory; its state stays')
    .addOption(directoryOption())
    .addHelpText('after', '\nExample:\n  sparegrid devnet down')
    .action(async ({ dir }: { dir?: string }) => (await actions()).bringDown(dir));
  const status = new Command('status').description('which processes run, and what the hub knows');
  asking(status, '  sparegrid devnet status').action(async (options: HubOptions) =>
    (await actions()).showStatus(options),
  );
  const devnet = new Command('devnet').description('a whole network on this machine');
  for (const one of [up, down, status]) devnet.addCommand(one);
  return devnet.addHelpText('after', '\nExample:\n  sparegrid devnet up -d');
}
