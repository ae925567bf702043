/** What a connection that was half open delivers after its expiry has no effect. */
import { setTimeout as after } from 'node:timers/promises';
import { DEFAULT_TIMING } from '@sparegrid/core/agreement/timing';
import { hasNatsServer } from '@sparegrid/link/nats/for-tests';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { submitAttended } from '../attended.ts';
import { orderOf } from '../e2e/running-devnet.ts';
import { Bed } from './bed.ts';
import { hasNamespaces } from './namespaces.ts';
import { until, untilSettled } from './settled.ts';

/** The least that a client's frames ask for; a frame is good for so long and the tolerance. */
const FRAME_TTL_MS = 15_000;
const TIMING = { frameTtlMs: FRAME_TTL_MS, toleranceMs: 500, holdMs: 5_000, startGraceMs: 15_000 };
/** Every question about the first agreement is too old then: they end with its vote time-out. */
const LATE_MS = FRAME_TTL_MS + TIMING.toleranceMs + DEFAULT_TIMING.voteTimeoutMs + 1_000;

describe.skipIf(!hasNatsServer() || !hasNamespaces())('frames that arrive too late', () => {
  let bed: Bed;

  beforeAll(async () => {
    bed = await Bed.open({ timing: TIMING });
  }, 120_000);
  afterAll(() => bed?.close());

  it('are refused by the hub that they were for; the order completes by later ones, once', async () => {
    // Its kernel goes on to acknowledge what its process does not read.
    bed.signal('h2', 'SIGSTOP');
    const id = await submitAttended(bed.client('h1'), orderOf(4, 300));
    await until('it is asked', async () => {
      const { agreements } = await bed.recordsOf('h1');
      return agreements.some(({ order }) => order === id);
    });
    await after(LATE_MS);
    bed.signal('h2', 'SIGCONT');
    await until('frames are refused', async () => bed.said('h2').includes('LINK_EXPIRED'));
    await untilSettled(bed, 'late frames');
    expect((await bed.client('h1').getOrder(id)).state).toBe('completed');
    const { parts } = await bed.recordsOf('h2');
    expect(parts.filter(({ terms }) => terms.agreement === `${id}-1`)).toEqual([]);
  }, 200_000);
});
