/** One order from registration to bill on a running devnet, told step by step. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgreementView, OrderView } from '@sparegrid/core/messages';
import type { SellOrder } from '@sparegrid/core/order/sell-order';
import { formatCredits } from '@sparegrid/core/units/money';
import type { Client } from '@sparegrid/sdk/client';
import { LESSORS, SLICE } from '../devnet/topology.ts';
import { CliFault } from '../fault.ts';
import { demoOrder, PRIMES_BELOW, PRIMES_EXPECTED, primesIn } from './primes.ts';
import { type Step, Steps } from './steps.ts';

/** What `demo --json` prints. Money in micro-credits as a decimal string. */
export interface DemoResult {
  order: string;
  agreements: string[];
  lease: { state: string };
  lessors: string[];
  hubs: string[];
  costMicro: string;
  steps: Step[];
}

export interface Stage {
  client: Client;
  /** When the devnet was asked for: what the first step is counted from. */
  startMs: number;
  say(text: string): void;
  signal: AbortSignal;
}

const LOOK_MS = 50;
const WAIT_MS_MAX = 60_000;

/** @throws CliFault CLI_DEMO_FAILED; what the client throws; the reason of the signal */
export async function tellStory(stage: Stage): Promise<DemoResult> {
  const { client, say, signal } = stage;
  const steps = new Steps(stage.startMs, say);
  const offered = await meetLessors(stage, steps);
  const order = await client.submitOrder(demoOrder(Date.now()), { signal });
  say(`  order ${order}: ${PRIMES_BELOW} numbers, 4 replicas, all or none, from 2 lessors`);
  let last: OrderView | undefined;
  for await (const view of client.watch(order, { signal })) {
    last = view;
    noteEvents(view, steps);
  }
  const agreement = last?.agreements.findLast(({ negotiation }) => negotiation === 'FINALIZED');
  if (last?.state !== 'completed' || !agreement) {
    throw failed(`the order ended ${last?.state}: ${last?.lastCode ?? ''} ${last?.lastHint ?? ''}`);
  }
  await awaitRelease(stage, offered);
  steps.add('released', Date.now(), 'the quantity is on offer again');
  await showOutput(stage, order);
  tellBill(last, agreement, say);
  return {
    order,
    agreements: [agreement.id],
    lease: { state: agreement.lease },
    lessors: [...new Set(agreement.parts.map(({ lessor }) => lessor))],
    hubs: [...new Set(agreement.parts.map(({ targetHub }) => targetHub))],
    costMicro: String(last.costMicro),
    steps: steps.list,
  };
}

/** Waits until the lessee's hub knows every lessor and an offer of each; returns the free amounts. */
async function meetLessors(stage: Stage, steps: Steps): Promise<string> {
  const { client, signal } = stage;
  const all = LESSORS.length;
  await until(stage, 'lessors registered', async () => {
    return (await client.resources({ signal })).length >= all;
  });
  steps.add('registered', Date.now(), `${all} lessors of 3 hubs are in the resource panorama`);
  let free = '';
  await until(stage, 'offers', async () => {
    const offers = await client.offers({ signal });
    free = freeText(offers);
    return offers.filter(({ stale }) => !stale).length >= all;
  });
  steps.add('offered', Date.now(), `each offers cpu ${SLICE.cpu}, memory ${SLICE.memory}`);
  return free;
}

function noteEvents(view: OrderView, steps: Steps): void {
  for (const { name, atMs, detail } of view.events) {
    if (name === 'accepted') steps.add('accepted', atMs, `signed by the lessee, ${detail}`);
    else if (name === 'matched') steps.add('matched', atMs, detail);
    else if (name === 'frozen') steps.add('frozen', atMs, `signed and frozen: ${detail}`);
    else if (name === 'started') {
      steps.add('started', atMs, 'every container was reported started');
      steps.add('running', atMs, 'the lease runs and billing begins');
    } else if (name === 'ended') steps.add('completed', atMs, detail);
  }
  if (view.state !== 'completed') return;
  steps.add('billed', Date.now(), `${formatCredits(view.costMicro)} credits`);
}

async function awaitRelease(stage: Stage, before: string): Promise<void> {
  const { client, signal } = stage;
  await until(stage, 'the release of the quantity', async () => {
    return freeText(await client.offers({ signal })) === before;
  });
}

/** What is free, lessor by lessor. */
function freeText(offers: readonly { offer: SellOrder }[]): string {
  const lines = offers.map(({ offer }) => {
    const lots = offer.lots.map(({ amounts }) => `${amounts.cpuMillicores}/${amounts.memoryBytes}`);
    return `${offer.participant} ${lots.join(' ')}`;
  });
  return lines.sort().join('\n');
}

async function showOutput(stage: Stage, order: string): Promise<void> {
  const { client, say, signal } = stage;
  let output = '';
  // Output and the end of a part take different ways to the lessee's hub.
  await until(stage, 'the output of every replica', async () => {
    output = '';
    for await (const { text } of client.logs(order, { signal })) output += text;
    return primesIn(output) !== undefined;
  });
  say('');
  for (const line of output.trimEnd().split('\n').sort()) say(`  ${line}`);
  const primes = primesIn(output);
  if (primes !== PRIMES_EXPECTED) throw failed(`expected ${PRIMES_EXPECTED} primes, got ${primes}`);
  say(`  together ${primes} primes below ${PRIMES_BELOW}, as it must be`);
}

function tellBill(view: OrderView, agreement: AgreementView, say: Stage['say']): void {
  say('');
  for (const { lessor, targetHub, replicas, billedMs, costMicro } of agreement.parts) {
    const share = `${formatCredits(costMicro)} credits for ${billedMs} ms`;
    say(`  ${lessor} (hub ${targetHub}): ${replicas} replicas, ${share}`);
  }
  say(`  cost together: ${formatCredits(view.costMicro)} credits`);
}

async function until(stage: Stage, what: string, done: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + WAIT_MS_MAX;
  while (!(await done())) {
    if (performance.now() > endMs) throw failed(`waited ${WAIT_MS_MAX} ms for ${what}`);
    await sleep(LOOK_MS, undefined, { signal: stage.signal });
  }
}

function failed(hint: string): CliFault {
  return new CliFault('CLI_DEMO_FAILED', hint, 'failed');
}
