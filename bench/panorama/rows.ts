/** Rows of another hub as one hub takes them in: changes per second, and a whole part anew. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Message } from '@sparegrid/core/messages';
import { canonicalJson, type JsonValue } from '@sparegrid/core/units/json';
import { framePacket, packed } from '@sparegrid/link/nats/parcel';
import { cpuMsOf } from '../cpu-of-processes.ts';
import { type BenchMarket, openMarket } from '../e2e/market.ts';
import type { Result } from '../result.ts';
import { GhostHub } from './ghost-hub.ts';

const CHANGES = 200_000;
/** Of which the hub's program is not yet as fast as it will be. */
const WARM_UP = 20_000;
const HUB = 'h1';

/** @param rows half of them resources, half offers of one lot. */
export async function benchRows(report: (result: Result) => void, rows: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'sparegrid-bench-'));
  const ghost = new GhostHub();
  const { id, publicKey } = ghost;
  const morePeers = [{ id, publicKey, mesh: join(directory, 'run', 'nobody.sock') }];
  const market = await openMarket(directory, () => {}, { lessorsPerHub: 1, cores: 1, morePeers });
  const row = (metric: string, value: number, unit: string, baseline: string, by: number) =>
    report({
      ...{ bench: 'panorama', case: `${rows} rows`, metric, value, unit, baseline },
      ratio: value / by,
    });
  try {
    await ghost.connect(market.doors.get(HUB) as string);
    const snapshot = await measure(market, ghost, () => ghost.snapshot(rows / 2, 1));
    const parsed = `JSON.parse of the same frames ${snapshot.parseMs.toPrecision(3)} ms`;
    row('resynchronisation', snapshot.ms, 'ms', parsed, snapshot.parseMs);
    row('resynchronisation_cpu', snapshot.cpuMs, 'ms', parsed, snapshot.parseMs);
    const packing = `packed as over NATS ${(snapshot.packedBytes / rows).toPrecision(3)}`;
    const { bytes, packedBytes } = snapshot;
    row('snapshot_bytes', bytes / rows, 'bytes per row', packing, packedBytes / rows);
    await measure(market, ghost, () => ghost.sales(WARM_UP, rows / 2));
    for (const [metric, changesOf] of [
      ['updates', () => ghost.sales(CHANGES, rows / 2)],
      ['price_updates', () => ghost.prices(CHANGES, rows / 2)],
    ] as const) {
      const { ms, cpuMs, parseMs, makeMs } = await measure(market, ghost, changesOf);
      const micro = (of: number) => (of * 1_000) / CHANGES;
      const parsing = `JSON.parse of the same frames ${micro(parseMs).toPrecision(3)} us`;
      const target = 'target 50,000';
      row(`${metric}_applied`, (CHANGES * 1_000) / ms, 'per second', target, 50_000);
      row(`${metric}_cpu`, micro(cpuMs), 'us each', parsing, micro(parseMs));
      row(`${metric}_made`, micro(makeMs), 'us each', parsing, micro(parseMs));
    }
  } finally {
    await ghost.close();
    await market.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Until the hub says that it has them: its answers wait for their steps like everybody's. */
async function measure(market: BenchMarket, ghost: GhostHub, make: () => readonly Message[]) {
  let frames: ReturnType<GhostHub['framed']> = [];
  const makeMs = msOf(() => {
    frames = ghost.framed(HUB, make());
  });
  const parseMs = msOf(() => {
    for (const { text } of frames) JSON.parse(text);
  });
  const sum = (sizes: readonly number[]) => sizes.reduce((all, size) => all + size, 0);
  const bytes = sum(frames.map(({ text }) => text.length));
  const packedBytes = sum(
    frames.map(({ text, signature }) => packed(framePacket(text, signature)).length),
  );
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
  return { ms, cpuMs: cpuMsOf([pid]) - cpuBefore, parseMs, makeMs, bytes, packedBytes };
}

function msOf(work: () => void): number {
  const startedAt = performance.now();
  work();
  return performance.now() - startedAt;
}
