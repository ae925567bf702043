/** `sparegrid demo`: the devnet with one order, from nothing to nothing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { connectAs } from '../connect.ts';
import { demoDocument } from '../demo/document.ts';
import { type DemoResult, runDemo } from '../demo/run-demo.ts';
import { devnetUp } from '../devnet/devnet.ts';
import { CliFault } from '../fault.ts';
import { describeStep, ISOLATES_NOTHING } from './devnet.ts';

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('start a network, run one order on two lessors of two hubs, remove everything')
    .option('--json', 'print one JSON document on stdout', false)
    .addHelpText('after', '\nExample:\n  sparegrid demo --json')
    .action(demo);
}

async function demo({ json }: { json: boolean }): Promise<void> {
  const out = json ? process.stderr : process.stdout;
  const say = (text: string) => out.write(`${text}\n`);
  const directory = mkdtempSync(join(tmpdir(), 'sparegrid-demo-'));
  const interrupted = untilInterrupted();
  let result: DemoResult;
  say(`${ISOLATES_NOTHING}\n`);
  try {
    const network = await devnetUp({ directory, fresh: false, say });
    try {
      const client = await connectAs(network.context);
      try {
        const run = runDemo(client, (step) => say(describeStep(step)));
        result = await Promise.race([run, interrupted]);
      } finally {
        await client.close();
      }
    } finally {
      await network.down();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  say(`\nIts output:\n${result.output.trim().replace(/^/gm, '  ')}`);
  if (json) process.stdout.write(`${demoDocument(result)}\n`);
}

/** Ctrl-C ends the demonstration like a failure, with everything removed. */
function untilInterrupted(): Promise<never> {
  const promise = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => reject(new CliFault('CLI_DEMO_FAILED', signal, 'failed')));
    }
  });
  promise.catch(() => {});
  return promise;
}
