/** A second model of the market that watches everything and knows nothing of how the core does it. */

import type { AgreementMessage } from '@sparegrid/core/agreement/messages';
import type { ElectionRecord } from '@sparegrid/core/election/election';
import type { FrameRefused } from '@sparegrid/core/hub/frame-gate';
import type { HubCore } from '@sparegrid/core/hub/hub-core';
import type { HubList } from '@sparegrid/core/identity/statements';
import type { DesiredContainer, HubMessage } from '@sparegrid/core/messages';
import type { Now, Send, Write } from '@sparegrid/core/step';
import type { HubId, NodeId, ParticipantId } from '@sparegrid/core/units/ids';
import type { Keyring } from '../kernel/keyring.ts';
import type { Scenario } from '../world/scenario.ts';
import { Absences } from './absences.ts';
import { Admissions } from './admissions.ts';
import { AgentTold } from './agent-told.ts';
import { Behind, type IsDisturbed } from './behind.ts';
import { checkBilling } from './billing.ts';
import { checkCapacity } from './capacity.ts';
import { Containers } from './containers.ts';
import { Counts } from './counts.ts';
import { checkDecisions } from './decisions.ts';
import { checkDeletions } from './deletions.ts';
import { Elections } from './elections.ts';
import { type Unsettled, unsettled } from './end-state.ts';
import { Frames, type FramesMemory, type Taken, type Turned } from './frames.ts';
import { Holds } from './holds.ts';
import { checkHostile } from './hostile.ts';
import { HubKeys } from './hub-keys.ts';
import { HubLists } from './hub-lists.ts';
import { Leases } from './leases.ts';
import { Lessees } from './lessees.ts';
import type { Commit, MirrorMemory } from './mirror.ts';
import { holdsQuantity, Model } from './model.ts';
import { Panoramas } from './panoramas.ts';
import { checkNames, checkTellsNobody } from './privacy.ts';
import { checkProposals } from './proposals.ts';
import { around, checkRefusal } from './refusals.ts';
import { checkRegistrations } from './registrations.ts';
import { Restores } from './restores.ts';
import { Retries } from './retries.ts';
import { Rows } from './rows.ts';
import { checkStages } from './stages.ts';
import { Storms } from './storms.ts';
import { checkSuitability } from './suitability.ts';
import { TaskKeys } from './task-keys.ts';
import { checkTerms, type LeastReplicas } from './terms.ts';
import { checkTold } from './told.ts';
import { ToldParticipants } from './told-participants.ts';
import { checkTurns } from './turns.ts';
import { checkVerdicts } from './verdicts.ts';
import { type Violate, Violations } from './violations.ts';

/** What the auditor knew of a hub's store at one moment. */
export interface HubMemory {
  mirror: MirrorMemory;
  elapsedMs: number;
  frames: FramesMemory;
  election: ElectionRecord | undefined;
  hubList: number;
  hubKeys: HubList | undefined;
}

interface Output {
  writes: readonly Write[];
  sends: readonly Send[];
  effects: readonly { kind: string }[];
}

/** Messages of the agreement protocol, which `checkTold` knows. */
const AGREEMENT_TYPES: ReadonlySet<string> = new Set<AgreementMessage['type']>([
  'prepare',
  'vote-yes',
  'vote-no',
  'abort',
  'aborted',
  'activate',
  'started',
  'all-started',
  'running',
  'end',
  'part-ended',
  'part-ended-ack',
  'settle',
  'settled',
]);

export class Auditor {
  readonly violations: Violations;
  readonly violate: Violate;
  readonly model: Model;
  readonly frames: Frames;
  readonly containers: Containers;
  readonly lessees: Lessees;
  readonly admissions: Admissions;
  readonly keys: TaskKeys;
  readonly counts = new Counts();
  readonly absences: Absences;
  readonly elections: Elections;
  readonly hubLists: HubLists;
  readonly restores: Restores;
  readonly #least: LeastReplicas = new Map();
  readonly #hubKeys: HubKeys;
  readonly #rows: Rows;
  readonly #panoramas: Panoramas;
  readonly #holds: Holds;
  readonly #leases: Leases;
  readonly #toldParticipants: ToldParticipants;
  readonly #agentTold: AgentTold;
  readonly #storms: Storms;
  readonly #behind: Behind;
  readonly #retries: Retries;
  readonly #cores = new Map<HubId, HubCore | null>();
  /** Whether each hub was sure of its past before the present step. */
  readonly #wasSure = new Map<NodeId, boolean>();
  /** What the last commit of each hub changed: votes of that step may show any state in between. */
  readonly #lastCommit = new Map<HubId, Commit | null>();
  /** Virtual time at which a hub last accepted a frame of an agent. */
  readonly #hubHeardAgent = new Map<ParticipantId, number>();
  /** Reports of agents in steps that are not committed yet. */
  readonly #reports = new Map<HubId, (() => void)[]>();
  readonly #elapsed = new Map<NodeId, number>();
  readonly #nowMs: () => number;

