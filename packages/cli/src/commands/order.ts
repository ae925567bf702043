/** `sparegrid order`: submit, plan, look at, explain, cancel, and read the output of orders. */
import { Command } from 'commander';
import {
  asking,
  type FileOptions,
  type HubOptions,
  type LogsOptions,
  logsCommand,
  type ReleaseOptions,
} from './options.ts';

/** What the commands do is loaded when one of them runs. */
const actions = () => import('./order-actions.ts');

export const ORDER_FILE = `
An order file (YAML or JSON, several documents if you like; - reads standard input):
  kind: job                  # or service
  image: sparegrid/demo
  command: [node, "-e", "console.log('rank', process.env.SPAREGRID_RANK)"]
  replicas: 2                # or {min: 1, max: 4}
  cpu: 500m                  # of each replica, like all that follows
  memory: 64Mi
  limitPerHour: 1.00         # credits per replica and hour, at most
  budget: 0.50               # credits in all, at most
  duration: 2m
docs/orders.md has all fields, docs/order.schema.json is for your editor.
`;

export function orderCommand(): Command {
  const submit = new Command('submit')
    .description('sign the orders of a file and hand them to the hub; durable when this returns')
    .requiredOption('-f, --file <path>', 'order file, see below; - is standard input')
    .option('--wait', 'stay until all ended; exit 1 unless all completed')
    .option('-d, --detach', 'do not stay to release the keys of the tasks; see order release');
  asking(
    submit,
    `  sparegrid order submit -f order.yaml\n  sparegrid order submit -f order.yaml --wait -o json\n${ORDER_FILE}`,
  ).action(async (options: FileOptions) => (await actions()).submit(options));

  const plan = new Command('plan')
    .description('who would be chosen at what price, and why not the others; changes nothing')
    .requiredOption('-f, --file <path>', 'order file, as for submit');
  asking(plan, '  sparegrid order plan -f order.yaml').action(async (options: FileOptions) =>
    (await actions()).plan(options),
  );

  const list = new Command('ls').description('your orders that the hub has in memory');
  asking(list, '  sparegrid order ls\n  sparegrid order ls -o name').action(
    async (options: HubOptions) => (await actions()).list(options),
  );

  const get = new Command('get')
    .argument('<order>', 'id, or its beginning')
    .description('state, history and bill of an order');
  asking(get, '  sparegrid order get 3f2a').action(async (id: string, options: HubOptions) =>
    (await actions()).get(id, options),
  );

  const explain = new Command('explain')
    .argument('<order>', 'id, or its beginning')
    .description(
      'for every lessor: whether it suits the order now, else the first term that fails',
    );
  asking(explain, '  sparegrid order explain 3f2a').action(
    async (id: string, options: HubOptions) => (await actions()).explain(id, options),
  );

  const cancel = new Command('cancel')
    .argument('<order>', 'id, or its beginning')
    .description('end an order; it ends soon, not at once');
  asking(cancel, '  sparegrid order cancel 3f2a').action(async (id: string, options: HubOptions) =>
    (await actions()).cancel(id, options),
  );

  const logs = logsCommand(
    'order',
    "  sparegrid order logs -f 3f2a\n  sparegrid order logs 3f2a --grep 'error|fail' --since 10m -t",
  ).action(async (id: string, options: LogsOptions) => (await actions()).logs(id, options));

  const release = new Command('release')
    .argument('[order]', 'id, or its beginning')
    .description('give the key of the task to the lessors that wait for it: nothing starts before')
    .option('-f, --follow', 'of all your orders, whenever one is signed, until you stop it');
  asking(
    release,
    '  sparegrid order release 3f2a\n  sparegrid order release --follow     # beside orders that you submitted with --detach',
  ).action(async (id: string | undefined, options: ReleaseOptions) =>
    (await import('./release-action.ts')).release(id, options),
  );

  const order = new Command('order').description('buy orders: what shall run, and for how much');
  for (const one of [submit, plan, list, get, explain, cancel, release, logs])
    order.addCommand(one);
  return order.addHelpText('after', '\nExample:\n  sparegrid order submit -f order.yaml --wait');
}
