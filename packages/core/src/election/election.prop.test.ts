import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ElectionNetwork, PATIENCE_MS } from '../../test/election-network.ts';

/** One thing that happens: time passes, or something on the way arrives, is lost, or comes twice. */
const event = fc.oneof(
  fc.record({ kind: fc.constant('run' as const), ms: fc.integer({ min: 1, max: PATIENCE_MS }) }),
  fc.record({ kind: fc.constant('deliver' as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant('deliver' as const), pick: fc.constant(0) }),
  fc.record({ kind: fc.constant('settle' as const) }),
  fc.record({ kind: fc.constant('lose' as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant('repeat' as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant('restart' as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant('cut' as const), pick: fc.nat() }),
);

type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

function play(network: ElectionNetwork, events: readonly Event[]) {
  const ids = [...network.voters.keys()];
  for (const one of events) {
    if (one.kind === 'run') network.run(one.ms, false);
    else if (one.kind === 'settle') network.settle();
    else if (one.kind === 'restart') network.restart(ids[one.pick % ids.length] as string);
    else if (one.kind === 'cut') {
      const away = ids[one.pick % ids.length];
      network.isCut = (from, to) => (one.pick % 3 === 0 ? to === away : from === away);
    } else if (network.letters.length > 0) {
      const at = one.pick % network.letters.length;
      const [letter] = one.kind === 'repeat' ? [] : network.letters.splice(at, 1);
      if (one.kind === 'deliver' && letter) network.deliver(letter);
      const again = one.kind === 'repeat' ? network.letters[at] : undefined;
      if (again) network.deliver(again);
    }
  }
}

describe('elections of any size, whatever is lost, late, or twice', () => {
  const size = fc.integer({ min: 1, max: 5 });
  const events = fc.array(event, { maxLength: 120 });

  /** Promise 6. @patent PAN-7 PAN-8 */
  it('safety: at most one hub leads per term', () => {
    fc.assert(
      fc.property(size, events, (count, happened) => {
        const network = new ElectionNetwork(count);
        play(network, happened);
        for (const [term, leaders] of network.leaders) {
          expect(leaders.size, `leaders of term ${term}`).toBe(1);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('liveness: once faults stop, all hubs follow one leader', () => {
    fc.assert(
      fc.property(size, events, (count, happened) => {
        const network = new ElectionNetwork(count);
        play(network, happened);
        network.isCut = () => false;
        network.run(20 * PATIENCE_MS);
        expect(new Set(network.followed)).toEqual(new Set([network.leader]));
        expect(network.leader).not.toBeNull();
      }),
      { numRuns: 200 },
    );
  });
});
