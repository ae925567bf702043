import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../budget.ts';
import { choicesOf } from './choices.ts';
import { generateGap } from './generate.ts';
import { GapLoads } from './loads.ts';
import { jobRowsOf } from './prices.ts';
import { repair } from './repair.ts';
import { solveGap } from './solve.ts';

describe('the first answer of a generalised assignment', () => {
  const sizes = [
    [15, 900],
    [60, 900],
    [20, 1_600],
    [80, 1_600],
  ] as const;

  it.each(
    sizes.flatMap(([agents, jobs]) =>
      (['c', 'd', 'e'] as const).map((type) => ({ type, agents, jobs })),
    ),
  )(
    'is there when the time is up before the search: type $type, $agents agents, $jobs jobs',
    (size) => {
      const instance = generateGap({ ...size, seed: size.agents });
      let asked = 0;
      const { status } = solveGap(instance, {
        seed: 1,
        timeIsUp: () => ++asked > 100,
        timeShare: () => 1,
      });
      expect(status).toBe('feasible');
    },
  );

  it('fits every agent from any start, and the loads say so', () => {
    const instance = generateGap({ type: 'd', agents: 10, jobs: 200, seed: 3 });
    const rows = jobRowsOf(instance);
    const loads = new GapLoads(instance, rows);
    const choices = choicesOf(instance, rows, new Float64Array(10).fill(1), 8);
    const random = new SeededRandom(5);
    for (let run = 0; run < 10; run++) {
      loads.bestTotal = Number.POSITIVE_INFINITY;
      loads.start(new Int32Array(200).map(() => random.below(10)));
      expect(loads.over).toBeGreaterThan(0);
      repair(loads, choices);
      expect(loads.bestTotal).toBeLessThan(Number.POSITIVE_INFINITY);
      const room = Array.from(instance.capacity);
      for (const [job, agent] of loads.best.entries()) {
        room[agent]! -= instance.weight[agent * 200 + job]!;
      }
      expect(Math.min(...room)).toBeGreaterThanOrEqual(0);
    }
  });

  it('ends without one where there is none', () => {
    const cost = new Int32Array(4).fill(1);
    const weight = new Int32Array(4).fill(3);
    const instance = { agents: 2, jobs: 2, cost, weight, capacity: Int32Array.of(5, 0) };
    const rows = jobRowsOf(instance);
    const loads = new GapLoads(instance, rows);
    loads.start(Int32Array.of(0, 0));
    repair(loads, choicesOf(instance, rows, new Float64Array(2), 2));
    expect(loads.bestTotal).toBe(Number.POSITIVE_INFINITY);
    expect(loads.over).toBe(1);
  });
});
