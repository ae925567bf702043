/** Which faults a seed has, and how strong: swarm testing varies both from seed to seed. */
import type { Rng } from '../kernel/rng.ts';

export const FAULT_MODES = ['none', 'lite', 'swarm', 'restores'] as const;
export type FaultMode = (typeof FAULT_MODES)[number];

/** All amounts are counts over the whole run unless a unit says otherwise; 0 switches off. */
export interface FaultPlan {
  mode: FaultMode;
  /** Virtual time at which every fault stops. */
  untilMs: number;
  lossPermille: number;
  duplicatePermille: number;
  delayMaxMs: number;
  /** Share of frames that take up to `stragglerMaxMs`, so that later ones overtake them. */
  stragglerPermille: number;
  stragglerMaxMs: number;
  /** Rows of the panoramas reach other hubs up to so much later than messages do. */
  rowLagMaxMs: number;
  cuts: number;
  cutMaxMs: number;
  oneWayPermille: number;
  /** Chance that a message of the agreement protocol is followed by a cut of the link it took. */
  spitefulCutPermille: number;
  /** Parts about which nothing reaches the target hub from its vote until the hold has run out. */
  mutedParts: number;
  crashes: Record<CrashPhase, number>;
  downMaxMs: number;
  standstills: number;
  standstillMaxMs: number;
  wallJumps: number;
  wallJumpMaxMs: number;
  /** Hubs whose commits take up to `slowCommitMaxMs`. */
  slowHubs: number;
  slowCommitMaxMs: number;
  startFailurePermille: number;
  slowStartPermille: number;
  replays: number;
  forgeries: number;
  badDocuments: number;
  /** One of the hubs lies with its own keys. */
  hasLiar: boolean;
  /** Times at which a hub takes what other hubs send it one frame after the other, slowly. */
  slowPeers: number;
  slowPeerMaxMs: number;
  /** Wall clocks of nodes are off by up to this, within the tolerance, from beginning to end. */
  skewMaxMs: number;
  /** Times at which a hub comes back on an older copy of its store. */
  restores: number;
  /** Hubs that begin to sign with another key, which the operator listed beside the former one. */
  keyChanges: number;
}

export const CRASH_PHASES = ['idle', 'beforeCommit', 'afterCommit', 'agent'] as const;
export type CrashPhase = (typeof CRASH_PHASES)[number];

export function planFaults(mode: FaultMode, untilMs: number, rng: Rng): FaultPlan {
  if (mode === 'none') return quiet(mode, untilMs);
  if (mode === 'lite') {
    return {
      ...quiet(mode, untilMs),
      lossPermille: 20,
      duplicatePermille: 20,
      delayMaxMs: 100,
      stragglerPermille: 20,
      stragglerMaxMs: 2_000,
    };
  }
  if (mode === 'restores') return restores(untilMs, rng);
  return swarm(untilMs, rng);
}

/**
 * Few other faults, so that what a hub may lose with an older copy can be told exactly: crashes in
 * all phases, also of hubs that recover or are asked, and frames that come late, twice or never.
 */
function restores(untilMs: number, rng: Rng): FaultPlan {
  return {
    ...quiet('restores', untilMs),
    lossPermille: rng.pick([0, 10, 30]),
    duplicatePermille: 20,
    delayMaxMs: rng.pick([10, 100]),
    stragglerPermille: rng.pick([0, 20]),
    stragglerMaxMs: 2_000,
    mutedParts: rng.between(0, 3),
    crashes: {
      idle: rng.between(0, 2),
      beforeCommit: rng.between(0, 2),
      afterCommit: rng.between(0, 2),
      agent: rng.between(0, 2),
    },
    downMaxMs: 1_000,
    restores: rng.between(2, 4),
    keyChanges: rng.chance(500) ? 1 : 0,
  };
}

function quiet(mode: FaultMode, untilMs: number): FaultPlan {
  return {
    mode,
    untilMs,
    lossPermille: 0,
    duplicatePermille: 0,
    delayMaxMs: 10,
    stragglerPermille: 0,
    stragglerMaxMs: 0,
    rowLagMaxMs: 0,
    cuts: 0,
    cutMaxMs: 0,
    oneWayPermille: 0,
    spitefulCutPermille: 0,
    mutedParts: 0,
    crashes: { idle: 0, beforeCommit: 0, afterCommit: 0, agent: 0 },
    downMaxMs: 0,
    standstills: 0,
    standstillMaxMs: 0,
    wallJumps: 0,
    wallJumpMaxMs: 0,
    slowHubs: 0,
    slowCommitMaxMs: 0,
    startFailurePermille: 0,
    slowStartPermille: 0,
    replays: 0,
    forgeries: 0,
    badDocuments: 0,
    hasLiar: false,
    slowPeers: 0,
    slowPeerMaxMs: 0,
    skewMaxMs: 0,
    restores: 0,
    keyChanges: 0,
  };
}

/** Crashes in every phase and cuts during signing are in every seed; the rest comes and goes. */
function swarm(untilMs: number, rng: Rng): FaultPlan {
  const maybe = (permille: number, low: number, high: number) =>
    rng.chance(permille) ? rng.between(low, high) : 0;
  return {
    mode: 'swarm',
    untilMs,
    lossPermille: maybe(800, 2, 80),
    duplicatePermille: maybe(800, 5, 120),
    delayMaxMs: rng.pick([5, 30, 150, 400]),
    stragglerPermille: maybe(700, 5, 60),
    stragglerMaxMs: rng.pick([500, 3_000, 3_000, 15_000]),
    rowLagMaxMs: rng.pick([200, 400, 800]),
    cuts: maybe(800, 2, 12),
    cutMaxMs: rng.pick([3_000, 8_000, 20_000]),
    oneWayPermille: rng.pick([0, 300, 700]),
    spitefulCutPermille: rng.pick([0, 20, 40, 80]),
    mutedParts: rng.between(5, 8),
    crashes: {
      idle: rng.between(3, 6),
      beforeCommit: rng.between(4, 7),
      afterCommit: rng.between(4, 7),
      agent: rng.between(4, 7),
    },
    downMaxMs: rng.pick([1_000, 3_000, 8_000]),
    standstills: maybe(600, 1, 6),
    standstillMaxMs: rng.pick([2_000, 10_000, 25_000]),
    wallJumps: maybe(600, 1, 6),
    wallJumpMaxMs: rng.pick([90_000, 120_000, 300_000, 300_000, 900_000]),
    slowHubs: maybe(400, 1, 2),
    slowCommitMaxMs: rng.pick([100, 400, 1_500]),
    startFailurePermille: maybe(700, 10, 80),
    slowStartPermille: maybe(600, 10, 80),
    replays: maybe(850, 50, 200),
    forgeries: maybe(850, 30, 120),
    badDocuments: maybe(850, 10, 40),
    hasLiar: rng.chance(350),
    slowPeers: maybe(400, 1, 4),
    slowPeerMaxMs: rng.pick([10_000, 40_000]),
    skewMaxMs: rng.chance(350) ? rng.pick([60_000, 290_000]) : 0,
    restores: 0,
    keyChanges: maybe(500, 1, 2),
  };
}
