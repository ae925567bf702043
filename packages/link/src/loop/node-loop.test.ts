/** The loop's promises, shown with a core of a few lines over real stores. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Send } from '@sparegrid/core/step';
import type { Now } from '@sparegrid/core/units/now';
import type { Write } from '@sparegrid/core/units/write';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryStore } from '../store/memory-store.ts';
import { openSqliteStore } from '../store/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { CLOCK_KEY, ElapsedClock, machineTime } from './elapsed-clock.ts';
import { type CoreStep, type Gather, NodeLoop } from './node-loop.ts';

/** Writes every input under its own name and answers it; wakes when told to. */
class EchoCore {
  readonly steps: { now: Now; inputs: string[]; diskLow: boolean }[] = [];
  wakeMs = Number.POSITIVE_INFINITY;

  step(now: Now, inputs: readonly string[], diskLow = false): CoreStep<string> {
    this.steps.push({ now, inputs: [...inputs], diskLow });
    this.wakeMs = Number.POSITIVE_INFINITY;
    if (inputs.includes('crash')) throw new Error('broken invariant: crash');
    return {
      writes: inputs
        .filter((input) => !input.startsWith('read'))
        .map((input): Write => ({ table: 't', key: input, text: input, live: true })),
      sends: inputs.map(sendOf),
      effects: [...inputs],
    };
  }

  nextWakeMs(): number {
    return this.wakeMs;
  }
}

function sendOf(input: string): Send {
  return { to: input, session: null, message: { type: 'snapshot-request', of: 'h1' } };
}

/** A loop whose releases and effects are recorded, and can be awaited by count. */
function loopOver(
  store: Store,
  options: { inboxMax?: number; diskFreeBytesMin?: number; gather?: Gather<string> } = {},
) {
  const core = new EchoCore();
  const log: string[] = [];
  const faults: unknown[] = [];
  let wanted = { count: Number.POSITIVE_INFINITY, reached: () => {} };
  const note = (line: string) => {
    log.push(line);
    if (log.length >= wanted.count) wanted.reached();
  };
  const clock = new ElapsedClock(null, machineTime());
  const loop = new NodeLoop<string, string>({
    core,
    store,
    clock,
    inboxMax: options.inboxMax ?? 100,
    diskFreeBytesMin: options.diskFreeBytesMin ?? 0,
    ...(options.gather && { gather: options.gather }),
    prepare: (sends) => {
      const ready = sends.map(({ to }) => `${to} ready after ${store.counts.commits}`);
      return () => {
        for (const one of ready) note(`send ${one}, after ${store.counts.commits}`);
      };
    },
    perform: (effect) => note(`effect ${effect}`),
    onFault: (error) => {
      faults.push(error);
      note('fault');
    },
  });
  const until = (count: number) =>
    new Promise<void>((reached) => {
      wanted = { count, reached };
      if (log.length >= count) reached();
    });
  return { core, clock, log, faults, loop, until };
}

/** A long word is as much as its letters. */
function gathering(ms: number, enough = 1_000): Gather<string> {
  return { ms, enough, weigh: (input) => input.length };
}

/** A busy machine takes less than this from one input to the next. */
const GATHER_MS = 1_000;
/** Timers may fire a moment early. */
const CLOCK_MS = 2;
/** As many inputs as make a step count as load. */
const MUCH = Array.from({ length: 16 }, (_, number) => `m${number}`);

