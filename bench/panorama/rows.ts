/** Rows of another hub as one hub takes them in: changes per second, and a whole part anew. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Message } from '@sparegrid/core/messages';
import { canonicalJson, type JsonValue } from '@sparegrid/core/units/json';
import { cpuMsOf } from '../cpu-of-processes.ts';
import { type BenchMarket, openMarket } from '../e2e/market.ts';
import type { Result } from '../result.ts';
import { GhostHub } from './ghost-hub.ts';

const LESSORS = 100_000;
const CHANGES = 50_000;
const HUB = 'h1';

export async function benchRows(report: (result: Result) => void): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'sparegrid-bench-'));
  const ghost = new GhostHub();
  const { id, publicKey } = ghost;
  const morePeers = [{ id, publicKey, mesh: join(directory, 'run', 'nobody.sock') }];
  const market = await openMarket(directory, () => {}, { lessorsPerHub: 1, cores: 1, morePeers });
  try {
    await ghost.connect(market.doors.get(HUB) as string);
    const snapshot = await measure(market, ghost, ghost.snapshot(LESSORS, 1));
    const changes = await measure(market, ghost, ghost.changes(CHANGES, LESSORS, 1));
    const row = (metric: string, value: number, unit: string, baseline: string, by: number) =>
      report({
        ...{ bench: 'panorama', case: `${LESSORS} rows of one lot`, metric, value, unit, baseline },
        ratio: value / by,
      });
    const parsing = `JSON.parse of the same frames ${changes.parseMs.toPrecision(3)} ms`;
    row('updates_applied', (CHANGES * 1_000) / changes.ms, 'per second', 'target 50,000', 50_000);
    row('updates_cpu', changes.cpuMs, 'ms', parsing, changes.parseMs);
    const parsed = `JSON.parse of the same frames ${snapshot.parseMs.toPrecision(3)} ms`;
    row('resynchronisation', snapshot.ms, 'ms', parsed, snapshot.parseMs);
    row('resynchronisation_cpu', snapshot.cpuMs, 'ms', parsed, snapshot.parseMs);
  } finally {
    await ghost.close();
    await market.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Until the hub says that it has them: its answers wait for their steps like everybody's. */
async function measure(market: BenchMarket, ghost: GhostHub, messages: readonly Message[]) {
  const frames = ghost.framed(HUB, messages);
  const parseMs = msOf(() => {
    for (const { text } of frames) JSON.parse(text);
  });
  const pid = market.hubs[0]?.pid as number;
  const cpuBefore = cpuMsOf([pid]);
  const startedAt = performance.now();
  ghost.send(market.doors.get(HUB) as string, frames);
  for (let revision = 0; revision < ghost.revision; ) {
    const reply = await market.lessees[0]?.ask({ op: 'hub.status' });
    if (!reply?.ok || reply.op !== 'hub.status') throw new Error(canonicalJson(reply as JsonValue));
    revision = reply.status.parts.find(({ hub }) => hub === ghost.id)?.revision ?? 0;
  }
  const ms = performance.now() - startedAt;
  return { ms, cpuMs: cpuMsOf([pid]) - cpuBefore, parseMs };
}

function msOf(work: () => void): number {
  const startedAt = performance.now();
  work();
  return performance.now() - startedAt;
}
