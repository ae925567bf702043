/** `sparegrid devnet`: a network of hubs and participants on this machine. */
import type { Command } from 'commander';
import { connectAs, directoryDefault } from '../connect.ts';
import { type DemoStep, runDemo } from '../demo/run-demo.ts';
import { readContext } from '../devnet/context.ts';
import { type Devnet, devnetUp } from '../devnet/devnet.ts';
import { layoutOf } from '../devnet/layout.ts';
import { HUBS, LESSORS } from '../devnet/plan.ts';

export const ISOLATES_NOTHING =
  'WARNING: the devnet runs tasks as plain processes of this machine and ISOLATES NOTHING.';

export function addDevnetCommand(program: Command): void {
  const devnet = program
    .command('devnet')
    .description('a network of 3 hubs and their participants on this machine');
  devnet
    .command('up')
    .description('start the network and keep it up until Ctrl-C')
    .option('--dir <directory>', 'where it keeps its data', directoryDefault())
    .option('--fresh', 'begin anew: remove earlier keys and data', false)
    .option('--demo', 'run one order and show each of its steps', false)
    .addHelpText('after', '\nExample:\n  sparegrid devnet up --fresh --demo')
    .action(up);
  devnet
    .command('status')
    .description('what the first hub knows of every hub')
    .option('--dir <directory>', 'where the network keeps its data', directoryDefault())
    .addHelpText('after', '\nExample:\n  sparegrid devnet status')
    .action(status);
}

export function describeStep({ name, ms, detail }: DemoStep): string {
  return `${name.padEnd(18)} ${String(ms).padStart(6)} ms   ${detail}`;
}

interface UpOptions {
  dir: string;
  fresh: boolean;
  demo: boolean;
}

async function up({ dir, fresh, demo }: UpOptions): Promise<void> {
  const say = (text: string) => process.stdout.write(`${text}\n`);
  const told = untilTold();
  say(`${ISOLATES_NOTHING}\n`);
  const network = await devnetUp({ directory: dir, fresh, say });
  try {
    const { directory } = layoutOf(dir);
    say(`${HUBS.length} hubs and ${LESSORS.length} lessors are up; data and logs: ${directory}\n`);
    if (demo) await Promise.race([showDemo(network, say), told]);
    say('Up until Ctrl-C.');
    await told;
    say('\nending ...');
  } finally {
    await network.down();
  }
  say('Nothing is left running.');
}

async function showDemo(network: Devnet, say: (text: string) => void): Promise<void> {
  const client = await connectAs(network.context);
  try {
    const { order, output } = await runDemo(client, (step) => say(describeStep(step)));
    say(`\nIts output:\n${output.trim().replace(/^/gm, '  ')}\n`);
    say(
      [
        'What to try next, in a second terminal:',
        '  npx sparegrid offer ls',
        `  npx sparegrid order get ${order.id}`,
        `  npx sparegrid order explain ${order.id}`,
        `  npx sparegrid order logs ${order.id}`,
        '  npx sparegrid order submit --help',
        '',
      ].join('\n'),
    );
  } finally {
    await client.close();
  }
}

/** Resolves at the first Ctrl-C or SIGTERM; the second one ends the process at once. */
function untilTold(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => resolve());
    }
  });
}

async function status({ dir }: { dir: string }): Promise<void> {
  const client = await connectAs(readContext(dir));
  try {
    const { hub, parts, orders, leases } = await client.status();
    process.stdout.write(`as ${hub} sees it: ${orders} orders, ${leases} leases\n`);
    for (const part of parts) {
      const state = part.stale ? 'stale' : part.complete ? 'complete' : 'incomplete';
      process.stdout.write(
        `${part.hub}  ${state.padEnd(10)}  ${part.participants} registered, ${part.offers} offer\n`,
      );
    }
  } finally {
    await client.close();
  }
}
