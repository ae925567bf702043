/** Runs the demonstration's order on a devnet and tells each step as it happens. */
import type { OrderView } from '@sparegrid/core/messages';
import { formatCredits } from '@sparegrid/core/units/money';
import type { Client } from '@sparegrid/sdk/client';
import { HUBS, LESSORS } from '../devnet/plan.ts';
import { CliFault } from '../fault.ts';
import { demoOrder, PRIMES, primesIn } from './order.ts';

export interface DemoStep {
  name: string;
  /** Since the step before. */
  ms: number;
  detail: string;
}

export interface DemoResult {
  order: OrderView;
  output: string;
  steps: DemoStep[];
}

/** Titles of the order's own events, in the words of the architecture. */
const TITLES: Readonly<Record<string, string>> = {
  accepted: 'accepted',
  matched: 'matched',
  frozen: 'signed and frozen',
  started: 'started',
  ended: 'ended',
};

/** @throws CliFault CLI_DEMO_FAILED */
export async function runDemo(client: Client, tell: (step: DemoStep) => void): Promise<DemoResult> {
  const steps: DemoStep[] = [];
  let lastMs = performance.now();
  const step = (name: string, detail: string) => {
    const nowMs = performance.now();
    const done = { name, ms: Math.round(nowMs - lastMs), detail };
    lastMs = nowMs;
    steps.push(done);
    tell(done);
  };

  const resources = await until(
    () => client.resources(),
    (specs) => specs.length >= LESSORS.length,
  );
  step('registered', `${resources.length} lessors of ${HUBS.length} hubs in the resource panorama`);
  const offers = await until(
    () => client.offers(),
    (all) => all.filter(({ stale }) => !stale).length >= LESSORS.length,
  );
  step('offered', `${offers.length} sell orders in the lease panorama`);
  const before = freeCpu(offers);

  const id = await client.submitOrder(demoOrder(Date.now()));
  const order = await followOrder(client, id, step);
  if (order.state !== 'completed') {
    const why = order.events.at(-1)?.detail ?? order.state;
    throw new CliFault('CLI_DEMO_FAILED', `The order ended as ${order.state}: ${why}`, 'failed');
  }
  const bill = order.agreements
    .flatMap(({ parts }) => parts)
    .filter(({ billedMs }) => billedMs > 0)
    .map(
      ({ lessor, billedMs, costMicro }) => `${lessor} ${billedMs} ms ${formatCredits(costMicro)}`,
    );
  step('billed', `${formatCredits(order.costMicro)} credits (${bill.join(', ')})`);
  await until(
    () => client.offers(),
    (all) => freeCpu(all) >= before,
  );
  step('released', 'the frozen quantity is back in the lease panorama');

  const output = await outputOf(client, id);
  const primes = primesIn(output);
  if (primes !== PRIMES) {
    const hint = `The replicas counted ${primes} primes instead of ${PRIMES}.`;
    throw new CliFault('CLI_DEMO_FAILED', hint, 'failed');
  }
  return { order, output, steps };
}

/** Tells the order's events as they come, until it has ended. */
async function followOrder(
  client: Client,
  id: string,
  step: (name: string, detail: string) => void,
): Promise<OrderView> {
  let told = 0;
  let last: OrderView | undefined;
  for await (const view of client.watch(id)) {
    for (const { name, detail } of view.events.slice(told)) {
      const title = TITLES[name];
      if (title) step(title, detail);
    }
    told = view.events.length;
    last = view;
  }
  return last as OrderView;
}

/** Output is stored on its way to the lessee: it may arrive a little after the order's end. */
async function outputOf(client: Client, id: string): Promise<string> {
  return until(
    async () => {
      let output = '';
      for await (const { text } of client.logs(id)) output += text;
      return output;
    },
    (output) => primesIn(output) >= PRIMES,
  );
}

const ASK_MS = 100;
const ASK_MS_MAX = 20_000;

/** Asks the hub until the answer is as wanted: panoramas have no push for lessees. */
async function until<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  const endMs = performance.now() + ASK_MS_MAX;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (performance.now() > endMs) {
      const hint = 'The devnet did not get ready in time; see its logs.';
      throw new CliFault('CLI_DEMO_FAILED', hint, 'failed');
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}

function freeCpu(offers: Awaited<ReturnType<Client['offers']>>): number {
  const lots = offers.flatMap(({ offer }) => offer.lots);
  return lots.reduce((sum, lot) => sum + lot.amounts.cpuMillicores, 0);
}
