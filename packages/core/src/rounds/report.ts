/** What a hub tells of its rounds: sums only, whoever asks. */
import type { Micro } from '../units/money.ts';

/** The last round of a hub. */
export interface RoundReport {
  round: number;
  orders: number;
  filled: number;
  replicas: number;
  /** Which answer was used: `alone` is one by one, because it was no worse or the other no answer. */
  used: 'joint' | 'alone';
  /** Why the solver's answer was not used although one came; null otherwise. */
  fault: string | null;
  /** What the filled orders pay at most. */
  costMicro: Micro;
  /** Of the programme, limits of unfilled orders included; null when no answer was used. */
  objectiveMicro: Micro | null;
  boundMicro: Micro | null;
  gapPpm: number | null;
  /** Filled by the round, but the lots were no longer as they had been. */
  lost: number;
  ms: number;
  solveMs: number;
}

/** What one more unit would be worth to the round's orders, on the mean over a region's lots. */
export interface ShadowPrice {
  /** Label `region` of the lots; empty without one. */
  region: string;
  lots: number;
  cpuMicroPerCoreHour: Micro;
  memoryMicroPerGibHour: Micro;
  storageMicroPerGibHour: Micro;
  bandwidthMicroPerGbitHour: Micro;
  deviceMicroPerHour: Micro;
}

export interface RoundStatus {
  stage: 'idle' | 'compiling' | 'solving' | 'placing';
  /** Orders in the round under way, and those that wait for the next. */
  inRound: number;
  waiting: number;
  /** Rounds of this life of the hub, and what came of their orders in all. */
  rounds: number;
  joint: number;
  placed: number;
  lost: number;
  /** Answers of the solver that the checker refused. */
  refused: number;
  last: RoundReport | null;
  shadowPrices: ShadowPrice[];
}
