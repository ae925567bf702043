/** One simulated network: builds its nodes, runs its events, and says how it ended. */
import type { AgreementId, HubId, NodeId } from '@sparegrid/core/units/ids';
import { Attacker } from '../attack/attacker.ts';
import { Auditor } from '../auditor/auditor.ts';
import { EventQueue } from '../kernel/event-queue.ts';
import { Keyring } from '../kernel/keyring.ts';
import { WALL_START_MS } from '../kernel/node-clock.ts';
import { Rng } from '../kernel/rng.ts';
import { Trace } from '../kernel/trace.ts';
import { expelLessor } from '../nodes/expulsion.ts';
import { Guest } from '../nodes/guest.ts';
import { handOutHubLists } from '../nodes/hub-lists.ts';
import { SimAgent } from '../nodes/sim-agent.ts';
import { SimHub } from '../nodes/sim-hub.ts';
import { SimLessee } from '../nodes/sim-lessee.ts';
import { Connections } from './connections.ts';
import type { Context } from './context.ts';
import { Cuts } from './cuts.ts';
import { FaultDriver } from './fault-driver.ts';
import { CRASH_PHASES, type CrashPhase, type FaultMode, planFaults } from './fault-plan.ts';
import { Market } from './market.ts';
import { Network } from './network.ts';
import { type Client, Post } from './post.ts';
import { restoreHubs } from './restores.ts';
import { makeScenario, type Size } from './scenario.ts';
import { Spite } from './spite.ts';

export class World {
  readonly context: Context;
  readonly hubs = new Map<HubId, SimHub>();
  readonly agents = new Map<NodeId, SimAgent>();
  readonly lessees = new Map<NodeId, SimLessee>();
  readonly faults: FaultDriver;
  readonly market: Market;
  readonly #attacker: Attacker;

