/** `sparegrid context`: which hub to talk to, and as whom. */
import { resolve } from 'node:path';
import { Command } from 'commander';
import { check, contextOf, readContexts, readKey, writeContexts } from '../contexts.ts';
import { CliFault } from '../fault.ts';
import { emit } from '../output/emit.ts';
import { print, tableText } from '../output/print.ts';
import { type HubOptions, outputOption } from './options.ts';

interface AddOptions {
  url: string;
  standbyUrl?: string[];
  hub: string;
  participant: string;
  key: string;
  network?: string;
  operatorKey?: string;
}

export function contextCommand(): Command {
  const list = new Command('ls')
    .description('all contexts; * is the current one')
    .addOption(outputOption())
    .addHelpText('after', '\nExample:\n  sparegrid context ls')
    .action(listContexts);
  const use = new Command('use')
    .argument('<name>')
    .description('make a context the current one')
    .addHelpText('after', '\nExample:\n  sparegrid context use devnet')
    .action((name: string) => {
      contextOf(name);
      writeContexts({ ...readContexts(), current: name });
      print(name);
    });
  const current = new Command('current')
    .description('the name of the current context')
    .addHelpText('after', '\nExample:\n  sparegrid context current')
    .action(() => print(readContexts().current ?? 'none'));
  const add = new Command('add')
    .argument('<name>')
    .description('add or replace a context; the first one becomes the current one')
    .requiredOption('--url <url>', 'of the hub, such as https://hub.example:7070')
    .option('--standby-url <url...>', 'of its standbys: who answers is asked')
    .requiredOption('--hub <id>', 'of the hub, such as h1')
    .requiredOption('--participant <id>', 'who you are there, such as lea.h1')
    .requiredOption('--key <file>', 'your Ed25519 key, as PKCS #8 PEM')
    .option('--network <name>', 'of the network, as its operator signs it')
    .option('--operator-key <base64>', 'of its operator: lessors’ keys are trusted by it')
    .addHelpText(
      'after',
      '\nExample:\n  sparegrid context add work --url https://hub.example:7070 --hub h1 \\\n    --participant lea.h1 --key ~/lea.pem \\\n    --network acme --operator-key MCowBQYDK2VwAyEA...',
    )
    .action(addContext);
  const remove = new Command('rm')
    .argument('<name>')
    .description('forget a context; its key file stays')
    .addHelpText('after', '\nExample:\n  sparegrid context rm work')
    .action((name: string) => {
      contextOf(name);
      const { current, contexts } = readContexts();
      delete contexts[name];
      writeContexts({ current: current === name ? null : current, contexts });
      print(name);
    });
  const context = new Command('context').description('which hub to talk to, and as whom');
  for (const one of [list, use, current, add, remove]) context.addCommand(one);
  return context.addHelpText('after', '\nExample:\n  sparegrid context use devnet');
}

async function listContexts({ output }: HubOptions): Promise<void> {
  const { current, contexts } = readContexts();
  const names = Object.keys(contexts).sort();
  await emit(
    output,
    { current, contexts },
    {
      table: () =>
        tableText(
          ['', 'NAME', 'PARTICIPANT', 'HUB', 'URL'],
          names.map((name) => {
            const { participant = '', hub = '', url = '' } = contexts[name] ?? {};
            return [name === current ? '*' : '', name, participant, hub, url];
          }),
        ),
      names: () => names,
    },
  );
}

function addContext(name: string, options: AddOptions): void {
  const { url, standbyUrl, hub, participant, key, network, operatorKey } = options;
  if ((network === undefined) !== (operatorKey === undefined)) {
    throw new CliFault('CLI_USAGE', '--network and --operator-key belong together.');
  }
  const anchor = network && operatorKey ? { network: { network, operatorKey } } : {};
  // What is wrong with it shows here, not at the first order.
  readKey(resolve(key));
  const { current, contexts } = readContexts();
  const standbys = standbyUrl ? { standbyUrls: standbyUrl } : {};
  const context = { url, ...standbys, hub, participant, keyFile: resolve(key), ...anchor };
  contexts[name] = check(context, name);
  writeContexts({ current: current ?? name, contexts });
  print(name);
}