  constructor(scenario: Scenario, liar: HubId | null, keyring: Keyring, nowMs: () => number) {
    this.violations = new Violations(nowMs);
    this.violate = (name, node, id, detail) => this.violations.add(name, node, id, detail);
    this.model = new Model(scenario, liar, nowMs, this.violate);
    this.absences = new Absences(nowMs);
    this.frames = new Frames(this.model, keyring);
    this.admissions = new Admissions(this.model);
    this.containers = new Containers(this.model, this.absences);
    this.lessees = new Lessees(this.model);
    this.elections = new Elections(this.model);
    this.hubLists = new HubLists(this.model);
    this.#hubKeys = new HubKeys(this.model, keyring);
    this.restores = new Restores(this.model);
    this.keys = new TaskKeys(this.model);
    this.#rows = new Rows(this.model);
    this.#panoramas = new Panoramas(this.model, this.#rows);
    this.#holds = new Holds(this.model);
    this.#leases = new Leases(this.model);
    this.#toldParticipants = new ToldParticipants(this.model);
    this.#agentTold = new AgentTold(this.model, this.containers);
    this.#storms = new Storms(this.model);
    this.#behind = new Behind(this.model);
    this.#retries = new Retries(this.model);
    this.#nowMs = nowMs;
  }

  // ---- lives of nodes ----

  hubStarted(hub: HubId, core: HubCore, now: Now): void {
    this.#wasSure.set(hub, false);
    this.absences.started(hub, this.model.timing.hubStaleMs);
    this.#cores.set(hub, core);
    this.#holds.started(hub, now.elapsedMs);
    this.#leases.started(hub, now.elapsedMs);
    this.#lastCommit.set(hub, null);
    this.#checkClock(hub, now);
    this.admissions.hubStarted(hub, core);
  }

  agentStarted(agent: ParticipantId, now: Now): void {
    this.absences.started(agent);
    this.#checkClock(agent, now);
  }

  died(node: NodeId): void {
    this.#reports.delete(node);
    this.frames.died(node);
    if (this.#cores.has(node)) {
      this.#cores.set(node, null);
      this.#panoramas.died(node);
      this.containers.hubDied(node);
      this.#agentTold.hubDied(node);
    }
    this.absences.died(node);
  }

  // ---- older copies of stores ----

  /** What is on record of a hub as a copy of its store is made. */
  rememberHub(hub: HubId): HubMemory {
    return {
      mirror: this.model.hub(hub).remember(),
      elapsedMs: this.#elapsed.get(hub) ?? 0,
      frames: this.frames.remember(hub),
      election: this.elections.remember(hub),
      hubList: this.hubLists.remember(hub),
      hubKeys: this.#hubKeys.remember(hub),
    };
  }

  /** That copy is its store now; what came after it is known to others only. */
  hubPutBack(hub: HubId, memory: HubMemory, epoch: number): void {
    const mirror = this.model.hub(hub);
    mirror.putBack(memory.mirror);
    this.#elapsed.set(hub, memory.elapsedMs);
    this.frames.putBack(hub, memory.frames);
    this.elections.putBack(hub, memory.election);
    this.hubLists.putBack(hub, memory.hubList);
    this.#hubKeys.putBack(hub, memory.hubKeys);
    this.#holds.putBack(mirror);
    this.#leases.putBack(mirror);
    this.#retries.putBack(hub, memory.elapsedMs);
    this.lessees.putBack(mirror, epoch);
  }

