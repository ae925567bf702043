/** Orders over three hub processes: matched, signed, frozen and durable, against the disk's speed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signDocument } from '@sparegrid/core/units/document';
import type { JsonValue } from '@sparegrid/core/units/json';
import type { Lessee } from '@sparegrid/sim/replay/lessee';
import { FrozenEvents } from '../frozen-events.ts';
import { fdatasyncMs } from '../fsync-probe.ts';
import { type Bench, quantile, type Result } from '../result.ts';
import { orderOf } from './machine.ts';
import { openMarket } from './market.ts';

interface Load {
  name: string;
  orders: number;
  inFlight: number;
}

const IDLE: Load = { name: 'one at a time', orders: 150, inFlight: 1 };
const BUSY: Load = { name: '96 in flight', orders: 3_000, inFlight: 96 };

export const benchEndToEnd: Bench = async (report) => {
  for (const load of [IDLE, BUSY]) {
    const directory = mkdtempSync(join(tmpdir(), 'sparegrid-bench-'));
    try {
      for (const result of await measure(directory, load)) report(result);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
};

async function measure(directory: string, load: Load): Promise<Result[]> {
  const frozen = new FrozenEvents();
  const before = fdatasyncMs(directory);
  const market = await openMarket(directory, (order, name) => frozen.heard(order, name));
  const startedAt = performance.now();
  const latencies = await run(market.lessees, frozen, load);
  const seconds = (performance.now() - startedAt) / 1000;
  const commits = await market.stop();
  const fsyncMs = (before + fdatasyncMs(directory)) / 2;
  const perSecond = load.orders / seconds;
  const row = (metric: string, value: number, unit: string, baseline: string, by: number) => ({
    bench: 'e2e',
    case: load.name,
    metric,
    value,
    unit,
    baseline,
    ratio: value / by,
  });
  const disk = `fdatasync ${fsyncMs.toPrecision(3)} ms`;
  return [
    row('orders_frozen', perSecond, 'per second', `${disk}, one after the other`, 1000 / fsyncMs),
    row('order_to_frozen_p50', quantile(latencies, 0.5), 'ms', disk, fsyncMs),
    row('order_to_frozen_p99', quantile(latencies, 0.99), 'ms', disk, fsyncMs),
    row(
      'commits_per_agreement',
      commits / load.orders,
      'fsyncs',
      'one commit at each of 2 hubs',
      2,
    ),
  ];
}

/** Milliseconds from submitting to frozen, order by order; the load is spread over all hubs. */
async function run(
  lessees: readonly Lessee[],
  frozen: FrozenEvents,
  { orders, inFlight }: Load,
): Promise<number[]> {
  const latencies: number[] = [];
  let next = 0;
  const worker = async () => {
    while (next < orders) {
      const number = next++;
      const lessee = lessees[number % lessees.length] as Lessee;
      const startedAt = performance.now();
      await frozen.of(await submit(lessee, number));
      latencies.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return latencies;
}

async function submit(lessee: Lessee, number: number): Promise<string> {
  const order = orderOf(lessee.id, `bench ${number}`, 1, 1, lessee.crypto);
  const value = order as unknown as JsonValue;
  const document = signDocument(lessee.crypto, lessee.id, 'buy-order', value);
  const reply = await lessee.ask({ op: 'order.submit', document, taskPrivate: null });
  if (!reply.ok || reply.op !== 'order.submit') throw new Error(JSON.stringify(reply));
  return reply.order;
}
