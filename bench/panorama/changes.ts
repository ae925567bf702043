/** From an offer that changes at its agent to an order that it is matched with at every other hub. */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { signDocument } from '@sparegrid/core/units/document';
import type { JsonValue } from '@sparegrid/core/units/json';
import { readTls } from '@sparegrid/link/nats/nats-transport';
import type { Lessee } from '@sparegrid/sim/replay/lessee';
import { offerOf, orderOf } from '../e2e/machine.ts';
import { quantile, type Result } from '../result.ts';
import { type NatsNetwork, openNatsNetwork } from './nats-network.ts';

const CHANGES = 150;
const WARM_UP = 20;
const PROBES = 200;
const CORES = 4_096;
/** A frame of one row is about as long. */
const PROBE_BYTES = 2_048;

export async function benchChanges(report: (result: Result) => void, hubs: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'sparegrid-bench-'));
  const events = new OrderEvents();
  const heard = (order: string, name: string) => events.heard(`${order} ${name}`);
  const network = await openNatsNetwork(directory, hubs, CORES, heard);
  try {
    const before = await probe(directory, network);
    const samples: number[] = [];
    for (let tick = 0; tick < WARM_UP + CHANGES; tick += 1) {
      const ms = await changeOnce(network, events, String(tick));
      if (tick >= WARM_UP) samples.push(ms);
    }
    const bare = [...before, ...(await probe(directory, network))];
    for (const [metric, share] of [
      ['change_matchable_p50', 0.5],
      ['change_matchable_p99', 0.99],
    ] as const) {
      const [value, by] = [quantile(samples, share), quantile(bare, share)];
      const baseline = `NATS publish and one fdatasync ${by.toPrecision(3)} ms`;
      report({
        ...{ bench: 'panorama', case: `${hubs} hubs, at all others`, metric, value, unit: 'ms' },
        ...{ baseline, ratio: value / by },
      });
    }
  } finally {
    await network.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

class OrderEvents {
  readonly #seen = new Set<string>();
  readonly #waiting = new Map<string, () => void>();

  heard(event: string): void {
    this.#seen.add(event);
    this.#waiting.get(event)?.();
  }

  async of(event: string): Promise<void> {
    if (this.#seen.has(event)) return;
    await new Promise<void>((resolve) => this.#waiting.set(event, resolve));
  }
}

/** Milliseconds until the last of the hubs has matched its order, and told so. */
async function changeOnce(
  { lessor, lessees }: NatsNetwork,
  events: OrderEvents,
  tick: string,
): Promise<number> {
  const others = lessees.slice(1);
  const orders = await Promise.all(others.map((lessee) => submit(lessee, tick)));
  await Promise.all(orders.map((order) => events.of(`${order} unmatched`)));
  const offer = offerOf(Date.now(), CORES);
  const startedAt = performance.now();
  lessor.offer({ ...offer, lots: offer.lots.map((lot) => ({ ...lot, labels: { tick } })) });
  await Promise.all(orders.map((order) => events.of(`${order} matched`)));
  const ms = performance.now() - startedAt;
  await Promise.all(orders.map((order) => events.of(`${order} frozen`)));
  await Promise.all(
    others.map((lessee, at) => lessee.ask({ op: 'order.cancel', order: orders[at] as string })),
  );
  return ms;
}

/** An order that nothing suits yet. */
async function submit(lessee: Lessee, tick: string): Promise<string> {
  const order = orderOf(lessee.id, `change ${tick}`, 1, 1, lessee.crypto);
  const performance = { ...order.performance, labels: { tick } };
  const value = { ...order, performance } as unknown as JsonValue;
  const document = signDocument(lessee.crypto, lessee.id, 'buy-order', value);
  const reply = await lessee.ask({ op: 'order.submit', document, taskPrivate: null });
  if (!reply.ok || reply.op !== 'order.submit') throw new Error(JSON.stringify(reply));
  return reply.order;
}

/** Milliseconds of a publication that another client gets, and of one durable write. */
async function probe(directory: string, { server }: NatsNetwork): Promise<number[]> {
  const open = () => connect({ servers: server.url, tls: readTls(server.tls, server.url) });
  const [from, to] = [await open(), await open()];
  const file = openSync(join(directory, 'probe'), 'w');
  const block = Buffer.alloc(PROBE_BYTES, 1);
  let arrived = () => {};
  to.subscribe('probe', { callback: () => arrived() });
  await to.flush();
  const samples: number[] = [];
  for (let count = 0; count < PROBES; count += 1) {
    const startedAt = performance.now();
    await new Promise<void>((resolve) => {
      arrived = resolve;
      from.publish('probe', block);
    });
    writeSync(file, block);
    fdatasyncSync(file);
    samples.push(performance.now() - startedAt);
  }
  closeSync(file);
  await Promise.all([from.close(), to.close()]);
  return samples;
}