  #checkClock(node: NodeId, { elapsedMs }: Now): void {
    const before = this.#elapsed.get(node) ?? 0;
    if (elapsedMs < before) this.violate('clock.back', node, node, `${before} -> ${elapsedMs}`);
  }

  // ---- steps ----

  /** @param alone  the frames were the only inputs of this step. */
  hubStepped(hub: HubId, now: Now, frames: readonly Taken[], output: Output, alone: boolean): void {
    const turned = turnedOf(output);
    this.admissions.turned(hub, turned);
    for (const { signed } of this.#judge(hub, now, frames, output, alone, turned)) {
      const { from, session, messages } = signed.frame;
      for (const message of messages) {
        if (message.type !== 'status') continue;
        const exited = this.#agentTold.exitedAfter(from, session, message);
        if (!exited) continue;
        this.#hubHeardAgent.set(from, this.#nowMs());
        const lagMs = this.#agentTold.lagMs(from, message.seq);
        this.#takeReport(hub, () => this.containers.reported(exited, lagMs));
      }
    }
    if (output.writes.length === 0) this.#settleReports(hub);
    const core = this.#cores.get(hub);
    if (!core) return;
    this.#wasSure.set(hub, core.isSure);
    this.#panoramas.check(hub, core);
    this.elections.believes(hub, core.panoramaStatus);
    checkProposals(this.model, hub, core, now, output.writes);
  }

  /** What a hub heard is lost with a crash before the commit: it counts from the commit on. */
  #takeReport(hub: HubId, count: () => void): void {
    this.#reports.set(hub, [...(this.#reports.get(hub) ?? []), count]);
  }

  #settleReports(hub: HubId): void {
    for (const count of this.#reports.get(hub) ?? []) count();
    this.#reports.delete(hub);
  }

  agentStepped(
    agent: ParticipantId,
    now: Now,
    frames: readonly Taken[],
    output: Output,
    alone: boolean,
  ): void {
    const accepted = this.#judge(agent, now, frames, output, alone, turnedOf(output));
    for (const { signed } of accepted) {
      const desired: DesiredContainer[] = [];
      for (const message of signed.frame.messages) {
        if (message.type === 'desired') desired.push(...message.containers);
      }
      this.containers.heardHub(agent, desired);
    }
  }

  /** Judges what had to be refused, notes the rest; returns the frames that were accepted. */
  #judge(
    node: NodeId,
    now: Now,
    frames: readonly Taken[],
    output: Output,
    alone: boolean,
    turned: readonly Turned[],
  ): Taken[] {
    const signed = frames.map((taken) => taken.signed);
    this.#hubKeys.turned(node, signed, turned);
    const only = frames.length === 1 && alone ? frames[0] : undefined;
    const expectation = only?.expectation ?? (only && this.frames.expects(node, only.signed));
    const isSure = this.#wasSure.get(node) ?? true;
    if (expectation) checkHostile(this.model, node, expectation, output, isSure);
    // After the frame that ends a life, the others of its step are neither taken nor refused.
    const isOver = output.effects.some(({ kind }) => kind === 'restart');
    if (isOver) this.frames.leftOpen(node, frames);
    const accepted = this.frames.stepped(node, now, isOver ? [] : frames, turned);
    if (output.writes.length === 0) this.frames.steppedWithoutCommit(node);
    return accepted;
  }

  // ---- commits and what is told afterwards ----

  committed(node: NodeId, now: Now, output: Output): void {
    this.#checkClock(node, now);
    this.#elapsed.set(node, now.elapsedMs);
    const windows = output.writes.filter(({ table }) => table === 'window');
    this.frames.committed(node, new Set(windows.map(({ key }) => key)));
    this.#hubKeys.committed(node, output.writes);
    this.absences.committed(node);
    const hub = this.model.hubs.get(node);
    if (!hub) return;
    this.#settleReports(node);
    this.elections.committed(node, output.writes);
    this.hubLists.committed(node, output.writes);
    const commit = hub.commit(output.writes, now);
    this.#lastCommit.set(node, commit);
    if (hub.isBehind && this.restores.committed(commit)) {
      this.#holds.learned(commit);
      this.#leases.putBack(hub);
      return;
    }
    this.restores.follow(commit);
    checkStages(this.model, commit);
    checkDeletions(this.model, commit);
    checkTurns(this.model, commit);
    checkCapacity(this.model, commit);
    checkSuitability(this.model, commit);
    checkTerms(this.model, this.#least, commit);
    checkDecisions(this.model, this.containers, commit);
    checkBilling(this.model, this.containers, commit);
    this.#holds.check(commit);
    this.#leases.check(commit);
    checkVerdicts(this.model, commit);
    this.keys.check(commit);
    this.#retries.check(commit);
    checkRegistrations(this.model, this.#agentTold, commit);
    checkNames(this.model, commit);
    for (const { before, after } of commit.changes.part) {
      if (holdsQuantity(after) || (before && !holdsQuantity(before))) continue;
      // Under a name that its hub forgot: nothing of that lessor is free before its agent has told.
      if (hub.unchecked.has(after.terms.lessor)) continue;
      this.containers.partEnded(after, this.#hubHeardAgent.get(after.terms.lessor) ?? 0);
    }
    this.counts.committed(commit);
  }

  released(node: NodeId, sends: readonly Send[]): void {
    const hub = this.model.hubs.get(node);
    if (!hub) {
      for (const { to, message } of sends) {
        if (!node.endsWith(`.${to}`)) {
          this.violate('address.not-own-hub', node, to, `${message.type} to a stranger`);
        }
        this.#agentTold.check(node, message);
      }
      return;
    }
    this.#rows.check(hub, sends);
    this.elections.released(hub.id, sends);
    this.#toldParticipants.check(
      hub,
      sends.filter(({ to }) => !this.model.hubs.has(to)),
    );
    for (const send of sends) this.#checkAddress(node, send);
    this.#storms.check(hub.id, sends);
    checkTellsNobody(this.model, hub.id, sends);
    for (const { to, message } of sends) {
      if (!AGREEMENT_TYPES.has(message.type)) continue;
      this.restores.spoke(hub.id, to, message.type);
      checkTold(this.model, hub, to, message as AgreementMessage);
      if (message.type === 'vote-no') this.#checkRefusal(node, to, message);
    }
    this.#lastCommit.set(node, null);
  }

  /** A lying hub tells a peer this; its core would have told something else, or nothing. */
  lied(hub: HubId, to: HubId, message: HubMessage): void {
    this.#rows.lied(hub, message);
    this.elections.lied(hub, to, message);
  }

  /** A hub says that its store lost some of its past, and begins another life to ask for it. */
  rolledBack(hub: HubId): void {
    this.restores.noticed(hub);
  }

  /** A hub speaks to other hubs and to its own participants. */
  #checkAddress(hub: HubId, { to, message }: Send): void {
    const isPeer = this.model.hubs.has(to) && to !== hub;
    if (!isPeer && !to.endsWith(`.${hub}`)) {
      this.violate('address.not-own-participant', hub, to, `${message.type} to a stranger`);
    }
  }

  #checkRefusal(
    node: HubId,
    to: HubId,
    message: Extract<AgreementMessage, { type: 'vote-no' }>,
  ): void {
    const hub = this.model.hub(node);
    const agreement = this.model.hub(to).records.agreement.get(message.agreement);
    const terms = agreement?.parts[message.part]?.terms;
    if (!terms) return;
    // Under a name that was given up nothing is offered, whatever its bearer offers by now.
    const isGone = !this.model.names.isPresent(this.model.names.signed(terms).lessor);
    if (isGone && message.code === 'AGREEMENT_OFFER_GONE') return;
    const state = around(this.model, hub, terms.lessor, this.#lastCommit.get(node) ?? null);
    checkRefusal(this.model, hub, terms, message.code, state, false);
  }

  /** Looks at what only time shows. */
  tick(isDisturbed: IsDisturbed): void {
    this.containers.tick();
    this.#behind.look(this.#cores, isDisturbed);
  }

  *unsettled(): Generator<Unsettled> {
    yield* this.restores.unsettled();
    yield* this.hubLists.unsettled(this.#cores);
    yield* unsettled(this.model, this.#cores, this.containers, (id) =>
      this.admissions.isExpelled(id),
    );
  }
}

/** The frames that the node turned away, by its own effects. */
function turnedOf({ effects }: Output): Turned[] {
  const turned: Turned[] = [];
  for (const effect of effects) {
    if (effect.kind !== 'frame-refused') continue;
    const { from, code, nonce } = effect as FrameRefused;
    if (nonce) turned.push({ from, code, ...nonce });
  }
  return turned;
}
