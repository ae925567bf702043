/** How slowly to dive: so that all orders are settled when the time for it is over. */
import type { SolveBudget } from './budget.ts';
import type { DivePace } from './dive.ts';

/** Without a clock. */
const COUNTED: DivePace = { rounds: 40, share: 0.05 };
const SHARE = 0.05;
/** Before the speed is known. */
const ROUNDS_FIRST = 20;
const ROUNDS_LEAST = 6;
const ROUNDS_MOST = 150;
const SHARE_LEAST = 0.02;
/** The pace keeps to the time given on the mean; so much later it is cut off. */
const LATE = 0.05;

export function paceOf(
  { timeShare, timeIsUp }: SolveBudget,
  end: number,
): { pace: (open: number) => DivePace; timeIsUp: () => boolean } {
  const isUp = () => timeIsUp?.() === true;
  if (!timeShare) return { pace: () => COUNTED, timeIsUp: isUp };
  let from = timeShare();
  /** Orders times rounds since then. */
  let work = 0;
  const pace = (open: number): DivePace => {
    const now = timeShare();
    const speed = (now - from) / work;
    from = now;
    let rounds = ROUNDS_FIRST;
    let share = SHARE;
    if (work > 0 && speed > 0) {
      // Settling a fixed share each time, all to come is as much as `1 / share` full stretches.
      rounds = Math.floor((share * Math.max(0, end - now)) / (speed * open));
    }
    if (rounds > ROUNDS_MOST) {
      share = Math.max(SHARE_LEAST, (share * ROUNDS_MOST) / rounds);
      rounds = ROUNDS_MOST;
    }
    if (rounds < ROUNDS_LEAST) {
      share = Math.min(1, (share * ROUNDS_LEAST) / Math.max(1e-9, rounds));
      rounds = ROUNDS_LEAST;
    }
    work = rounds * (1 - share) * open;
    return { rounds, share };
  };
  return { pace, timeIsUp: () => isUp() || timeShare() >= end + LATE };
}
