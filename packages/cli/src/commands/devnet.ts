/** `sparegrid devnet`: a whole network of processes on this machine, and how it is. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { connectBy, contextFile, stateDirectory, withClient } from '../context.ts';
import { tellStory } from '../demo/story.ts';
import { Devnet, type Pids } from '../devnet/devnet.ts';
import { Layout } from '../devnet/layout.ts';
import type { DevnetTransport } from '../devnet/links.ts';
import { listenToSignals, type Told } from '../devnet/until-told.ts';
import { CliFault } from '../fault.ts';
import { print, printJson, say, tableText } from '../output/print.ts';
import { asking, directoryOption, type HubOptions, transportOption } from './options.ts';

interface UpOptions {
  dir?: string;
  demo?: true;
  fresh?: true;
  transport: DevnetTransport;
}

export function devnetCommand(): Command {
  const up = new Command('up')
    .description('start 3 hubs and their participants, or resume them; stays until Ctrl-C')
    .addOption(directoryOption())
    .option('--demo', 'then run one order over two lessors of two hubs, step by step')
    .addOption(transportOption())
    .option('--fresh', 'forget the state of an earlier devnet first')
    .addHelpText(
      'after',
      '\nExamples:\n  sparegrid devnet up\n  sparegrid devnet up --demo --fresh',
    )
    .action(bringUp);
  const status = new Command('status').description('which processes run, and what the hub knows');
  asking(status, '  sparegrid devnet status').action(showStatus);
  return new Command('devnet')
    .description('a whole network on this machine')
    .addCommand(up)
    .addCommand(status)
    .addHelpText('after', '\nExample:\n  sparegrid devnet up --demo');
}

async function bringUp(options: UpOptions): Promise<void> {
  const startMs = Date.now();
  const directory = stateDirectory(options.dir);
  const { transport, fresh = false } = options;
  const devnet = await Devnet.open({ directory, fresh, transport, say });
  const signals = listenToSignals(() => devnet.kill());
  try {
    say(`Starting 3 hubs, 5 lessors and a lessee; state in ${directory} ...`);
    await Promise.race([devnet.start(), signals.told]);
    if (!signals.signal.aborted) await run(directory, startMs, options, signals);
  } finally {
    say('Ending all processes ...');
    await devnet.stop();
    signals.release();
    say('Nothing is left running.');
  }
}

async function run(
  directory: string,
  startMs: number,
  options: UpOptions,
  signals: Told,
): Promise<void> {
  say('All processes are ready.');
  const option = options.dir === undefined ? '' : ` --dir ${directory}`;
  if (options.demo) await demonstrate(directory, startMs, signals, option);
  tellNext(directory, option);
  await signals.told;
}

async function demonstrate(
  directory: string,
  startMs: number,
  { signal }: Told,
  option: string,
): Promise<void> {
  const client = await connectBy(directory);
  try {
    const { order } = await tellStory({ client, startMs, say, signal });
    const commands = ['get', 'explain', 'logs'].map((verb) => {
      return `  npx sparegrid order ${verb} ${order}${option}`;
    });
    say(`\nLook at it, in another terminal:\n${commands.join('\n')}`);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await client.close();
  }
}

function tellNext(directory: string, option: string): void {
  say(`
What to try next:
  npx sparegrid offer ls${option}
  npx sparegrid hub status${option}
  npx sparegrid order submit --help     # shows an order file to start from
  kill -9 any process of "npx sparegrid devnet status${option}": it starts again, nothing is lost
Ctrl-C ends the devnet; the next "devnet up" resumes it from ${contextFile(directory)}.`);
}

async function showStatus({ dir, output }: HubOptions): Promise<void> {
  const directory = stateDirectory(dir);
  const pids = readPids(new Layout(directory));
  const status = await withClient(directory, (client) => client.status());
  if (output === 'json') return printJson({ directory, ...pids, status });
  const rows = Object.entries({ supervisor: pids.supervisor, ...pids.children });
  print(
    tableText(
      ['PROCESS', 'PID'],
      rows.map(([name, pid]) => [name, String(pid ?? 'restarting')]),
    ),
  );
  const live = status.parts.filter(({ stale }) => !stale).length;
  print(`\n${live} of ${status.parts.length} hubs live as ${status.hub} sees it`);
}

function readPids(layout: Layout): Pids {
  try {
    const pids: Pids = JSON.parse(readFileSync(layout.pids, 'utf8'));
    process.kill(pids.supervisor, 0);
    return pids;
  } catch (cause) {
    const hint = `None runs in ${layout.directory}. Start one with sparegrid devnet up.`;
    throw new CliFault('CLI_NO_DEVNET', hint, 'unavailable', cause);
  }
}
