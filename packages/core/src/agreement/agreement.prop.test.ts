import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bench, type TargetSide } from '../../test/agreement-bench.ts';
import { RELEASE } from '../../test/sealed.ts';
import { replicasOf } from '../order/placement.ts';
import type { AgreementState, PartState } from './records.ts';
import { DEFAULT_TIMING } from './timing.ts';

/** What may happen between two messages; numbers choose among what there is. */
type Event =
  | { do: 'deliver' | 'repeat' | 'lose'; wire: number }
  | { do: 'wait'; ms: number }
  | { do: 'agents' }
  | { do: 'start'; h2: number; h3: number; atomic: boolean }
  | { do: 'release'; which: number }
  | { do: 'cancel'; which: number };

const wire = fc.nat({ max: 50 });
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('deliver' as const), wire }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('repeat' as const), wire }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lose' as const), wire }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('agents' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 500, 1_000, 3_000, 10_000, 61_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('start' as const),
      h2: fc.integer({ min: 1, max: 3 }),
      h3: fc.integer({ min: 1, max: 3 }),
      atomic: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), which: wire }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), which: wire }) },
);

function happen(bench: Bench, event: Event): void {
  const { agreements } = bench.first.agreements;
  switch (event.do) {
    case 'deliver':
    case 'repeat':
    case 'lose': {
      const at = event.wire % Math.max(1, bench.wires.length);
      const [chosen] = event.do === 'repeat' ? [bench.wires[at]] : bench.wires.splice(at, 1);
      if (chosen && event.do !== 'lose') bench.deliver(chosen);
      return;
    }
    case 'wait':
      return void bench.wait(event.ms);
    case 'agents':
      for (const target of bench.targets.values()) target.agentCatchesUp();
      return;
    case 'start': {
      const { h2, h3, atomic } = event;
      bench.start(`a${agreements.size}`, { h2, h3 }, { atomic, minReplicas: h2 });
      return;
    }
    case 'release': {
      const chosen = [...agreements.values()][event.which % Math.max(1, agreements.size)];
      // Another text each time: only the first one may count.
      const text = `${RELEASE}${event.which}`;
      for (const part of chosen?.parts ?? []) {
        if (chosen) bench.first.agreements.release(chosen, part, text);
      }
      return;
    }
    case 'cancel': {
      const chosen = [...agreements.values()][event.which % Math.max(1, agreements.size)];
      if (chosen?.state === 'preparing') bench.first.agreements.abort(chosen, 'ORDER_CANCELLED');
      else if (chosen && chosen.state !== 'aborted' && chosen.state !== 'ended') {
        bench.first.agreements.end(chosen, 'ORDER_CANCELLED');
      }
    }
  }
}

const PART_ORDER: PartState[] = ['held', 'active', 'running', 'stopping', 'ended'];
const AGREEMENT_ORDER: AgreementState[] = [
  'preparing',
  'committed',
  'running',
  'ending',
  'ended',
  'aborted',
];

/** Keeps the states seen last; a state never goes back. */
class Watch {
  readonly #seen = new Map<string, number>();
  readonly #texts = new Map<string, string>();

  check(bench: Bench): void {
    for (const { id, state } of bench.first.agreements.agreements.values()) {
      this.#forward(`agreement ${id}`, AGREEMENT_ORDER.indexOf(state));
    }
    for (const target of bench.targets.values()) {
      for (const part of target.parts.parts.values()) {
        this.#forward(`part ${part.id}`, PART_ORDER.indexOf(part.state));
        const agreement = bench.first.agreements.agreements.get(part.terms.agreement);
        if (part.runningAtMs !== null) expect(agreement?.runningAtMs).not.toBe(null);
        const released = agreement?.parts[part.terms.part]?.release ?? null;
        if (part.started) expect(released === null).toBe(!bench.isSealed);
        if (part.release !== null) expect(part.release).toBe(released);
        this.#once(`release ${part.id}`, released);
        if (part.settledMicro !== null) expect(part.settledMicro <= part.costMicro).toBe(true);
      }
      checkStock(target);
    }
  }

  /** What was there once is never another. */
  #once(name: string, text: string | null): void {
    const known = this.#texts.get(name);
    if (known !== undefined) expect(text, name).toBe(known);
    if (text !== null) this.#texts.set(name, text);
  }

  #forward(name: string, at: number): void {
    expect(at, name).toBeGreaterThanOrEqual(this.#seen.get(name) ?? 0);
    this.#seen.set(name, at);
  }
}

/** Offered = free + what live parts hold, and never less than nothing is free. */
function checkStock(target: TargetSide): void {
  const live = target.parts.ofLessor(target.lessor);
  const held = live.reduce((sum, part) => sum + 1000 * replicasOf(part.terms.placements), 0);
  expect(held).toBeLessThanOrEqual(4000);
  expect(target.freeMillicores).toBe(4000 - held);
}

describe('agreements under lost, repeated and reordered messages', () => {
  const events = fc.array(event, { minLength: 10, maxLength: 80 });

  /** @patent SIG-1 EXE-5 */
  it('safety: states only go forward, and stock is conserved after every event', () => {
    fc.assert(
      fc.property(events, fc.boolean(), (history, isSealed) => {
        const bench = new Bench(isSealed);
        const watch = new Watch();
        bench.start('first', { h2: 2, h3: 2 });
        for (const one of history) {
          happen(bench, one);
          watch.check(bench);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('liveness: once messages arrive again everything ends, is settled and given back', () => {
    fc.assert(
      fc.property(events, fc.boolean(), (history, isSealed) => {
        const bench = new Bench(isSealed);
        bench.start('first', { h2: 2, h3: 2 });
        for (const one of history) happen(bench, one);
        for (let round = 0; round < 40; round += 1) {
          bench.wait(DEFAULT_TIMING.retryMaxMs).settle().agentsCatchUp();
        }
        for (const agreement of bench.first.agreements.agreements.values()) {
          expect(bench.first.agreements.isClosed(agreement), agreement.state).toBe(true);
          for (const { terms, settleMicro } of agreement.parts) {
            const id = `${terms.agreement}.${terms.part}`;
            const there = bench.target(terms.targetHub).parts.parts.get(id);
            if (settleMicro !== null && there) expect(there.settledMicro).toBe(settleMicro);
          }
        }
        for (const target of bench.targets.values()) expect(target.freeMillicores).toBe(4000);
      }),
      { numRuns: 200 },
    );
  });
});
