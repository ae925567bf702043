import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AgentBench, container } from '../../test/agent-bench.ts';

const ids = ['a.0', 'a.1', 'b.0'];

type Event =
  /** Told as a whole, or as what changed since so many revisions before. */
  | { do: 'desire'; epoch: number; revision: number; back: number | null }
  | { do: 'wait'; ms: number }
  | { do: 'restart' | 'repeat' };

const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('desire' as const),
      epoch: fc.integer({ min: 1, max: 2 }),
      revision: fc.integer({ min: 0, max: 8 }),
      back: fc.option(fc.nat({ max: 4 })),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1_000, 15_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('restart', 'repeat') }) },
);

describe('an agent that hears desired sets in any order, often, and restarts between', () => {
  // What the hub wants at each version: a container is not wanted again once it was dropped.
  const spans = fc.array(fc.tuple(fc.nat({ max: 17 }), fc.nat({ max: 17 })), {
    minLength: ids.length,
    maxLength: ids.length,
  });

  it('starts each container at most once and ends up with the newest set that it heard', () => {
    fc.assert(
      fc.property(spans, fc.array(event, { maxLength: 25 }), (lives, history) => {
        const bench = new AgentBench();
        const wantedAt = (epoch: number, revision: number) => {
          const version = 9 * (epoch - 1) + revision;
          const wanted = ids.filter((_, index) => {
            const [from, to] = lives[index] as [number, number];
            return from <= version && version <= to;
          });
          return wanted.map((id) => container(id, { durationMs: 10 ** 9, running: true }));
        };
        const goneSince = (epoch: number, since: number, revision: number) => {
          const wanted = new Set(wantedAt(epoch, revision).map(({ id }) => id));
          const seen: string[] = [];
          for (let at = since; at <= revision; at += 1) {
            seen.push(...wantedAt(epoch, at).map(({ id }) => id));
          }
          return seen.filter((id) => !wanted.has(id));
        };
        let newest = { epoch: 1, revision: -1 };
        for (const one of history) {
          if (one.do === 'wait') bench.wait(one.ms);
          else if (one.do === 'desire') {
            const { epoch, revision, back } = one;
            const since = back === null ? null : Math.max(0, revision - back);
            const wanted = wantedAt(epoch, revision);
            if (since === null) bench.desire(revision, wanted, epoch);
            else bench.change(since, revision, wanted, goneSince(epoch, since, revision), epoch);
            const isNewer = epoch === newest.epoch && revision > newest.revision;
            const follows = since === null || since <= newest.revision;
            if (isNewer ? follows : epoch > newest.epoch && since === null) {
              newest = { epoch, revision };
            }
          } else if (one.do === 'restart') bench.restartAgent();
          else if (newest.revision >= 0) {
            bench.desire(newest.revision, wantedAt(newest.epoch, newest.revision), newest.epoch);
          }
          const started = bench.agent.started.map(({ id }) => id);
          expect(new Set(started).size).toBe(started.length);
          const wanted = wantedAt(newest.epoch, newest.revision).map(({ id }) => id);
          if (newest.revision >= 0) expect([...bench.agent.running].sort()).toEqual(wanted);
        }
      }),
      { numRuns: 100 },
    );
  });
});
