/** What `sparegrid order release` does, and other commands by the way: hand out keys of tasks. */
import type { OrderId } from '@sparegrid/core/units/ids';
import type { Client } from '@sparegrid/sdk/client';
import { UnavailableError } from '@sparegrid/sdk/errors';
import { releaseAll } from '@sparegrid/sdk/release-all';
import { chosenContext, withClient } from '../contexts.ts';
import { listenToSignals } from '../devnet/until-told.ts';
import { CliFault } from '../fault.ts';
import { checkId, orderNamed } from '../ids.ts';
import { emit } from '../output/emit.ts';
import { say } from '../output/print.ts';
import type { HubOptions, ReleaseOptions } from './options.ts';

/** How long a command stays for an order that waits in a round or for votes. */
const SIGNED_MS = 10_000;

export async function release(given: string | undefined, options: ReleaseOptions): Promise<void> {
  if (options.follow) return followAll(options);
  if (given === undefined) throw new CliFault('CLI_USAGE', 'Name an order, or --follow all.');
  checkId(given);
  await withClient(options, async (client) => {
    const order = await orderNamed(client, given);
    const released = await client.release(order);
    const table = () =>
      released === 0 ? 'No lessor waits for a key.' : `Released to ${released} of its lessors.`;
    await emit(options.output, { order, released }, { table, names: () => [order] });
  });
}

async function followAll(options: ReleaseOptions): Promise<void> {
  const { signal } = listenToSignals(() => process.exit(1));
  await withClient(options, async (client) => {
    say('Releasing keys of all your orders. Ctrl-C ends it; what runs runs on.');
    await releaseAll(client, {
      signal,
      released: (order) => say(`${order}: its lessors have the key.`),
      failed: (order, error) => say(`${order}: ${error}`),
    });
  });
}

/** Before anything is ordered that no lessor could start. @throws UnavailableError SDK_NO_ANCHOR */
export function refuseWithoutAnchor(choice: HubOptions): void {
  if (chosenContext(choice).network) return;
  const hint = 'Nothing was ordered. Make the context with --network and --operator-key, see';
  throw new UnavailableError('SDK_NO_ANCHOR', `${hint} sparegrid context add --help.`);
}

/**
 * Stays until the orders are signed and their keys released, as long as that can be soon.
 *
 * @returns false when it could not be, and who waits was told how to go on.
 */
export async function releaseKeys(client: Client, orders: readonly OrderId[]): Promise<boolean> {
  const done = await Promise.all(
    orders.map((order) => client.awaitRelease(order, { waitMs: SIGNED_MS })),
  );
  if (done.every((isReleased) => isReleased)) return true;
  const open = orders.find((_, at) => !done[at]);
  say(`Nobody has taken it yet. Why: sparegrid order explain ${open}`);
  say('Who takes it later starts once you release the key of its task, which these do:');
  say(`  sparegrid order logs -f ${open}, or for all orders: sparegrid order release --follow`);
  return false;
}

/** For commands that only look at an order: who cannot release it sees it all the same. */
export async function releaseIfAwaited(client: Client, order: OrderId): Promise<void> {
  await client.release(order).catch((error: unknown) => say(String(error)));
}
