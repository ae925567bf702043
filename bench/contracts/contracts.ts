/** Signed, frozen, durable agreements over three hub processes, beside PostgreSQL and the bare disk. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type SignedDocument, signDocument } from '@sparegrid/core/units/document';
import type { JsonValue } from '@sparegrid/core/units/json';
import type { Lessee } from '@sparegrid/sim/replay/lessee';
import { hasPostgres } from '../../packages/link/test/private-postgres.ts';
import { commitsOf } from '../commits-of.ts';
import { cpuMsOf } from '../cpu-of-processes.ts';
import { orderOf } from '../e2e/machine.ts';
import { type BenchMarket, type MarketSize, openMarket, untilKnown } from '../e2e/market.ts';
import { FrozenEvents } from '../frozen-events.ts';
import { fdatasyncMs } from '../fsync-probe.ts';
import { GhostHub } from '../panorama/ghost-hub.ts';
import { type Bench, quantile, type Result } from '../result.ts';
import { PostgresLoop } from './postgres-loop.ts';
import { beginProfiles, endProfiles, PROFILE_WATCH } from './profiles.ts';

interface Load {
  name: string;
  market: Omit<MarketSize, 'morePeers'>;
  orders: number;
  /** Not measured: caches, compiled code and connections get warm. */
  before: number;
  inFlight: number;
  /** Each of a lessor of its own, where lots have room for one and a lessor's are far apart in price. */
  replicas: number;
  /** Further lots in the panorama of every hub, dearer than all others. */
  moreLots: number;
}

/** With `--large` only: three hubs take minutes to take them in on two cores. */
const LARGE = 1_000_000;
const WIDE = { lessorsPerHub: 20, cores: 320 };
const BUSY = { market: WIDE, orders: 6_000, before: 6_000, inFlight: 96, replicas: 1 };
const LOADS: readonly Load[] = [
  {
    ...{ name: 'one lessor, one at a time', market: WIDE, moreLots: 0, replicas: 1 },
    ...{ orders: 200, before: 50, inFlight: 1 },
  },
  { ...BUSY, name: 'one lessor, 48 in flight', moreLots: 0, inFlight: 48 },
  { ...BUSY, name: 'one lessor, 96 in flight', moreLots: 0 },
  { ...BUSY, name: 'one lessor, 192 in flight', moreLots: 0, inFlight: 192 },
  {
    ...{ name: 'two lessors, 48 in flight', moreLots: 0, replicas: 2 },
    market: { lessorsPerHub: 200, cores: 1, machines: 10 },
    ...{ orders: 2_000, before: 500, inFlight: 48 },
  },
  ...[1_000, 100_000, LARGE].map((moreLots) => ({
    ...BUSY,
    name: `one lessor, 96 in flight, ${moreLots} more lots`,
    ...{ moreLots, orders: 3_000 },
  })),
];
const LOTS_PER_LESSOR = 50;
const FLAGS = {
  only: { type: 'string' },
  large: { type: 'boolean' },
  /** Without PostgreSQL beside it: for a profile, or a look. */
  alone: { type: 'boolean' },
  /** Directory for a profile of each process. */
  profile: { type: 'string' },
} as const;
const OFFERS_OF_POSTGRES = 1_000_000;
const POSTGRES_MS = 3_000;
/** The order, the part by its first hub and by its target hub: each signed once, each verified once. */
const SIGNATURES = 3;
const PROBES = 2_000;

