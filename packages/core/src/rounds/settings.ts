/** When and how a hub solves orders jointly, and the bounds of it. */

export interface RoundSettings {
  /** So many orders waiting at once are solved jointly; fewer are matched at once, one by one. */
  ordersFrom: number;
  /** At most so many in one round, the oldest first; the others wait for the next. */
  ordersMost: number;
  /** Pairs of an order and a lot in one round: bounds memory and the longest single piece of work. */
  pairsMost: number;
  /** How long a solver may work on a full round; smaller ones get their share of it, 20 ms at least. */
  solveMs: number;
  /** Steps of the search instead of a time: the same answer every time. Null: by time. */
  iterations: number | null;
  /** Beyond `solveMs` by this much no answer is waited for: one by one is used. */
  patienceMs: number;
  /** Lots found in one step while a round is compiled or placed, a few microseconds each. */
  workPerStep: number;
  /** Orders placed in one step; each costs a signature per part, or a question to the index. */
  placedPerStep: number;
}

export const DEFAULT_ROUNDS: RoundSettings = {
  ordersFrom: 16,
  ordersMost: 512,
  pairsMost: 100_000,
  solveMs: 500,
  iterations: null,
  patienceMs: 5_000,
  workPerStep: 1_024,
  placedPerStep: 32,
};
