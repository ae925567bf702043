/** What a hub's loop and its other callers feel while a round is solved beside it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signDocument } from '@sparegrid/core/units/document';
import type { JsonValue } from '@sparegrid/core/units/json';
import type { Lessee } from '@sparegrid/sim/replay/lessee';
import type { HubProcess } from '../e2e/hub-process.ts';
import { orderOf } from '../e2e/machine.ts';
import { openMarket } from '../e2e/market.ts';
import { type Bench, quantile, type Result } from '../result.ts';

const ORDERS = 2_000;
const IN_ROUND = 1_000;
const SOLVE_MS = 10_000;
/** More is wanted than there is, in sizes that do not fill a lot of 8 cores evenly. */
const MARKET = { lessorsPerHub: 150, cores: 8, morePeers: [] };
const CORES_WANTED = [3, 5, 2, 7, 4, 6, 3];
const ROUNDS = {
  ordersMost: IN_ROUND,
  pairsMost: 1_000_000,
  solveMs: SOLVE_MS,
  patienceMs: 3 * SOLVE_MS,
};
const PAUSE_MS = 10;
const QUIET_ASKED = 500;

export const benchRounds: Bench = async (report) => {
  const directory = mkdtempSync(join(tmpdir(), 'sparegrid-bench-'));
  try {
    for (const result of await measure(directory)) report(result);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

interface Felt {
  loop: { p50: number; p99: number };
  /** Milliseconds from a request to its answer. */
  answers: number[];
}

async function measure(directory: string): Promise<Result[]> {
  const market = await openMarket(directory, () => {}, { ...MARKET, rounds: ROUNDS });
  try {
    const lessee = market.lessees[0] as Lessee;
    const hub = market.hubs[0] as HubProcess;
    const quiet = await feel(hub, lessee, (_, asked) => asked < QUIET_ASKED);
    const submitting = Array.from({ length: ORDERS }, (_, number) => submit(lessee, number));
    while (!(await isSolving(lessee))) await pause();
    const busy = await feel(hub, lessee, (solving) => solving);
    await Promise.all(submitting);
    return rows(quiet, busy);
  } finally {
    await market.stop();
  }
}

/** Asks the hub for its status again and again, as long as `goesOn`. */
async function feel(
  hub: HubProcess,
  lessee: Lessee,
  goesOn: (solving: boolean, asked: number) => boolean,
): Promise<Felt> {
  await hub.loopDelay();
  const answers: number[] = [];
  for (let solving = true; goesOn(solving, answers.length); ) {
    const startedAt = performance.now();
    solving = await isSolving(lessee);
    answers.push(performance.now() - startedAt);
    await pause();
  }
  return { loop: await hub.loopDelay(), answers };
}

/** Whether a large round is with the solver. */
async function isSolving(lessee: Lessee): Promise<boolean> {
  const reply = await lessee.ask({ op: 'hub.status' });
  if (!reply.ok || reply.op !== 'hub.status') throw new Error('no status');
  const { rounds } = reply.status;
  return rounds?.stage === 'solving' && rounds.inRound > IN_ROUND / 2;
}

async function submit(lessee: Lessee, number: number): Promise<void> {
  const cores = CORES_WANTED[number % CORES_WANTED.length] as number;
  const order = orderOf(lessee.id, `round ${number}`, cores, 1, lessee.crypto);
  const value = order as unknown as JsonValue;
  const document = signDocument(lessee.crypto, lessee.id, 'buy-order', value);
  const reply = await lessee.ask({ op: 'order.submit', document, taskPrivate: null });
  if (!reply.ok) throw new Error(`${reply.code} ${reply.hint}`);
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

function rows(quiet: Felt, busy: Felt): Result[] {
  const name = `up to ${IN_ROUND} orders solved for ${SOLVE_MS / 1_000} s, asked ${busy.answers.length} times`;
  const row = (metric: string, value: number, before: number): Result => ({
    ...{ bench: 'rounds', case: name, metric, value, unit: 'ms' },
    baseline: `quiet hub, ${before.toPrecision(3)} ms`,
    ratio: value / before,
  });
  return [
    row('loop_delay_p50', busy.loop.p50, quiet.loop.p50),
    row('loop_delay_p99', busy.loop.p99, quiet.loop.p99),
    row('answer_p50', quantile(busy.answers, 0.5), quantile(quiet.answers, 0.5)),
    row('answer_p99', quantile(busy.answers, 0.99), quantile(quiet.answers, 0.99)),
  ];
}