  constructor(
    seed: number,
    size: Size,
    mode: FaultMode,
    listener: ((line: string) => void) | null,
  ) {
    const rng = new Rng(`seed ${seed} ${size.hubs} ${size.participants} ${size.orders} ${mode}`);
    const scenario = makeScenario(seed, size, mode, rng.fork('scenario'));
    const { timing, limits } = scenario;
    const queue = new EventQueue();
    const keyring = new Keyring(String(seed));
    const trace = new Trace(listener);
    const plan = planFaults(mode, Market.faultsUntilMs(size), rng.fork('plan'));
    const liar = plan.hasLiar && size.hubs > 2 ? rng.fork('liar').pick(scenario.hubs) : null;
    const network = new Network(queue, rng.fork('network'), plan);
    const connections = new Connections<Client>(queue, rng.fork('connections'), network, this.hubs);
    const cuts = new Cuts(queue, rng.fork('cuts'), trace, network, connections, (hub, peer) =>
      this.#reconnect(hub, peer),
    );
    const cut = (from: NodeId, to: NodeId, lengthMs: number) =>
      cuts.begin(from, to, lengthMs, plan.untilMs);
    const spite = new Spite(queue, rng.fork('spite'), plan, timing.holdMs, cut);
    const post = new Post(
      network,
      connections,
      this.hubs,
      (from, to, frame) => this.#attacker.overhear(from, to, frame),
      (hub, parts) => spite.isMuted(hub, parts),
    );
    const putBefore: Context['putBefore'] = (node, frame, expectation) => {
      (this.hubs.get(node) ?? this.agents.get(node))?.receive(frame, expectation);
    };
    const auditor = new Auditor(scenario, liar, keyring, () => queue.nowMs);
    this.context = {
      scenario,
      timing,
      limits,
      plan,
      liar,
      rng,
      queue,
      trace,
      keyring,
      network,
      connections,
      post,
      spite,
      auditor,
      died: (node, phase) => this.#died(node, phase),
      putBefore,
      skewMs: (node) => {
        // Any two clocks stay within the tolerance, other differences included.
        const most = Math.min(plan.skewMaxMs, timing.toleranceMs / 2 - 6_000);
        return most > 0 ? rng.fork(`skew ${node}`).between(-most, most) : 0;
      },
      hubStarted: (hub) => this.#greet(hub),
    };
    this.#attacker = new Attacker({
      queue,
      rng: rng.fork('attacker'),
      plan,
      keyring,
      frameTtlMs: timing.frameTtlMs,
      toleranceMs: timing.toleranceMs,
      hubs: scenario.hubs,
      hostiles: scenario.hostiles,
      trueWallMs: () => WALL_START_MS + queue.nowMs,
      partiesOf: (agreement) => this.#partiesOf(agreement),
      epochOf: (hub) => this.hubs.get(hub)?.core?.epoch ?? 0,
      deliver: putBefore,
    });
    this.#populate();
    const links = this.#links();
    const victims = { hubs: this.hubs, agents: this.agents, links };
    const slow = (hub: HubId, lengthMs: number, everyMs: number) =>
      network.slow(hub, Math.min(queue.nowMs + lengthMs, plan.untilMs), everyMs);
    this.faults = new FaultDriver(queue, rng.fork('faults'), plan, spite, victims, cut, slow);
    this.market = new Market(this.context, this.agents, this.lessees);
  }

  #populate(): void {
    const { scenario } = this.context;
    for (const id of scenario.hubs) this.hubs.set(id, new SimHub(this.context, id));
    for (const participant of scenario.participants) {
      const { id, hub, lends, rents } = participant;
      if (lends) this.agents.set(id, new SimAgent(this.context, participant));
      if (rents) this.lessees.set(id, new SimLessee(this.context, id, hub));
    }
  }

  /** Hubs that have anything to do with an agreement. */
  #partiesOf(agreement: AgreementId): Set<HubId> {
    const parties = new Set<HubId>();
    for (const [id, { records }] of this.context.auditor.model.hubs) {
      if (records.agreement.has(agreement)) parties.add(id);
      for (const { terms } of records.agreement.get(agreement)?.parts ?? []) {
        parties.add(terms.targetHub);
      }
    }
    return parties;
  }

  #links(): (readonly [NodeId, NodeId])[] {
    const { hubs, participants } = this.context.scenario;
    const links: (readonly [NodeId, NodeId])[] = [];
    for (const a of hubs) for (const b of hubs) if (a < b) links.push([a, b], [a, b]);
    for (const { id, hub, lends } of participants) if (lends) links.push([id, hub]);
    return links;
  }

  /** Everybody comes up within the first seconds, in a random order. */
  begin(): void {
    const { queue, rng, connections } = this.context;
    const starts = rng.fork('starts');
    for (const hub of this.hubs.values()) queue.at(starts.between(0, 500), () => hub.start());
    for (const agent of this.agents.values()) {
      queue.at(starts.between(100, 2_000), () => agent.start());
    }
    for (const lessee of this.lessees.values()) {
      queue.at(starts.between(100, 2_000), () => connections.dial(lessee));
    }
    this.faults.begin();
    this.#attacker.begin();
    this.market.begin();
    // What an admission changed since an older copy is to be repeated by hand.
    if (this.context.plan.restores === 0) {
      for (const hub of this.hubs.values()) new Guest(this.context, hub).begin();
    }
    restoreHubs(this.context, this.hubs);
    expelLessor(this.context, this.hubs);
    handOutHubLists(this.context, this.hubs);
    this.#tick();
  }

  #tick(): void {
    this.context.queue.after(1_000, () => {
      this.context.auditor.tick((a, b) => this.#isDisturbed(a, b));
      this.#tick();
    });
  }

  /** Something is between two hubs, or wrong with one of them. */
  #isDisturbed(a: HubId, b: HubId): boolean {
    const { network, liar, auditor, timing, queue } = this.context;
    const isWrong = (hub: HubId) =>
      hub === liar ||
      network.isSlow(hub) ||
      (this.hubs.get(hub)?.isOverloaded() ?? false) ||
      auditor.absences.of(hub, queue.nowMs - 1_000) > 0;
    const apartMs = (hub: HubId) => this.hubs.get(hub)?.clock.wallOffsetMs ?? 0;
    return (
      network.isCut(a, b) ||
      network.isCut(b, a) ||
      isWrong(a) ||
      isWrong(b) ||
      Math.abs(apartMs(a) - apartMs(b)) > timing.toleranceMs
    );
  }

  /** A hub is up: links to and from every other hub that is up come about. */
  #greet(hub: HubId): void {
    for (const peer of this.hubs.keys()) {
      if (peer === hub) continue;
      this.#reconnect(hub, peer);
      this.#reconnect(peer, hub);
    }
  }

  #reconnect(hub: HubId, peer: HubId): void {
    const { queue, rng } = this.context;
    queue.after(rng.between(5, 1_500), () => {
      if (this.hubs.get(peer)?.isUp()) this.hubs.get(hub)?.peerConnected(peer);
    });
  }

  #died(node: NodeId, phase: string): void {
    const mortal = this.hubs.get(node) ?? this.agents.get(node);
    const counted = CRASH_PHASES.find((known): known is CrashPhase => known === phase);
    if (mortal) this.faults.died(counted ?? null, mortal);
  }
}
