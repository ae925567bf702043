import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REPLAY_WINDOW, ReplayWindow } from './replay-window.ts';

/** Near each other, a window apart, and far away. */
const seqs = fc.array(
  fc.oneof(fc.nat({ max: 50 }), fc.integer({ min: 1000, max: 1100 }), fc.nat({ max: 5000 })),
  { maxLength: 100 },
);

describe('a replay window', () => {
  it('accepts like a set that refuses what is older than the window, also across restarts', () => {
    fc.assert(
      fc.property(seqs, fc.nat({ max: 99 }), (sent, restartAt) => {
        let window = new ReplayWindow();
        const seen = new Set<number>();
        let high = -1;
        for (const [index, seq] of sent.entries()) {
          if (index === restartAt) {
            window = ReplayWindow.restore(JSON.parse(JSON.stringify(window.record())));
          }
          const expected = !seen.has(seq) && seq > high - REPLAY_WINDOW;
          expect(window.accept(seq, index)).toBe(expected);
          if (!expected) continue;
          seen.add(seq);
          high = Math.max(high, seq);
          expect(window.record()).toMatchObject({ high, lastMs: index });
        }
      }),
    );
  });

  it('stays small', () => {
    const window = new ReplayWindow();
    for (let seq = 0; seq < 5000; seq += 1) window.accept(seq, 0);
    expect(window.record().seen.length).toBe(REPLAY_WINDOW / 4);
  });
});
