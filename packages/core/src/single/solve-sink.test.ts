import { describe, expect, it } from 'vitest';
import { sinkFlaw } from './check-sink.ts';
import { lessorsOf, relax } from './relaxation.ts';
import { drawSink, SINK_GROUPS } from './sink-groups.ts';
import type { SinkInstance } from './sink-instance.ts';
import { solveSink } from './solve-sink.ts';
import { sortedOrder } from './sorted-order.ts';

function instanceOf(demand: number, lessors: readonly (readonly number[])[]): SinkInstance {
  const column = (at: number) => Float64Array.from(lessors, (lessor) => lessor[at] ?? 0);
  return { demand, capacity: column(0), unitCost: column(1), fixedCost: column(2) };
}

describe('the exact solver of one order', () => {
  it('needs nobody for nothing', () => {
    const { status, cost } = solveSink(instanceOf(0, [[5, 1, 1]]));
    expect({ status, cost }).toEqual({ status: 'optimal', cost: 0 });
  });

  it('says so when all lessors together have too little', () => {
    const answer = solveSink(
      instanceOf(9, [
        [4, 1, 1],
        [4, 1, 1],
      ]),
    );
    expect(answer.status).toBe('infeasible');
    expect(answer.amounts).toHaveLength(0);
  });

  it('lets the partly used lessor be one that the relaxation uses fully', () => {
    const drawn = instanceOf(11, [
      [6, 1, 0],
      [6, 0, 6],
      [8, 2, 30],
    ]);
    const { amounts, cost } = solveSink(drawn);
    expect([...amounts]).toEqual([5, 6, 0]);
    expect(cost).toBe(11);
  });

  it('takes everybody when everything is wanted', () => {
    const { amounts, status } = solveSink(
      instanceOf(6, [
        [1, 9, 9],
        [2, 0, 0],
        [3, 1, 1],
      ]),
    );
    expect([...amounts]).toEqual([1, 2, 3]);
    expect(status).toBe('optimal');
  });

  it('proves machines of one size and price without trying their sums', () => {
    const alike = Array.from({ length: 5_000 }, () => [7, 3, 11]);
    const { status, states } = solveSink(instanceOf(16_666, alike));
    expect(status).toBe('optimal');
    expect(states).toBeLessThan(1_000);
  });

  it.each(SINK_GROUPS)('solves group %s at 500 to 25,000 lessors, near its relaxation', (group) => {
    for (const lessors of [500, 1_000, 5_000, 25_000]) {
      for (const demandShare of [0.1, 0.5, 0.9]) {
        const drawn = drawSink({ group, lessors, seed: lessors, demandShare });
        const { status, cost, amounts } = solveSink(drawn);
        expect(status).toBe('optimal');
        expect(sinkFlaw(drawn, amounts, cost)).toBeNull();
        const { bound } = relax(lessorsOf(drawn));
        expect(bound).toBeLessThanOrEqual(cost * (1 + 1e-12));
        expect(cost - bound).toBeLessThan(0.02 * cost);
      }
    }
  });

  const WITH_CONSTANT = {
    'f = b + 100': (has: number) => [has, 0, has + 100],
    'f = b - 100': (has: number) => [has + 100, 0, has],
    'f = b + 100,000,000': (has: number) => [has, 0, has + 1e8],
    'c = 1, f = 100': (has: number) => [has, 1, 100],
    'c b + f = 10 b + 100': (has: number) => [has, has % 10, (10 - (has % 10)) * has + 100],
    'f = b up to 1,000,000,000': (has: number, fine: number, finer: number) => {
      const large = (has - 1) * 1_000_000 + (fine - 1) * 1_000 + finer;
      return [large, 0, large];
    },
  };

  it.each(Object.entries(WITH_CONSTANT))(
    'proves lessors that differ in size alone: %s',
    (_, of) => {
      for (const count of [1_000, 25_000]) {
        const [sizes, fine, finer] = [1, 2, 3].map((seed) => {
          return drawSink({ group: 'uncorrelated', lessors: count, seed }).capacity;
        }) as [Float64Array, Float64Array, Float64Array];
        const lessors = Array.from(sizes, (has, at) => of(has, fine[at] ?? 1, finer[at] ?? 1));
        const sum = lessors.reduce((total, [has = 0]) => total + has, 0);
        for (const share of [0.13, 0.61]) {
          const drawn = instanceOf(Math.floor(sum * share), lessors);
          const { status, amounts, cost } = solveSink(drawn);
          expect(status).toBe('optimal');
          expect(sinkFlaw(drawn, amounts, cost)).toBeNull();
        }
      }
    },
  );

  it('asks for the time and keeps the best answer when it is up', () => {
    const alike = Array.from({ length: 2_000 }, (_, at) => [2 + (at % 900), 0, 102 + (at % 900)]);
    const drawn = instanceOf(400_001, alike);
    let asked = 0;
    const answer = solveSink(drawn, { timeIsUp: () => ++asked > 2 });
    expect(answer.lowerBound).toBeLessThanOrEqual(answer.cost);
    expect(sinkFlaw(drawn, answer.amounts, answer.cost)).toBeNull();
  });
});

describe('the check of an answer', () => {
  const drawn = instanceOf(5, [
    [4, 1, 2],
    [4, 2, 1],
  ]);

  it('refuses amounts that are not whole, too many, too few, or dearer than said', () => {
    expect(sinkFlaw(drawn, [4, 1], 9)).toBeNull();
    expect(sinkFlaw(drawn, [4, 1], 8)).toContain('costs 9');
    expect(sinkFlaw(drawn, [5, 0], 7)).toContain('lessor 0');
    expect(sinkFlaw(drawn, [4, 0], 6)).toContain('4 given of 5');
    expect(sinkFlaw(drawn, [4.5, 0.5], 6)).toContain('lessor 0');
    expect(sinkFlaw(drawn, [5], 6)).toContain('1 amounts');
  });
});

describe('the radix sort', () => {
  it('sorts like the language does, and keeps the order of equals', () => {
    const keys = Float64Array.from({ length: 3_000 }, (_, at) => Math.sqrt((at * 7_919) % 1_013));
    keys[5] = 1e300;
    keys[6] = -0;
    keys[7] = 5e-324;
    const expected = [...keys.keys()].sort(
      (a, b) => (keys[a] as number) - (keys[b] as number) || a - b,
    );
    expect([...sortedOrder(keys)]).toEqual(expected);
  });
});
