/** `sparegrid demo`: a devnet in a temporary directory, one order from start to bill, and no trace. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { withClient } from '../context.ts';
import { type DemoResult, tellStory } from '../demo/story.ts';
import { Devnet } from '../devnet/devnet.ts';
import type { DevnetTransport } from '../devnet/links.ts';
import type { RuntimeName } from '../devnet/runtime-choice.ts';
import { listenToSignals } from '../devnet/until-told.ts';
import { CliFault } from '../fault.ts';
import { printJson, say } from '../output/print.ts';
import { runtimeOption, transportOption } from './options.ts';

interface DemoOptions {
  json?: true;
  transport: DevnetTransport;
  runtime: RuntimeName;
}

export function demoCommand(): Command {
  return new Command('demo')
    .description('run one order over two lessors of two hubs on a devnet of its own, then end')
    .addOption(runtimeOption())
    .addOption(transportOption())
    .option('--json', 'print one JSON document on stdout; everything else goes to stderr')
    .addHelpText('after', '\nExample:\n  sparegrid demo --json')
    .action(async ({ json, ...how }: DemoOptions) => {
      const result = await demo(how);
      if (json) printJson(result);
    });
}

async function demo(how: Omit<DemoOptions, 'json'>): Promise<DemoResult> {
  const startMs = Date.now();
  const directory = mkdtempSync(join(tmpdir(), 'sparegrid-demo-'));
  let devnet: Devnet | undefined;
  const signals = listenToSignals(() => devnet?.kill());
  try {
    say('Starting a devnet: 3 hubs, 5 lessors and a lessee ...');
    devnet = await Devnet.open({ directory, fresh: false, ...how, say });
    await Promise.race([devnet.start(), signals.told]);
    signals.signal.throwIfAborted();
    return await withClient(directory, (client) =>
      tellStory({ client, startMs, say, signal: signals.signal }),
    );
  } catch (error) {
    if (!signals.signal.aborted) throw error;
    throw new CliFault('CLI_DEMO_FAILED', 'it was interrupted', 'failed', error);
  } finally {
    await devnet?.stop();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    if (devnet) rmSync(devnet.layout.socketDirectory, { recursive: true, force: true });
    signals.release();
  }
}
