/** Carries out the fault plan: when who dies, freezes, is cut off, or gets a wrong clock. */
import type { NodeId } from '@sparegrid/core/units/ids';
import type { EventQueue } from '../kernel/event-queue.ts';
import type { NodeClock } from '../kernel/node-clock.ts';
import type { Rng } from '../kernel/rng.ts';
import { CRASH_PHASES, type CrashPhase, type FaultPlan } from './fault-plan.ts';
import type { Spite } from './spite.ts';

/** A process that can fail. */
export interface Mortal {
  readonly clock: NodeClock;
  isUp(): boolean;
  isCommitting(): boolean;
  start(): void;
  die(phase: string): void;
  freeze(untilMs: number): void;
}

export interface Victims {
  hubs: ReadonlyMap<NodeId, Mortal & { commitMaxMs: number }>;
  agents: ReadonlyMap<NodeId, Mortal>;
  /** Pairs with a link between them. */
  links: readonly (readonly [NodeId, NodeId])[];
}

const BEGIN_MS = 8_000;
const RETRY_MS = 7;
/** A process that died of itself is started again by whoever watches it. */
const SELF_DOWN_MS = 2_000;

export class FaultDriver {
  readonly crashes: Record<CrashPhase, number> = {
    idle: 0,
    beforeCommit: 0,
    afterCommit: 0,
    agent: 0,
  };
  readonly #queue: EventQueue;
  readonly #rng: Rng;
  readonly #plan: FaultPlan;
  readonly #spite: Spite;
  readonly #victims: Victims;
  readonly #cut: (from: NodeId, to: NodeId, lengthMs: number) => void;
  readonly #slow: (hub: NodeId, lengthMs: number, everyMs: number) => void;
  readonly #clockOffsets = new Map<Mortal, number>();

  constructor(
    queue: EventQueue,
    rng: Rng,
    plan: FaultPlan,
    spite: Spite,
    victims: Victims,
    cut: (from: NodeId, to: NodeId, lengthMs: number) => void,
    slow: (hub: NodeId, lengthMs: number, everyMs: number) => void,
  ) {
    this.#queue = queue;
    this.#rng = rng;
    this.#plan = plan;
    this.#spite = spite;
    this.#victims = victims;
    this.#cut = cut;
    this.#slow = slow;
  }

  begin(): void {
    const { hubs, agents, links } = this.#victims;
    const plan = this.#plan;
    const hubNames = [...hubs.keys()];
    const agentNames = [...agents.keys()];
    const all = [...hubs.values(), ...agents.values()];
    for (const mortal of all) this.#clockOffsets.set(mortal, mortal.clock.wallOffsetMs);
    for (const phase of CRASH_PHASES) {
      this.#spread(plan.crashes[phase], () => {
        if (phase === 'agent') this.#crashAgent(agentNames);
        else if (phase === 'idle') this.#crashIdle(this.#rng.pick(hubNames));
        else this.#spite.arm(this.#rng.pick(hubNames), phase);
      });
    }
    this.#spread(plan.mutedParts, () => this.#spite.armMute(), 700);
    this.#spread(plan.cuts, () => this.#cutLink(this.#rng.pick(links)));
    this.#spread(plan.standstills, () => {
      const length = this.#rng.between(500, plan.standstillMaxMs);
      this.#rng.pick(all).freeze(Math.min(this.#queue.nowMs + length, plan.untilMs));
    });
    this.#spread(plan.wallJumps, () => this.#jump(this.#rng.pick(all)));
    for (const name of this.#rng.shuffle(hubNames).slice(0, plan.slowHubs)) {
      const hub = hubs.get(name);
      if (hub) hub.commitMaxMs = plan.slowCommitMaxMs;
    }
    this.#spread(plan.slowPeers, () => {
      const lengthMs = this.#rng.between(5_000, plan.slowPeerMaxMs);
      this.#slow(this.#rng.pick(hubNames), lengthMs, this.#rng.pick([100, 500, 2_000]));
    });
    this.#queue.at(plan.untilMs, () => this.#end(all));
  }

  /** Makes faults at random times, in the first `permille` of the time that there are any. */
  #spread(count: number, fault: () => void, permille = 1000): void {
    const last = Math.floor(((this.#plan.untilMs - 5_000) * permille) / 1000);
    for (let made = 0; made < count; made += 1) {
      this.#queue.at(this.#rng.between(BEGIN_MS, last), fault);
    }
  }

  /** Counts a crash of the plan (null: it died of itself) and starts the node again after a while. */
  died(phase: CrashPhase | null, mortal: Mortal): void {
    if (phase) this.crashes[phase] += 1;
    const downMs = this.#rng.between(100, Math.max(100, this.#plan.downMaxMs));
    const { nowMs } = this.#queue;
    const backMs = phase ? Math.min(nowMs + downMs, this.#plan.untilMs) : nowMs + SELF_DOWN_MS;
    this.#queue.at(backMs, () => {
      if (!mortal.isUp()) mortal.start();
    });
  }

  /** A hub dies while no commit is under way. */
  #crashIdle(name: NodeId): void {
    const hub = this.#victims.hubs.get(name);
    if (!hub || this.#queue.nowMs >= this.#plan.untilMs) return;
    if (!hub.isUp() || hub.isCommitting()) this.#queue.after(RETRY_MS, () => this.#crashIdle(name));
    else hub.die('idle');
  }

  #crashAgent(names: readonly NodeId[]): void {
    if (names.length === 0) return;
    const name = this.#rng.pick(names);
    const choice = this.#rng.between(0, 2);
    if (choice === 1) this.#spite.arm(name, 'beforeCommit');
    else if (choice === 2) this.#spite.arm(name, 'afterCommit');
    else {
      const agent = this.#victims.agents.get(name);
      if (agent?.isUp()) agent.die('agent');
    }
  }

  #cutLink([a, b]: readonly [NodeId, NodeId]): void {
    const length = this.#rng.between(200, this.#plan.cutMaxMs);
    const [first, second] = this.#rng.chance(500) ? [a, b] : [b, a];
    this.#cut(first, second, length);
    if (!this.#rng.chance(this.#plan.oneWayPermille)) this.#cut(second, first, length);
  }

  /** The wall clock is wrong for a while, then set right. */
  #jump(mortal: Mortal): void {
    const max = this.#plan.wallJumpMaxMs;
    const jump = this.#rng.between(60_000, max) * (this.#rng.chance(500) ? 1 : -1);
    mortal.clock.setWallOffset((this.#clockOffsets.get(mortal) ?? 0) + jump);
    this.#queue.after(this.#rng.between(1_000, 30_000), () => this.#setRight(mortal));
  }

  #setRight(mortal: Mortal): void {
    mortal.clock.setWallOffset(this.#clockOffsets.get(mortal) ?? 0);
  }

  /** Faults stop: everybody is up, clocks are right, nothing more is armed. */
  #end(all: readonly Mortal[]): void {
    this.#spite.disarmAll();
    for (const hub of this.#victims.hubs.values()) hub.commitMaxMs = 4;
    for (const mortal of all) {
      this.#setRight(mortal);
      if (!mortal.isUp()) mortal.start();
    }
  }
}
