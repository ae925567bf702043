/** What the container runtimes saw: when each container was ordered, ran and ended, and whether it should. */
import type { PartRecord } from '@sparegrid/core/agreement/records';
import type { DesiredContainer } from '@sparegrid/core/messages';
import type { ContainerId, HubId, PartId, ParticipantId } from '@sparegrid/core/units/ids';
import { slices } from '../workload/offers.ts';
import type { Absences } from './absences.ts';
import { holdsQuantity, type Model } from './model.ts';
import type { FIELDS } from './usage.ts';

/** Times are virtual. */
export interface Observed {
  desired: DesiredContainer;
  agent: ParticipantId;
  orderedAtMs: number;
  beganAtMs: number | null;
  /** The present attempt runs, or ran. */
  attemptBegan: boolean;
  exitedAtMs: number | null;
  /** When the agent was first told that the lease runs. */
  toldRunningAtMs: number | null;
  /** How long the first accepted report of its exit was under way; null before. */
  reportLagMs: number | null;
}

/** Room for steps, commits and timers between a bound and what can be seen of it. */
const SLACK_MS = 2_500;
/** Restarts of a container when its order says nothing. */
const RESTARTS = 3;

export class Containers {
  readonly #model: Model;
  readonly #absences: Absences;
  readonly #observed = new Map<ContainerId, Observed>();
  readonly #live = new Set<Observed>();
  readonly #outliving = new Set<ContainerId>();
  /** Last virtual time at which the agent had a sign of life from its hub. */
  readonly #heardHub = new Map<ParticipantId, number>();

  constructor(model: Model, absences: Absences) {
    this.#model = model;
    this.#absences = absences;
  }

  /** The agent asks its runtime to start a container. */
  ordered(agent: ParticipantId, desired: DesiredContainer): void {
    const { id } = desired;
    const known = this.#observed.get(id);
    if (known) return this.#orderedAgain(known, agent, desired);
    const observed: Observed = {
      desired,
      agent,
      orderedAtMs: this.#model.nowMs,
      beganAtMs: null,
      attemptBegan: false,
      exitedAtMs: null,
      toldRunningAtMs: desired.running ? this.#model.nowMs : null,
      reportLagMs: null,
    };
    this.#observed.set(id, observed);
    this.#live.add(observed);
    this.#checkAsked(agent, desired);
    this.#checkMachine(agent);
  }

