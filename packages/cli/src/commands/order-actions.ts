/** What `sparegrid order` does. */
import type { OrderView } from '@sparegrid/core/messages';
import type { Client } from '@sparegrid/sdk/client';
import type { Plan } from '@sparegrid/sdk/options';
import type { OrderDraft } from '@sparegrid/sdk/order-draft';
import { awaitsKey } from '@sparegrid/sdk/task-keys';
import { withClient } from '../contexts.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { checkId, orderNamed } from '../ids.ts';
import { logStreamOf, logViewOf, wanted } from '../log-options.ts';
import { STDIN } from '../order-file/file-text.ts';
import { readOrderFiles } from '../order-file/order-file.ts';
import { emit } from '../output/emit.ts';
import { showLogs } from '../output/log-text.ts';
import { explanationText, ordersText, orderText, planText } from '../output/order-text.ts';
import { say } from '../output/print.ts';
import type { FileOptions, HubOptions, LogsOptions } from './options.ts';
import { refuseWithoutAnchor, releaseIfAwaited, releaseKeys } from './release-action.ts';

export async function submit(options: FileOptions): Promise<void> {
  const drafts = draftsOf(options.file);
  if (!options.detach) refuseWithoutAnchor(options);
  await withClient(options, async (client) => {
    const ids: string[] = [];
    for (const draft of drafts) ids.push(await client.submitOrder(draft));
    if (drafts.some(({ task }) => !task.public.egress)) {
      say('Containers run without network: "egress: true" in the order asks for it.');
    }
    if (options.wait) return showEnds(client, ids, options);
    const value = ids.length === 1 ? { order: ids[0] } : { orders: ids };
    await emit(options.output, value, { table: () => ids.join('\n'), names: () => ids });
    const isTold = !options.detach && !(await releaseKeys(client, ids));
    if (options.output === 'table' && !isTold) say(`next: sparegrid order logs -f ${ids[0]}`);
  });
}

/** All documents are looked at before the first one is sent. */
function draftsOf(file: string) {
  if (file === STDIN && process.stdin.isTTY) say('Reading an order; Ctrl-D ends it.');
  const drafts = readOrderFiles(file, Date.now());
  const isIdle = ({ replica, task }: OrderDraft) =>
    replica.bandwidthBitsPerSecond > 0 && !task.public.egress;
  if (drafts.some(isIdle)) {
    say(
      '"bandwidth" is paid for and of no use without network: add "egress: true", or leave it out.',
    );
  }
  return drafts;
}

async function showEnds(client: Client, ids: string[], options: HubOptions): Promise<void> {
  const views = await Promise.all(ids.map((id) => awaitEnd(client, id)));
  const value = views.length === 1 ? views[0] : views;
  const table = () => views.map(orderText).join('\n\n');
  await emit(options.output, value, { table, names: () => ids });
  if (views.some(({ state }) => state !== 'completed')) process.exitCode = EXIT_CODES.failed;
}

/** Says each change of the state: an order may take long. */
async function awaitEnd(client: Client, id: string): Promise<OrderView> {
  let last: OrderView | undefined;
  for await (const view of client.watch(id)) {
    if (view.state !== last?.state) say(`${id} ${view.state}`);
    last = view;
  }
  return last as OrderView;
}

export async function plan(options: FileOptions): Promise<void> {
  const drafts = draftsOf(options.file);
  await withClient(options, async (client) => {
    const plans: Plan[] = [];
    for (const draft of drafts) plans.push(await client.planOrder(draft));
    await emit(options.output, plans.length === 1 ? plans[0] : plans, {
      table: () => plans.map(planText).join('\n\n'),
      names: () => plans.flatMap((one) => one.plan.parts.map(({ lessor }) => lessor)),
    });
    if (plans.some((one) => one.plan.code !== null)) process.exitCode = EXIT_CODES.failed;
  });
}

export async function list(options: HubOptions): Promise<void> {
  const orders = await withClient(options, (client) => client.listOrders());
  const newest = orders.sort((a, b) => b.acceptedAtMs - a.acceptedAtMs);
  await emit(options.output, newest, {
    table: () => ordersText(newest, Date.now()),
    names: () => newest.map(({ id }) => id),
  });
}

export async function get(given: string, options: HubOptions): Promise<void> {
  checkId(given);
  const view = await withClient(options, async (client) => {
    const found = await client.getOrder(await orderNamed(client, given));
    if (awaitsKey(found)) await releaseIfAwaited(client, found.id);
    return found;
  });
  await emit(options.output, view, { table: () => orderText(view), names: () => [view.id] });
}

export async function explain(given: string, options: HubOptions): Promise<void> {
  checkId(given);
  const found = await withClient(options, async (client) =>
    client.explain(await orderNamed(client, given)),
  );
  await emit(options.output, found, {
    table: () => explanationText(found.order, found.lessors),
    names: () => found.lessors.filter(({ code }) => code === null).map(({ lessor }) => lessor),
  });
}

export async function cancel(given: string, options: HubOptions): Promise<void> {
  checkId(given);
  await withClient(options, async (client) => {
    const id = await orderNamed(client, given);
    await client.cancel(id);
    await emit(options.output, { order: id }, { table: () => id, names: () => [id] });
    if (options.output === 'table') {
      say(
        'It ends as soon as its containers have; they are asked to stop, and killed if they do not.',
      );
    }
  });
}

export async function logs(given: string, options: LogsOptions): Promise<void> {
  checkId(given);
  const view = logViewOf(options);
  await withClient(options, async (client) => {
    const id = await orderNamed(client, given);
    await releaseIfAwaited(client, id);
    await showLogs(wanted(client.logs(id, logStreamOf(options)), options), view);
  });
}