export const benchContracts: Bench = async (report, args) => {
  const { values } = parseArgs({ args, options: FLAGS });
  const { only = '', large = false, alone = false, profile } = values;
  const loads = LOADS.filter(({ name, moreLots }) => {
    return name.includes(only) && (large || moreLots < LARGE);
  });
  const postgres = !alone && hasPostgres() ? await PostgresLoop.open(OFFERS_OF_POSTGRES) : null;
  try {
    for (const load of loads) {
      const directory = mkdtempSync(join(tmpdir(), 'sparegrid-bench-'));
      try {
        for (const result of await measure(directory, load, postgres, profile)) report(result);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    }
  } finally {
    await postgres?.close();
  }
};

async function measure(
  directory: string,
  load: Load,
  postgres: PostgresLoop | null,
  profile: string | undefined,
): Promise<Result[]> {
  const frozen = new FrozenEvents();
  const onEvent = (order: string, name: string) => frozen.heard(order, name);
  const reservations = (await postgres?.measure(POSTGRES_MS)) ?? Number.NaN;
  const disk = fdatasyncMs(directory);
  const ghost = new GhostHub();
  const { id, publicKey } = ghost;
  const morePeers = [{ id, publicKey, mesh: join(directory, 'run', 'nobody.sock') }];
  const watches = profile === undefined ? [] : [PROFILE_WATCH];
  const market = await openMarket(directory, onEvent, { ...load.market, morePeers, watches });
  await publish(market, ghost, load.moreLots);
  await run(frozen, signedOrders(market, load, 'before', load.before), load.inFlight);
  const orders = signedOrders(market, load, 'measured', load.orders);
  if (profile !== undefined) await beginProfiles(market.hubs);
  const pids = market.hubs.map(({ pid }) => pid);
  const [hubsCpu, allCpu] = [cpuMsOf(pids), cpuMsOf([...pids, process.pid])];
  const lostBefore = frozen.lostRaces;
  const commitsBefore = commitsOf(market.stores);
  const startedAt = performance.now();
  const latencies = await run(frozen, orders, load.inFlight);
  const seconds = (performance.now() - startedAt) / 1_000;
  const [hubsMs, allMs] = [cpuMsOf(pids) - hubsCpu, cpuMsOf([...pids, process.pid]) - allCpu];
  const commits = (commitsOf(market.stores) - commitsBefore) / load.orders;
  if (profile !== undefined) await endProfiles(market.hubs, profile, load.name);
  await ghost.close();
  await market.stop();
  const reservationsAfter = (await postgres?.measure(POSTGRES_MS)) ?? Number.NaN;
  const reserved = (reservations + reservationsAfter) / 2;
  const fsyncMs = (disk + fdatasyncMs(directory)) / 2;
  const { name, orders: count } = load;
  const row = (metric: string, value: number, unit: string, baseline: string, by: number) => ({
    ...{ bench: 'contracts', case: name, metric, value, unit, baseline, ratio: value / by },
  });
  const probe = `fdatasync ${fsyncMs.toPrecision(3)} ms`;
  const signingMs = SIGNATURES * signatureCpuMs(market.lessees[0] as Lessee);
  const signing = `${SIGNATURES} signatures made and verified: ${signingMs.toPrecision(3)} ms`;
  const loop = `PostgreSQL reserves ${Math.round(reserved)} per second`;
  return [
    row('agreements', count / seconds, 'per second', loop, reserved),
    row('agreement_p50', quantile(latencies, 0.5), 'ms', probe, fsyncMs),
    row('agreement_p99', quantile(latencies, 0.99), 'ms', probe, fsyncMs),
    row('fsyncs_per_agreement', commits, 'fsyncs', 'one at each of 2 hubs', 2),
    row('cpu_of_hubs', hubsMs / count, 'ms per agreement', signing, signingMs),
    row('cpu_of_all', allMs / count, 'ms per agreement', signing, signingMs),
    row('lost_races', (frozen.lostRaces - lostBefore) / count, 'per agreement', 'none', 1),
  ];
}

/** Signed beforehand: that is the work of the lessees' own machines. */
function signedOrders(
  { lessees }: BenchMarket,
  { replicas }: Load,
  salt: string,
  count: number,
): { lessee: Lessee; document: SignedDocument }[] {
  return Array.from({ length: count }, (_, number) => {
    const lessee = lessees[number % lessees.length] as Lessee;
    const order = orderOf(lessee.id, `${salt} ${number}`, 1, replicas, lessee.crypto);
    const value = order as unknown as JsonValue;
    return { lessee, document: signDocument(lessee.crypto, lessee.id, 'buy-order', value) };
  });
}

/** Milliseconds from submitting to frozen, order by order; the load is spread over all hubs. */
async function run(
  frozen: FrozenEvents,
  orders: readonly { lessee: Lessee; document: SignedDocument }[],
  inFlight: number,
): Promise<number[]> {
  const latencies: number[] = [];
  let next = 0;
  const worker = async () => {
    for (let order = orders[next++]; order; order = orders[next++]) {
      const { lessee, document } = order;
      const startedAt = performance.now();
      const reply = await lessee.ask({ op: 'order.submit', document, taskPrivate: null });
      if (!reply.ok || reply.op !== 'order.submit') throw new Error(JSON.stringify(reply));
      await frozen.of(reply.order);
      latencies.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return latencies;
}

/** Processor time of one signature made and verified, now: what no implementation goes without. */
function signatureCpuMs({ crypto, publicKey }: Lessee): number {
  const text = 'x'.repeat(1_500);
  const before = process.cpuUsage();
  for (let probe = 0; probe < PROBES; probe += 1) {
    if (!crypto.verify(publicKey, text, crypto.sign(text))) throw new Error('not signed');
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / PROBES;
}

/** Resolves when all hubs know these lots. */
async function publish(market: BenchMarket, ghost: GhostHub, lots: number): Promise<void> {
  const lessors = lots / LOTS_PER_LESSOR;
  for (const door of market.doors.values()) await ghost.connect(door);
  for (const chunk of ghost.chunks(lessors, LOTS_PER_LESSOR)) {
    for (const [hub, door] of market.doors) ghost.send(door, ghost.framed(hub, [chunk]));
    // What is sent gets out of the memory while the next one is made.
    await setImmediate();
  }
  for (const lessee of market.lessees) await untilKnown(lessee, ghost.id, lessors);
}