  /** A restart: of what does not run, by a new number, and no more of them than the order allows. */
  #orderedAgain(known: Observed, agent: ParticipantId, desired: DesiredContainer): void {
    const { id, attempt, task } = desired;
    const isRunning = known.attemptBegan && known.exitedAtMs === null;
    if (isRunning || attempt <= known.desired.attempt) {
      const detail = `attempt ${attempt} after ${known.desired.attempt}`;
      return this.#model.violate('container.started-twice', agent, id, detail);
    }
    if (attempt > (task.public.restarts ?? RESTARTS)) {
      this.#model.violate('container.restarted-too-often', agent, id, `attempt ${attempt}`);
    }
    known.desired = desired;
    known.attemptBegan = false;
    known.exitedAtMs = null;
    known.reportLagMs = null;
    this.#live.add(known);
    this.#checkAsked(agent, desired);
    this.#checkMachine(agent);
  }

  #checkAsked(agent: ParticipantId, { id, part }: DesiredContainer): void {
    const hub = this.#model.hub(agent.slice(agent.indexOf('.') + 1));
    const record = hub.known('part', part);
    if (record?.activeAtMs == null || record.terms.lessor !== agent) {
      this.#model.violate('container.unasked', agent, id, `part ${record?.state ?? 'unknown'}`);
    }
  }

  /** Containers that exist take no more of a machine than it has. */
  #checkMachine(agent: ParticipantId): void {
    const owner = this.#model.scenario.participants.find(({ id }) => id === agent);
    if (!owner) return;
    const hub = this.#model.hub(owner.hub);
    for (const machine of slices(owner.spec.machines, owner.spec.provision === 'distributed')) {
      const here = [...this.#live].filter(
        ({ agent: of, desired }) =>
          // A lost lessor's containers are on their way out; its lease is over all the same.
          of === agent &&
          desired.lotId === machine.id &&
          isHeld(hub.records.part.get(desired.part)),
      );
      const used = (field: (typeof FIELDS)[number]) =>
        here.reduce((sum, { desired }) => sum + desired.amounts[field], 0);
      if (
        used('cpuMillicores') > machine.processor.cpuMillicores ||
        used('memoryBytes') > machine.memory.memoryBytes
      ) {
        this.#model.violate('machine.overloaded', agent, machine.id, `${here.length} containers`);
      }
    }
  }

  began(agent: ParticipantId, id: ContainerId): void {
    const observed = this.#observed.get(id);
    if (!observed) this.#model.violate('container.unordered', agent, id, 'runs without an order');
    else {
      observed.beganAtMs ??= this.#model.nowMs;
      observed.attemptBegan = true;
    }
  }

  exited(agent: ParticipantId, id: ContainerId): void {
    const observed = this.#observed.get(id);
    if (!observed) return;
    this.#checkBounds(observed, agent);
    observed.exitedAtMs = this.#model.nowMs;
    this.#live.delete(observed);
  }

  /** The agent accepted a frame of its hub; `containers` is the desired set in it, if any. */
  heardHub(agent: ParticipantId, containers: readonly DesiredContainer[]): void {
    this.#heardHub.set(agent, this.#model.nowMs);
    for (const { id, running } of containers) {
      const observed = this.#observed.get(id);
      if (running && observed) observed.toldRunningAtMs ??= this.#model.nowMs;
    }
  }

  seen(id: ContainerId): { beganAtMs: number | null; isLive: boolean } {
    const observed = this.#observed.get(id);
    const isLive = observed?.attemptBegan === true && observed.exitedAtMs === null;
    return { beganAtMs: observed?.beganAtMs ?? null, isLive };
  }

  /** Reports live in a hub's memory: those that led to nothing yet are lost with it. */
  hubDied(hub: HubId): void {
    const { part } = this.#model.hub(hub).records;
    for (const observed of this.#observed.values()) {
      const isHere = observed.agent.endsWith(`.${hub}`);
      if (isHere && part.get(observed.desired.part)?.state !== 'ended') observed.reportLagMs = null;
    }
  }

  /** The hub accepted a report of the agent, so long after it was sent, and knows of these exits. */
  reported(exited: ReadonlySet<ContainerId>, lagMs: number): void {
    for (const id of exited) {
      const observed = this.#observed.get(id);
      // Only once it knows of every container of a part does it know when the part’s work ended.
      const size = observed ? this.#sizeOf(observed.desired.part) : 0;
      const named = [...exited].filter((other) => other.startsWith(`${observed?.desired.part}.`));
      if (observed && named.length === size) observed.reportLagMs ??= lagMs;
    }
  }

  #sizeOf(part: PartId): number {
    return [...this.#observed.values()].filter(({ desired }) => desired.part === part).length;
  }

  /** Every container of the part began at its runtime. */
  allBegan({ id, terms }: PartRecord): boolean {
    return this.#idsOf(id, terms).every((name) => this.#observed.get(name)?.beganAtMs != null);
  }

  #idsOf(part: string, { placements }: PartRecord['terms']): ContainerId[] {
    const count = placements.reduce((sum, { replicas }) => sum + replicas, 0);
    return Array.from({ length: count }, (_, number) => `${part}.${number}`);
  }

  /** From the first begin to the last exit, with the time that the report of it may have taken. */
  ranMs({ id, terms }: PartRecord): number {
    const all = this.#idsOf(id, terms)
      .map((name) => this.#observed.get(name))
      .filter((observed) => observed !== undefined && observed.beganAtMs !== null)
      .map((observed) => observed as Observed);
    if (all.length === 0) return 0;
    const from = Math.min(...all.map(({ beganAtMs }) => beganAtMs ?? 0));
    // Of what was cut off the hub may never hear more than that it is gone.
    if (all.some(({ reportLagMs }) => reportLagMs === null)) return this.#model.nowMs - from;
    const to = Math.max(...all.map(({ exitedAtMs }) => exitedAtMs ?? this.#model.nowMs));
    const lagMs = Math.max(...all.map(({ reportLagMs }) => reportLagMs ?? 0));
    return to - from + this.#absences.of(terms.lessor, to) + lagMs;
  }

  /** The hub ended the part: nothing of it runs, unless its lessor was lost. */
  partEnded(part: PartRecord, hubHeardAgentMs: number): void {
    const { stopAfterMs } = part.terms.disconnect;
    const lostAfterMs = stopAfterMs + this.#model.timing.stopTimeMs;
    if (this.#model.nowMs - hubHeardAgentMs >= lostAfterMs) return;
    for (const id of this.#idsOf(part.id, part.terms)) {
      const observed = this.#observed.get(id);
      if (observed?.attemptBegan && observed.exitedAtMs === null) {
        this.#model.violate('container.runs-after-end', observed.agent, id, String(part.outcome));
      }
    }
  }

  /** Looks at all containers that exist: none may be past its bounds. */
  tick(): void {
    for (const observed of this.#live) this.#checkBounds(observed, observed.agent);
  }

  get liveCount(): number {
    return this.#live.size;
  }

  /** Its engine is away: nobody can end it, so no bound holds; what its hub does about it, does. */
  outlives(id: ContainerId): void {
    this.#outliving.add(id);
  }

  /** Bounds count only the time in which the agent was there to enforce them. */
  #checkBounds({ desired, orderedAtMs, toldRunningAtMs }: Observed, agent: ParticipantId): void {
    const { id, startGraceMs, durationMs, stopAfterMs } = desired;
    if (this.#outliving.has(id)) return;
    const { stopTimeMs } = this.#model.timing;
    const check = (what: string, sinceMs: number, boundMs: number) => {
      const awayMs = this.#absences.of(agent, sinceMs);
      const lastedMs = this.#model.nowMs - sinceMs - awayMs;
      if (lastedMs > boundMs + stopTimeMs + SLACK_MS) {
        this.#model.violate(`container.${what}`, agent, id, `${lastedMs} ms, bound ${boundMs} ms`);
      }
    };
    if (toldRunningAtMs === null) check('past-start-grace', orderedAtMs, 2 * startGraceMs);
    else check('past-duration', toldRunningAtMs, durationMs);
    const heardMs = Math.max(orderedAtMs, this.#heardHub.get(agent) ?? 0);
    check('past-disconnect', heardMs, stopAfterMs);
  }
}

/** What was sold before a hub lost its past is held for all it knows. */
function isHeld(part: PartRecord | undefined): boolean {
  return part === undefined || holdsQuantity(part);
}