describe('node loop', () => {
  let folder: string;
  let store: Store;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sparegrid-loop-'));
    store = await openSqliteStore(join(folder, 'node.db'));
  });

  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  it('steps once at the start, without inputs', async () => {
    const { core, loop } = loopOver(store);
    await loop.start();
    expect(core.steps).toMatchObject([{ inputs: [], diskLow: false }]);
    expect(store.counts.commits).toBe(0);
    await loop.stop();
  });

  it('makes messages ready during the commit of their step, and releases them only after it', async () => {
    const { log, loop, until } = loopOver(store);
    await loop.start();
    await loop.offer('a');
    expect(log).toEqual([]);
    await until(2);
    expect(log).toEqual(['send a ready after 0, after 1', 'effect a']);
    expect(await store.read('t', 'a')).toBe('a');
    await loop.stop();
  });

  it('commits what arrived together, or during a commit, in one transaction', async () => {
    const { core, loop, until } = loopOver(store);
    await loop.start();
    for (const input of ['a', 'b', 'c']) void loop.offer(input);
    await until(1);
    for (const input of ['d', 'e']) void loop.offer(input);
    await until(10);
    expect(core.steps.map((step) => step.inputs)).toEqual([[], ['a', 'b', 'c'], ['d', 'e']]);
    expect(store.counts.commits).toBe(2);
    await loop.stop();
  });

  it('gathers for a while after a step that wrote much', async () => {
    const { core, loop, until } = loopOver(store, { gather: gathering(GATHER_MS) });
    await loop.start();
    for (const input of MUCH) void loop.offer(input);
    await until(2 * MUCH.length);
    void loop.offer('a');
    await new Promise(setImmediate);
    void loop.offer('b');
    await until(2 * MUCH.length + 4);
    const [, first, second] = core.steps;
    expect(second?.inputs).toEqual(['a', 'b']);
    expect((second?.now.elapsedMs ?? 0) - (first?.now.elapsedMs ?? 0)).toBeGreaterThanOrEqual(
      GATHER_MS - CLOCK_MS,
    );
    await loop.stop();
  });

  it('gathers neither after a small step nor with a full inbox', async () => {
    const inboxMax = MUCH.length;
    const { core, loop, until } = loopOver(store, { gather: gathering(3_600_000), inboxMax });
    await loop.start();
    void loop.offer('a');
    await until(2);
    for (const input of MUCH) void loop.offer(input);
    await until(2 + 2 * MUCH.length);
    for (const input of MUCH) void loop.offer(input);
    await until(2 + 4 * MUCH.length);
    expect(core.steps.map(({ inputs }) => inputs.length)).toEqual([0, 1, 16, 16]);
    await loop.stop();
  });

  it('gathers no longer once there is enough to share a commit', async () => {
    const { core, loop, until } = loopOver(store, { gather: gathering(3_600_000, 50) });
    await loop.start();
    for (const input of MUCH) void loop.offer(input);
    await until(2 * MUCH.length);
    void loop.offer('a');
    await new Promise(setImmediate);
    expect(core.steps.length).toBe(2);
    void loop.offer('b'.repeat(49));
    await until(2 * MUCH.length + 4);
    expect(core.steps[2]?.inputs).toEqual(['a', 'b'.repeat(49)]);
    await loop.stop();
  });

  it('counts what came during a commit when it looks for enough', async () => {
    const { core, loop, until } = loopOver(store, { gather: gathering(3_600_000, 50) });
    await loop.start();
    for (const input of MUCH) void loop.offer(input);
    await new Promise(setImmediate);
    expect(core.steps.length).toBe(2);
    void loop.offer('b'.repeat(50));
    await until(2 * MUCH.length + 2);
    expect(core.steps[2]?.inputs).toEqual(['b'.repeat(50)]);
    await loop.stop();
  });

  it('answers reads that wait behind a write after its commit, in order', async () => {
    const { log, loop, until } = loopOver(store);
    await loop.start();
    void loop.offer('write');
    await new Promise(setImmediate);
    void loop.offer('read');
    await until(4);
    expect(log).toEqual([
      'send write ready after 0, after 1',
      'effect write',
      'send read ready after 1, after 1',
      'effect read',
    ]);
    await loop.stop();
  });

  it('makes those who offer wait while the inbox is full, and loses nothing', async () => {
    const { core, loop, log, until } = loopOver(store, { inboxMax: 2 });
    const taken: string[] = [];
    const inputs = ['a', 'b', 'c', 'd', 'e'];
    const offers = inputs.map(async (input) => {
      await loop.offer(input);
      taken.push(input);
    });
    await new Promise(setImmediate);
    expect(taken).toEqual(['a', 'b']);
    await loop.start();
    await Promise.all(offers);
    await until(10);
    expect(log.filter((line) => line.startsWith('effect'))).toEqual(
      inputs.map((input) => `effect ${input}`),
    );
    expect(Math.max(...core.steps.map((step) => step.inputs.length))).toBeLessThanOrEqual(2);
    await loop.stop();
  });

  it('releases nothing of a step whose commit failed, and stops', async () => {
    const { log, faults, loop, until } = loopOver(store);
    await loop.start();
    await store.close();
    void loop.offer('a');
    await until(1);
    void loop.offer('b');
    await new Promise(setImmediate);
    expect(log).toEqual(['fault']);
    expect(faults).toMatchObject([{ code: 'STORE_CLOSED' }]);
  });

  it('stops on a broken invariant', async () => {
    const { log, faults, loop, until } = loopOver(store);
    await loop.start();
    void loop.offer('crash');
    await until(1);
    expect(log).toEqual(['fault']);
    expect(faults).toMatchObject([{ message: 'broken invariant: crash' }]);
  });

  it('wakes the core when it asked to be', async () => {
    const { core, clock, loop } = loopOver(store);
    const wakeMs = clock.now().elapsedMs + 20;
    const woken = new Promise<Now>((resolve) => {
      const step = core.step.bind(core);
      core.step = (now, inputs, diskLow) => {
        // Timers may fire a moment early; the loop then sleeps once more.
        if (core.steps.length > 0 && now.elapsedMs >= wakeMs) resolve(now);
        const out = step(now, inputs, diskLow);
        if (now.elapsedMs < wakeMs) core.wakeMs = wakeMs;
        return out;
      };
    });
    await loop.start();
    expect((await woken).elapsedMs).toBeGreaterThanOrEqual(wakeMs);
    await loop.stop();
  });

  it('tells the core when the disk is low', async () => {
    const { core, loop } = loopOver(store, { diskFreeBytesMin: Number.MAX_SAFE_INTEGER });
    await loop.start();
    expect(core.steps).toMatchObject([{ diskLow: true }]);
    await loop.stop();
  });

  it('finishes the commit under way before it stops, and takes nothing after', async () => {
    const { core, log, loop } = loopOver(store);
    await loop.start();
    void loop.offer('a');
    await new Promise(setImmediate);
    void loop.offer('b');
    await loop.stop();
    void loop.offer('c');
    await new Promise(setImmediate);
    expect(log).toEqual(['send a ready after 0, after 1', 'effect a']);
    expect(core.steps.length).toBe(2);
  });

  it('commits the clock together with every step that writes', async () => {
    const memory = new MemoryStore();
    const { core, loop, until } = loopOver(memory);
    await loop.start();
    void loop.offer('a');
    await until(2);
    const record = JSON.parse((await memory.read('meta', CLOCK_KEY)) ?? '{}');
    expect(record.elapsedMs).toBe(core.steps[1]?.now.elapsedMs);
    await loop.stop();
  });
});
