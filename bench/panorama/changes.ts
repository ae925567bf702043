/** From an offer that changes at its agent to every other hub, where it can be, or is, matched. */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import type { OfferWanted } from '@sparegrid/core/participant/reporter';
import { signDocument } from '@sparegrid/core/units/document';
import type { JsonValue } from '@sparegrid/core/units/json';
import { readTls } from '@sparegrid/link/nats/nats-transport';
import type { Lessee } from '@sparegrid/sim/replay/lessee';
import { offerOf, orderOf } from '../e2e/machine.ts';
import { quantile, type Result } from '../result.ts';
import { type NatsNetwork, openNatsNetwork } from './nats-network.ts';
import { nowMs, type RowStep, type RowSteps } from './row-steps.ts';

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
    const samples: Sample[] = [];
    for (let tick = 0; tick < WARM_UP + CHANGES; tick += 1) {
      samples.push(await seen(network, `seen ${tick}`));
    }
    const matched: number[] = [];
    for (let tick = 0; tick < WARM_UP + CHANGES; tick += 1) {
      matched.push(await matchedOnce(network, events, `matched ${tick}`));
    }
    const bare = [...before, ...(await probe(directory, network))];
    const line = (name: string, values: readonly number[], share: number) => {
      const [value, by] = [quantile(values.slice(WARM_UP), share), quantile(bare, share)];
      const baseline = `NATS publish and one fdatasync ${by.toPrecision(3)} ms`;
      const metric = `${name}_p${100 * share}`;
      report({
        ...{ bench: 'panorama', case: `${hubs} hubs, at all others`, metric, value, unit: 'ms' },
        ...{ baseline, ratio: value / by },
      });
    };
    for (const share of [0.5, 0.99]) {
      line(
        'change_matchable',
        samples.map(({ matchableMs }) => matchableMs),
        share,
      );
    }
    line(
      'to_own_hub',
      samples.map(({ ownBeganMs }) => ownBeganMs),
      0.5,
    );
    line(
      'own_step',
      samples.map(({ ownStepMs }) => ownStepMs),
      0.5,
    );
    line(
      'to_last_hub',
      samples.map(({ travelMs }) => travelMs),
      0.5,
    );
    line(
      'last_step',
      samples.map(({ lastStepMs }) => lastStepMs),
      0.5,
    );
    for (const share of [0.5, 0.99]) line('change_matched', matched, share);
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

/** Milliseconds of the parts of the way, and of all of it. */
interface Sample {
  /** From the agent's change until the last of the other hubs has it in its index. */
  matchableMs: number;
  /** Until its own hub's step begins. */
  ownBeganMs: number;
  ownStepMs: number;
  /** From there, with the commit and the frames, until the step of the last hub begins. */
  travelMs: number;
  lastStepMs: number;
}

/** Nobody waits for the offer: what is measured is the way of the row. */
async function seen({ lessor, steps }: NatsNetwork, tick: string): Promise<Sample> {
  const [own, ...others] = steps as [RowSteps, ...RowSteps[]];
  const startedMs = nowMs();
  lessor.offer(offerWith(tick));
  const [first, ...rows] = await Promise.all([own, ...others].map((hub) => hub.after(startedMs)));
  const last = rows.reduce((late, one) => (one.endedMs > late.endedMs ? one : late));
  const { beganMs, endedMs } = first as RowStep;
  return {
    matchableMs: last.endedMs - startedMs,
    ownBeganMs: beganMs - startedMs,
    ownStepMs: endedMs - beganMs,
    travelMs: last.beganMs - endedMs,
    lastStepMs: last.endedMs - last.beganMs,
  };
}

function offerWith(tick: string): OfferWanted {
  const offer = offerOf(Date.now(), CORES);
  return { ...offer, lots: offer.lots.map((lot) => ({ ...lot, labels: { tick } })) };
}

/** Milliseconds until the last of the hubs has matched an order that waited for it, and told so. */
async function matchedOnce(
  { lessor, lessees }: NatsNetwork,
  events: OrderEvents,
  tick: string,
): Promise<number> {
  const others = lessees.slice(1);
  const orders = await Promise.all(others.map((lessee) => submit(lessee, tick)));
  await Promise.all(orders.map((order) => events.of(`${order} unmatched`)));
  const startedAt = performance.now();
  lessor.offer(offerWith(tick));
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
