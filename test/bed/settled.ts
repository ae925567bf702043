/** Waits for what the stores of a test bed must come to, looking again and again at what may never be. */
import { setTimeout as after } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Bed } from './bed.ts';
import { REPLICAS_PER_LESSOR } from './bed-files.ts';
import { soldOf, wrongsOf } from './recount.ts';

const LOOK_MS = 50;
const END_MS_MAX = 150_000;
/**
 * So much later than every daemon serves and every cut is healed, all hubs know the same. On a machine
 * with processor time to spare 5 s are enough: SPAREGRID_BED_AGREE_MS=5000.
 */
export const AGREE_MS_MAX = Number(process.env['SPAREGRID_BED_AGREE_MS'] ?? 60_000);

/** Resolves when it is so; nobody tells a bystander when another process has written something. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + END_MS_MAX;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`not within ${END_MS_MAX} ms: ${what}`);
    await after(LOOK_MS);
  }
}

/** Everything has ended as promised; at no look on the way was anything sold twice. */
export async function untilSettled(bed: Bed, when: string): Promise<void> {
  let wrongs: string[] = [];
  const isSettled = async () => {
    const records = await bed.allRecords();
    for (const [lessor, replicas] of soldOf(records)) {
      expect(replicas, `${when}: replicas sold of ${lessor}`).toBeLessThanOrEqual(
        REPLICAS_PER_LESSOR,
      );
    }
    wrongs = wrongsOf(records);
    return wrongs.length === 0;
  };
  await until(when, isSettled).catch((error: Error) => {
    throw new Error(`${error.message}\n${wrongs.join('\n')}`);
  });
}

/** Milliseconds from now until all hubs know the same of each other. */
export function msUntilAgreed(bed: Bed): Promise<number> {
  return msUntil(until('panoramas agree', () => bed.panoramasAgree()));
}

/** Milliseconds from now until it is settled. */
export async function msUntil(done: Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await done;
  return performance.now() - startedAt;
}
