/** `sparegrid order`: submit, look at, explain, cancel, and read the output of orders. */
import type { LogChunk, OrderView } from '@sparegrid/core/messages';
import { orderId } from '@sparegrid/link/schemas/scalars';
import type { Client } from '@sparegrid/sdk/client';
import { Command, InvalidArgumentError } from 'commander';
import { stateDirectory, withClient } from '../context.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { printable } from '../failure.ts';
import { checkOrder } from '../order-file/check-order.ts';
import { readOrderFiles } from '../order-file/order-file.ts';
import { explanationText, orderText } from '../output/order-text.ts';
import { print, printJson, say, tableText } from '../output/print.ts';
import { asking, type HubOptions } from './options.ts';

export function orderCommand(): Command {
  const order = new Command('order').description('buy orders: what shall run, and for how much');
  order.addCommand(submitCommand());
  order.addCommand(getCommand());
  order.addCommand(listCommand());
  order.addCommand(explainCommand());
  order.addCommand(cancelCommand());
  order.addCommand(logsCommand());
  return order.addHelpText('after', '\nExample:\n  sparegrid order submit -f order.yaml --wait');
}

const ORDER_FILE = `
An order file (YAML or JSON):
  kind: job                  # or service
  image: process:node
  command: ["-e", "console.log('rank', process.env.SPAREGRID_RANK)"]
  replicas: 2                # or {min: 1, max: 4}
  cpu: 500m                  # of each replica, like all that follows
  memory: 64Mi
  limitPerHour: 1.00         # credits per replica and hour, at most
  budget: 0.50               # credits in all, at most
  duration: 2m
Further fields: env, architecture, egress, capabilities, storage, bandwidth,
  device {count, share: 500m, models, vendor, minMemory}, expires (10m),
  fill (atomic, partial), maxLessors, priority (price, performance, or
  {price: 700, performance: 300}), performance {minScore, minFlops [{precision,
  giga}], provision, labels}, disconnect {stopAfter: 1m, onLoss: terminate}.
`;

function orderIdOption(text: string): string {
  if (orderId.safeParse(text).success) return text;
  throw new InvalidArgumentError('Expected o- and 32 hex digits, as order submit prints it.');
}

function submitCommand(): Command {
  const command = new Command('submit')
    .description('sign the order of a file and hand it to the hub; it is durable when this returns')
    .requiredOption('-f, --file <path>', 'order file, see below')
    .option('--wait', 'stay until the order ended; exit 1 unless it completed');
  const examples =
    '  sparegrid order submit -f order.yaml\n  sparegrid order submit -f order.yaml --wait -o json';
  return asking(command, `${examples}\n${ORDER_FILE}`).action(
    async (options: HubOptions & { file: string; wait?: true }) => {
      const [draft] = readOrderFiles(options.file, Date.now());
      if (!draft) return;
      checkOrder(draft, Date.now());
      await withClient(stateDirectory(options.dir), async (client) => {
        const id = await client.submitOrder(draft);
        if (options.wait) await showEnd(client, id, options);
        else if (options.output === 'json') printJson({ order: id });
        else {
          print(id);
          say(`next: sparegrid order get ${id}`);
        }
      });
    },
  );
}

async function showEnd(client: Client, id: string, options: HubOptions): Promise<void> {
  const view = await client.awaitOrder(id);
  showOrder(view, options);
  if (view.state !== 'completed') process.exitCode = EXIT_CODES.failed;
}

function showOrder(view: OrderView, { output }: HubOptions): void {
  if (output === 'json') printJson(view);
  else print(orderText(view));
}

function getCommand(): Command {
  const command = new Command('get')
    .argument('<order>', 'id of the order', orderIdOption)
    .description('state, history and bill of an order');
  return asking(command, '  sparegrid order get o-0123456789abcdef0123456789abcdef').action(
    async (id: string, options: HubOptions) => {
      const directory = stateDirectory(options.dir);
      showOrder(await withClient(directory, (client) => client.getOrder(id)), options);
    },
  );
}

function listCommand(): Command {
  const command = new Command('ls').description(
    'all orders of this lessee that the hub has in mind',
  );
  return asking(command, '  sparegrid order ls').action(async (options: HubOptions) => {
    const orders = await withClient(stateDirectory(options.dir), (client) => client.listOrders());
    if (options.output === 'json') printJson(orders);
    else
      print(
        tableText(
          ['ORDER', 'STATE'],
          orders.map(({ id, state }) => [id, state]),
        ),
      );
  });
}

function explainCommand(): Command {
  const command = new Command('explain')
    .argument('<order>', 'id of the order', orderIdOption)
    .description(
      'for every lessor: whether it suits the order now, else the first term that fails',
    );
  const examples = '  sparegrid order explain o-0123456789abcdef0123456789abcdef';
  return asking(command, examples).action(async (id: string, options: HubOptions) => {
    const directory = stateDirectory(options.dir);
    const found = await withClient(directory, (client) => client.explain(id));
    if (options.output === 'json') printJson(found);
    else print(explanationText(found.order, found.lessors));
  });
}

function cancelCommand(): Command {
  const command = new Command('cancel')
    .argument('<order>', 'id of the order', orderIdOption)
    .description('end an order; it ends soon, not at once');
  const examples = '  sparegrid order cancel o-0123456789abcdef0123456789abcdef';
  return asking(command, examples).action(async (id: string, options: HubOptions) => {
    await withClient(stateDirectory(options.dir), (client) => client.cancel(id));
    if (options.output === 'json') printJson({ order: id });
    else print(id);
  });
}

function logsCommand(): Command {
  const command = new Command('logs')
    .argument('<order>', 'id of the order', orderIdOption)
    .description('output of the containers of an order')
    .option('--follow', 'stay until the order ended');
  const examples = '  sparegrid order logs o-0123456789abcdef0123456789abcdef --follow';
  return asking(command, examples).action(
    async (id: string, options: HubOptions & { follow?: true }) => {
      await withClient(stateDirectory(options.dir), async (client) => {
        for await (const chunk of client.logs(id, { follow: options.follow ?? false })) {
          if (options.output === 'json') printJson(chunk);
          else print(chunkText(chunk));
        }
      });
    },
  );
}

/** Every line with the container that wrote it: `<part>.<replica>`. */
export function chunkText({ container, stream, text }: LogChunk): string {
  const name = container.split('.').slice(1).join('.');
  const mark = stream === 'stderr' ? '!' : '|';
  const lines = text.replace(/\n$/, '').split('\n');
  return lines.map((line) => `${name} ${mark} ${printable(line)}`).join('\n');
}
