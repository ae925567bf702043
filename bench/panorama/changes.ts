/** From an offer that changes at its agent to every other hub, where it can be, or is, matched. */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';
import type { OfferWanted } from '@sparegrid/core/participant/reporter';
import { signDocument } from '@sparegrid/core/units/document';
import type { JsonValue } from '@sparegrid/core/units/json';
import { readTls } from '@sparegrid/link/nats/nats-transport';
import type { Lessee } from '@sparegrid/sim/replay/lessee';
import { cpuMsOf } from '../cpu-of-processes.ts';
import { offerOf, orderOf } from '../e2e/machine.ts';
import { quantile, type Result } from '../result.ts';
import { type NatsNetwork, openNatsNetwork } from './nats-network.ts';
import { nowMs, type RowStep, type RowSteps } from './row-steps.ts';

const CHANGES = 200;
/** The programs of the hubs are not yet as fast as they will be: they are compiled as they run. */
const WARM_UP = 100;
const MATCHES = 100;
const MATCH_WARM_UP = 20;
/** What hubs do by themselves is no part of what a change costs. */
const IDLE_MS = 2_000;
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
    const tick = (at: number) => seen(network, `seen ${at}`);
    for (let at = 0; at < WARM_UP; at += 1) await tick(at);
    const idle = await cpuPerMs(network, () => setTimeout(IDLE_MS));
    const samples: Sample[] = [];
    const busy = await cpuPerMs(network, async () => {
      for (let at = 0; at < CHANGES; at += 1) samples.push(await tick(WARM_UP + at));
    });
    const matched: number[] = [];
    for (let at = 0; at < MATCH_WARM_UP + MATCHES; at += 1) {
      matched.push(await matchedOnce(network, events, `matched ${at}`));
    }
    const bare = [...before, ...(await probe(directory, network))];
    const row = (metric: string, value: number, unit: string, baseline: string, by: number) =>
      report({
        ...{ bench: 'panorama', case: `${hubs} hubs, at all others`, metric, value, unit },
        ...{ baseline, ratio: value / by },
      });
    const line = (name: string, values: readonly number[], share: number) => {
      const by = quantile(bare, share);
      const baseline = `NATS publish and one fdatasync ${by.toPrecision(3)} ms`;
      row(`${name}_p${100 * share}`, quantile(values, share), 'ms', baseline, by);
    };
    const hop = (name: keyof Sample) => samples.map((sample) => sample[name]);
    for (const share of [0.5, 0.99]) line('change_matchable', hop('matchable'), share);
    for (const name of HOPS) line(name, hop(name), 0.5);
    for (const share of [0.5, 0.99]) line('change_matched', matched.slice(MATCH_WARM_UP), share);
    const cpuOf = (who: Who) => ((busy.cpu[who] - idle.cpu[who]) * busy.ms) / CHANGES;
    const all = WHO.reduce((sum, who) => sum + cpuOf(who), 0);
    const median = quantile(bare, 0.5);
    const baseline = `NATS publish and one fdatasync ${median.toPrecision(3)} ms`;
    for (const who of WHO) row(`cpu_of_${who}`, cpuOf(who), 'ms per change', baseline, median);
    row('cpu_of_all', all, 'ms per change', baseline, median);
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

/** The parts of the way, one after the other. */
const HOPS = [
  'to_own_hub',
  'own_read',
  'own_step',
  'own_commit',
  'to_last_hub',
  'last_read',
  'last_step',
] as const;

/** Milliseconds of the parts of the way, and of all of it. */
type Sample = Record<(typeof HOPS)[number] | 'matchable', number>;

/** Nobody waits for the offer: what is measured is the way of the row. */
async function seen({ lessor, steps }: NatsNetwork, tick: string): Promise<Sample> {
  const [own, ...others] = steps as [RowSteps, ...RowSteps[]];
  const startedMs = nowMs();
  lessor.offer(offerWith(tick));
  const [first, ...rows] = await Promise.all([own, ...others].map((hub) => hub.after(startedMs)));
  const last = rows.reduce((late, one) => (one.endedMs > late.endedMs ? one : late));
  const { cameMs, beganMs, endedMs, releasedMs } = first as RowStep;
  return {
    matchable: last.endedMs - startedMs,
    to_own_hub: cameMs - startedMs,
    own_read: beganMs - cameMs,
    own_step: endedMs - beganMs,
    own_commit: releasedMs - endedMs,
    to_last_hub: last.cameMs - releasedMs,
    last_read: last.beganMs - last.cameMs,
    last_step: last.endedMs - last.beganMs,
  };
}

/** The bench is the agent's process, and that of the lessees. */
const WHO = ['agent', 'own_hub', 'other_hubs', 'servers'] as const;
type Who = (typeof WHO)[number];

/** Processor time of the processes on the way, for each millisecond that passed. */
async function cpuPerMs({ pids, servers }: NatsNetwork, work: () => Promise<unknown>) {
  const [own, ...others] = pids as [number, ...number[]];
  const of = () => ({
    agent: cpuMsOf([process.pid]),
    own_hub: cpuMsOf([own]),
    other_hubs: cpuMsOf(others),
    servers: cpuMsOf(servers),
  });
  const [before, startedMs] = [of(), nowMs()];
  await work();
  const ms = nowMs() - startedMs;
  const after = of();
  const cpu = { ...before };
  for (const who of WHO) cpu[who] = (after[who] - before[who]) / ms;
  return { ms, cpu };
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
