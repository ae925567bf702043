/** `sparegrid result`: what the containers of an order left in their result directory. */
import { Command } from 'commander';
import { asking, type GetOptions, type HubOptions } from './options.ts';

const actions = () => import('./result-actions.ts');

const WHICH = 'order, or its beginning; /0.1 behind it names one container of it';

export function resultCommand(): Command {
  const list = new Command('ls')
    .argument('[order]', 'id, or its beginning (default: all your orders)')
    .description('results that the hub keeps for you');
  asking(list, '  sparegrid result ls\n  sparegrid result ls 3f2a').action(
    async (order: string | undefined, options: HubOptions) =>
      (await actions()).list(order, options),
  );

  const cat = new Command('cat')
    .argument('<order>', WHICH)
    .argument('[path]', 'of one file; without it the names of all files are printed')
    .description('print one file of a result');
  asking(
    cat,
    '  sparegrid result cat 3f2a\n  sparegrid result cat 3f2a/0.1 model/weights.json',
  ).action(async (order: string, path: string | undefined, options: HubOptions) =>
    (await actions()).cat(order, path, options),
  );

  const get = new Command('get')
    .argument('<order>', WHICH)
    .option('--to <directory>', 'where the files go (default: a new one, named like the order)')
    .option('--tar', 'write the archive of one container to standard output instead')
    .description('fetch results: files and folders; links and devices in them are left out');
  asking(
    get,
    '  sparegrid result get 3f2a\n  sparegrid result get 3f2a/0.1 --to out\n  sparegrid result get 3f2a/0.1 --tar > out.tar',
  ).action(async (order: string, options: GetOptions) => (await actions()).get(order, options));

  const remove = new Command('rm')
    .argument('<order>', WHICH)
    .description('remove results from the hub before their time');
  asking(remove, '  sparegrid result rm 3f2a').action(async (order: string, options: HubOptions) =>
    (await actions()).remove(order, options),
  );

  const result = new Command('result').description('what containers left in /out');
  for (const one of [list, cat, get, remove]) result.addCommand(one);
  return result.addHelpText(
    'after',
    `
A program leaves files in the directory that $SPAREGRID_OUT names (/out in a container). When it
ended for good they go to your hub, which keeps them for a week.

Example:
  sparegrid run sparegrid/demo -- sh -c 'echo 42 > $SPAREGRID_OUT/answer'
  sparegrid result ls`,
  );
}
