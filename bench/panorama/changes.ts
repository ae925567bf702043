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
/** What runs for the first time is read and compiled first. */
const WARM_UP = 100;
/** What runs often is compiled anew, for speed: the programs of hubs that just started are not yet. */
const WARM_UP_LONG = 1_500;
const QUANTILES = [0.5, 0.99];
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
  try {
    const network = await openNatsNetwork(directory, hubs, CORES, heard);
    try {
      await Promise.race([measure(report, directory, network, events), network.died]);
    } finally {
      await network.stop();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measure(
  report: (result: Result) => void,
  directory: string,
  network: NatsNetwork,
  events: OrderEvents,
): Promise<void> {
  const before = await probe(directory, network);
  await changed(network, WARM_UP);
  const first = await measuredChanges(network);
  await changed(network, WARM_UP_LONG);
  const later = await measuredChanges(network);
  const matched: number[] = [];
  for (let at = 0; at < MATCH_WARM_UP + MATCHES; at += 1) {
    matched.push(await matchedOnce(network, events, `matched ${at}`));
  }
  const bare = [...before, ...(await probe(directory, network))];
  const rowsOf = (suffix: string) => (metric: string, value: number, unit: string, by: number) => {
    const baseline = `NATS publish and one fdatasync ${by.toPrecision(3)} ms`;
    const name = `${network.pids.length} hubs, at all others${suffix}`;
    report({ bench: 'panorama', case: name, metric, value, unit, baseline, ratio: value / by });
  };
  const median = quantile(bare, 0.5);
  const changes = [
    ['', first],
    [`, ${WARM_UP_LONG} changes later`, later],
  ] as const;
  for (const [suffix, { samples, cpu }] of changes) {
    const row = rowsOf(suffix);
    const hop = (name: keyof Sample) => samples.map((sample) => sample[name]);
    for (const share of QUANTILES) {
      const name = `change_matchable_p${100 * share}`;
      row(name, quantile(hop('matchable'), share), 'ms', quantile(bare, share));
    }
    for (const name of HOPS) row(`${name}_p50`, quantile(hop(name), 0.5), 'ms', median);
    for (const who of WHO) row(`cpu_of_${who}`, cpu[who], 'ms per change', median);
    const all = WHO.reduce((sum, who) => sum + cpu[who], 0);
    row('cpu_of_all', all, 'ms per change', median);
  }
  for (const share of QUANTILES) {
    const value = quantile(matched.slice(MATCH_WARM_UP), share);
    rowsOf('')(`change_matched_p${100 * share}`, value, 'ms', quantile(bare, share));
  }
}

/** How long each of some changes took, and the processor time of one, without what hubs do anyway. */
async function measuredChanges(network: NatsNetwork) {
  const idle = await cpuPerMs(network, () => setTimeout(IDLE_MS));
  let samples: Sample[] = [];
  const busy = await cpuPerMs(network, async () => {
    samples = await changed(network, CHANGES);
  });
  const cpu = { ...busy.cpu };
  for (const who of WHO) cpu[who] = ((busy.cpu[who] - idle.cpu[who]) * busy.ms) / CHANGES;
  return { samples, cpu };
}

async function changed(network: NatsNetwork, times: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let at = 0; at < times; at += 1) samples.push(await seen(network));
  return samples;
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
async function seen({ lessor, steps }: NatsNetwork): Promise<Sample> {
  const [own, ...others] = steps as [RowSteps, ...RowSteps[]];
  const startedMs = nowMs();
  lessor.offer(offerWith(`seen ${startedMs}`));
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
