/** Who is in a simulated network, and by which bounds it runs. */
import { DEFAULT_TIMING, type Timing } from '@sparegrid/core/agreement/timing';
import { DEFAULT_LIMITS, type Limits, type PrivacySettings } from '@sparegrid/core/hub/config';
import { DEFAULT_BUCKETS } from '@sparegrid/core/order/buckets';
import type { Organization, ResourceSpec } from '@sparegrid/core/order/resource-spec';
import { DEFAULT_ROUNDS, type RoundSettings } from '@sparegrid/core/rounds/settings';
import type { HubId, ParticipantId } from '@sparegrid/core/units/ids';
import { WALL_START_MS } from '../kernel/node-clock.ts';
import type { Rng } from '../kernel/rng.ts';
import { makeMachines } from '../workload/machines.ts';
import { makeOffer, type OfferDraft } from '../workload/offers.ts';
import type { FaultMode } from './fault-plan.ts';

export interface Size {
  hubs: number;
  participants: number;
  orders: number;
}

export interface ScenarioParticipant {
  id: ParticipantId;
  hub: HubId;
  organization: Organization;
  collect: 'push' | 'pull';
  lends: boolean;
  rents: boolean;
  spec: Omit<ResourceSpec, 'revision' | 'participant'>;
  offer: OfferDraft;
}

export interface Scenario {
  seed: number;
  size: Size;
  hubs: HubId[];
  participants: ScenarioParticipant[];
  /** An admitted participant of each hub that only does mischief. */
  hostiles: { id: ParticipantId; hub: HubId }[];
  timing: Timing;
  limits: Limits;
  /** Null: every order is matched by itself. */
  rounds: RoundSettings | null;
  /** How rows travel, at most hubs. */
  panorama: 'mesh' | 'master';
  /** A hub that is set to the other way, in a few seeds. */
  oddHub: HubId | null;
  privacy: PrivacySettings | null;
}

const KINDS = ['government', 'sector', 'company', 'institution'] as const;
/** Offers are valid for longer than any simulation lasts, but for those that are made to expire. */
const OFFER_VALID_MS = 24 * 3_600_000;

export function makeScenario(seed: number, size: Size, mode: FaultMode, rng: Rng): Scenario {
  const hubs = Array.from({ length: size.hubs }, (_, at) => `h${at + 1}`);
  const participants = Array.from({ length: size.participants }, (_, at) => {
    const hub = hubs[at % size.hubs] as HubId;
    const place = Math.floor(at / size.hubs);
    return makeParticipant(rng.fork(`participant ${at}`), `p${place + 1}.${hub}`, hub, {
      isFirst: place === 0,
      isAlone: at + size.hubs >= size.participants && place === 0,
      pulls: at === size.participants - 1,
    });
  });
  const timing = makeTiming(mode, rng.fork('timing'));
  // Where records leave memory within the run, the store gives them up within it, too.
  const forgets = timing.retainMs < DEFAULT_TIMING.retainMs;
  const recordKeepMs = forgets ? 10_000 : DEFAULT_LIMITS.recordKeepMs;
  const pageLength = rng.pick([1, 2_000, 262_144]);
  return {
    seed,
    size,
    hubs,
    participants,
    hostiles: hubs.map((hub) => ({ id: `mallory.${hub}`, hub })),
    timing,
    limits: { ...DEFAULT_LIMITS, pageLength, recordKeepMs, ...makeTurns(rng.fork('turns')) },
    rounds: makeRounds(rng.fork('rounds')),
    ...makePanorama(hubs, rng.fork('panorama')),
    privacy: makePrivacy(rng.fork('privacy')),
  };
}

/** In a quarter of the seeds hubs negotiate so little at once that orders wait for their turn. */
function makeTurns(rng: Rng): Partial<Limits> {
  if (!rng.chance(250)) return {};
  return { agreementsPreparing: rng.pick([1, 2, 4]), ordersQueued: rng.pick([3, 10_000]) };
}

/** In most seeds; periods so short that names change while much is going on. */
function makePrivacy(rng: Rng): PrivacySettings | null {
  if (rng.chance(300)) return null;
  const coarse = { cpuMillicores: 750, memoryBytes: 3 * 2 ** 28, deviceMilli: 300 };
  const pseudonymPeriodMs = rng.pick([7_000, 20_000, 60_000]);
  return {
    pseudonymPeriodMs,
    buckets: rng.chance(500) ? DEFAULT_BUCKETS : { ...DEFAULT_BUCKETS, ...coarse },
  };
}

/** Over a master in nearly half of the seeds; now and then one hub was not told. */
function makePanorama(hubs: readonly HubId[], rng: Rng): Pick<Scenario, 'panorama' | 'oddHub'> {
  const panorama = rng.chance(450) ? 'master' : 'mesh';
  return { panorama, oddHub: rng.chance(100) ? rng.pick(hubs) : null };
}

/** How that hub's rows travel. */
export function panoramaOf({ panorama, oddHub }: Scenario, hub: HubId): 'mesh' | 'master' {
  if (hub !== oddHub) return panorama;
  return panorama === 'mesh' ? 'master' : 'mesh';
}

/** In most seeds; thresholds so low that rounds really happen, steps so small that much comes between. */
function makeRounds(rng: Rng): RoundSettings | null {
  if (rng.chance(300)) return null;
  return {
    ...DEFAULT_ROUNDS,
    ordersFrom: rng.pick([2, 2, 3]),
    ordersMost: rng.pick([3, 8, 512]),
    iterations: rng.pick([20, 200]),
    solveMs: rng.pick([100, 1_000]),
    patienceMs: rng.pick([200, 2_000]),
    workPerStep: rng.pick([16, 60, 4_096]),
    placedPerStep: rng.pick([1, 2, 16]),
  };
}

/** The first participant of a hub rents; the others lend; some do both. */
function makeParticipant(
  rng: Rng,
  id: ParticipantId,
  hub: HubId,
  place: { isFirst: boolean; isAlone: boolean; pulls: boolean },
): ScenarioParticipant {
  const distributed = rng.chance(150);
  const machines = makeMachines(rng, distributed);
  const organization = { id: `org-${id}`, name: `Owner of ${id}`, kind: rng.pick(KINDS) };
  const provision = distributed ? 'distributed' : 'single';
  const validUntilMs = WALL_START_MS + OFFER_VALID_MS;
  return {
    id,
    hub,
    organization,
    collect: place.pulls ? 'pull' : 'push',
    lends: !place.isFirst || place.isAlone || rng.chance(300),
    rents: place.isFirst || rng.chance(250),
    spec: {
      organization,
      provision,
      machines,
      serverCluster: distributed ? { name: 'c1', scheduler: 'slurm' } : null,
      distributed: distributed ? { interconnect: '25GbE', nodes: machines.length } : null,
    },
    offer: makeOffer(rng, machines, distributed, validUntilMs),
  };
}

/**
 * Shorter than in production, so that every bound is met often. Some seeds let records leave memory
 * within the run; the retention stays above what a late frame can live.
 */
function makeTiming(mode: FaultMode, rng: Rng): Timing {
  const base = { ...DEFAULT_TIMING, startGraceMs: 20_000, stopTimeMs: 4_000 };
  if (mode !== 'swarm') return base;
  const forgets = rng.chance(400);
  return {
    ...base,
    agentSilentMs: rng.pick([5_000, 10_000]),
    voteTimeoutMs: rng.pick([2_000, 3_000]),
    holdMs: rng.pick([5_000, 8_000, 12_000]),
    startGraceMs: rng.pick([10_000, 20_000, 30_000]),
    frameTtlMs: forgets ? 10_000 : base.frameTtlMs,
    toleranceMs: forgets ? 40_000 : base.toleranceMs,
    retainMs: forgets ? 120_000 : base.retainMs,
  };
}
