/** First hub and target hubs of agreements without a hub around them: messages wait on wires. */
import { type AgreementHooks, FirstAgreements } from '../src/agreement/first-hub.ts';
import { Inventory } from '../src/agreement/inventory.ts';
import type { AgreementMessage } from '../src/agreement/messages.ts';
import type { AgreementPorts, Lessors } from '../src/agreement/ports.ts';
import type { AgreementPartTerms, AgreementRecord } from '../src/agreement/records.ts';
import { awaitsKey, TargetParts } from '../src/agreement/target-hub.ts';
import { DEFAULT_TIMING, type Timing } from '../src/agreement/timing.ts';
import { placementsPriceMicroPerHour } from '../src/order/price.ts';
import type { SellOrder } from '../src/order/sell-order.ts';
import type { LeaseRow } from '../src/panorama/row.ts';
import { Deadlines } from '../src/units/deadlines.ts';
import { type HubId, hubOf, type ParticipantId } from '../src/units/ids.ts';
import type { Kept } from '../src/units/kept.ts';
import { StepSignatures } from '../src/units/step-signatures.ts';
import { documents } from './documents.ts';
import { buyOrder, replica, sellOrder, WALL_MS } from './fixtures.ts';
import { digest, keysOf } from './keys.ts';
import { SEALED_TASK } from './sealed.ts';

export interface Wire {
  from: HubId;
  to: HubId;
  message: AgreementMessage;
}

abstract class Side implements AgreementPorts {
  readonly self: HubId;
  readonly timing: Timing = DEFAULT_TIMING;
  readonly crypto;
  readonly signatures: StepSignatures;
  readonly deadlines = new Deadlines();
  /** What happened, in order: `put part held`, `send vote-yes`. */
  readonly log: string[] = [];
  protected readonly bench: Bench;

  constructor(bench: Bench, self: HubId) {
    this.bench = bench;
    this.self = self;
    this.crypto = keysOf(self).crypto;
    this.signatures = new StepSignatures(this.crypto);
  }

  now() {
    return { elapsedMs: this.bench.nowMs, wallMs: WALL_MS };
  }

  put(table: string, _key: string, record: object, live = true): void {
    const state = 'state' in record ? ` ${record.state}` : '';
    this.log.push(`${live ? 'put' : 'retire'} ${table}${state}`);
  }

  keep<T extends object>({ table }: Kept<T>, key: string, record: T): void {
    this.put(table, key, record);
  }

  archive<T extends object>({ table }: Kept<T>, key: string, record: T): void {
    this.put(table, key, record, false);
  }

  restored(): void {}

  ended(): void {}

  send(to: HubId, message: AgreementMessage): void {
    this.log.push(`send ${message.type}`);
    // Nothing leaves a hub before the end of its step.
    this.signatures.make();
    this.bench.wires.push({ from: this.self, to, message: structuredClone(message) });
  }

  wakeAt(name: string, atMs: number): void {
    this.deadlines.set(name, atMs);
  }

  cancelWake(name: string): void {
    this.deadlines.clear(name);
  }

  abstract handle(from: HubId, message: AgreementMessage): void;
  abstract wake(id: string): void;

  wakeDue(): void {
    const { nowMs } = this.bench;
    for (let name = this.deadlines.takeDue(nowMs); name; name = this.deadlines.takeDue(nowMs)) {
      this.wake(name.slice(name.indexOf(' ') + 1));
    }
  }
}

export class TargetSide extends Side implements Lessors {
  readonly lessor: ParticipantId;
  readonly stock = new Inventory();
  readonly parts: TargetParts;
  connected = true;
  heardMs = Infinity;
  #revision = 0;

  constructor(bench: Bench, lessor: ParticipantId) {
    super(bench, hubOf(lessor));
    this.lessor = lessor;
    this.stock.setOffer(sellOrder(lessor));
    this.parts = new TargetParts(this, this);
  }

  handle(from: HubId, message: AgreementMessage): void {
    this.parts.handle(from, message);
  }

  wake(id: string): void {
    this.parts.wake(id);
  }

  get freeMillicores(): number {
    return this.stock.free()?.lots[0]?.amounts.cpuMillicores ?? 0;
  }

  /** The agent starts what it shall, and stops what it shall not run any more. */
  agentCatchesUp(): void {
    for (const part of this.parts.ofLessor(this.lessor)) {
      if (part.state === 'active' && !awaitsKey(part)) this.parts.reportStarted(part);
    }
    this.parts.confirmStopped(this.lessor, Infinity, () => ({ state: 'gone', endedAgoMs: 0 }));
  }

  inventory(lessor: ParticipantId) {
    return lessor === this.lessor ? this.stock : undefined;
  }

  offer(lessor: ParticipantId): SellOrder | undefined {
    return (lessor === this.lessor && this.stock.offer) || undefined;
  }

  keyChainOf(): null {
    return null;
  }

  isConnected(): boolean {
    return this.connected;
  }

  lastHeardMs(): number {
    return Math.min(this.heardMs, this.bench.nowMs);
  }

  /** As with a master hub: the vote brings the row. */
  tellsRowsItself(): boolean {
    return false;
  }

  row(participant: ParticipantId): LeaseRow {
    return { kind: 'lease', participant, revision: this.#revision, offer: this.stock.free() };
  }

  epoch(): number {
    return 1;
  }

  stockChanged(): void {
    this.#revision += 1;
    this.log.push('publish');
  }

  followReports(): void {}

  raceLost(): void {}

  desiredChanged(): number {
    return 1;
  }

  readTerms(payload: string): AgreementPartTerms | undefined {
    const read = documents.agreementPart(payload);
    return read.ok ? read.value : undefined;
  }

  keysOf(hub: HubId): string[] {
    return [keysOf(hub).publicKey];
  }

  hubHeardMs(): number {
    return this.bench.nowMs;
  }
}

export class FirstSide extends Side {
  readonly hooked: string[] = [];
  readonly agreements: FirstAgreements;

  constructor(bench: Bench, self: HubId) {
    super(bench, self);
    const note = (name: string) => () => void this.hooked.push(name);
    const hooks: AgreementHooks = {
      keysOf: (hub) => [keysOf(hub).publicKey],
      taskPrivate: () => (bench.isSealed ? SEALED_TASK : null),
      answered: note('answered'),
      unanswered: note('unanswered'),
      aborted: (_agreement, lost) => void this.hooked.push(`aborted, ${lost.length} lost`),
      committed: note('committed'),
      keyReleased: note('key-released'),
      running: note('running'),
      partEnded: note('part-ended'),
      ended: note('ended'),
    };
    this.agreements = new FirstAgreements(this, hooks);
  }

  handle(from: HubId, message: AgreementMessage): void {
    this.agreements.handle(from, message);
  }

  wake(id: string): void {
    this.agreements.wake(id);
  }
}

/** First hub `h1`; every target hub has one lessor with 4 free cores at one credit per core hour. */
export class Bench {
  nowMs = 1_000_000;
  wires: Wire[] = [];
  readonly first = new FirstSide(this, 'h1');
  readonly targets = new Map<HubId, TargetSide>();

  /** Whether tasks have a private part, whose key must be released. */
  readonly isSealed: boolean;

  constructor(isSealed = false, lessors: ParticipantId[] = ['bob.h2', 'cat.h3']) {
    this.isSealed = isSealed;
    for (const lessor of lessors) this.targets.set(hubOf(lessor), new TargetSide(this, lessor));
  }

  target(hub: HubId): TargetSide {
    return this.targets.get(hub) as TargetSide;
  }

  /** Terms for one-core replicas at each named hub's lessor. */
  terms(id: string, replicas: Record<HubId, number>, over: Partial<AgreementPartTerms> = {}) {
    const { task, kind, durationMs, disconnect } = buyOrder();
    const hubs = Object.keys(replicas);
    return hubs.map((hub, part): AgreementPartTerms => {
      const { lessor, stock } = this.target(hub);
      const count = replicas[hub] as number;
      const placements = [
        { lotId: 'm1', replicas: count, devices: Array.from({ length: count }, () => []) },
      ];
      const offer = stock.offer ?? sellOrder(lessor);
      return {
        agreement: id,
        part,
        partCount: hubs.length,
        orderDigest: digest(id),
        orderFields: { lessee: digest('l'), limit: digest('m'), budget: digest('b') },
        firstHub: this.first.self,
        targetHub: hub,
        lessee: 'lea.h1',
        lessor,
        kind,
        replica: replica(),
        replicaOffset: 0,
        replicaTotal: Object.values(replicas).reduce((sum, one) => sum + one, 0),
        task,
        placements,
        priceMicroPerHour: placementsPriceMicroPerHour(offer, replica(), placements) ?? 0n,
        termsRevision: offer.termsRevision,
        durationMs,
        holdMs: DEFAULT_TIMING.holdMs,
        startGraceMs: DEFAULT_TIMING.startGraceMs,
        atomic: true,
        disconnect,
        ...over,
      };
    });
  }

  start(
    id: string,
    replicas: Record<HubId, number>,
    { atomic = true, minReplicas = 1 } = {},
  ): AgreementRecord {
    const base = { id, order: `o-${id}`, attempt: 1, atomic, minReplicas };
    return this.first.agreements.start(base, this.terms(id, replicas, { atomic }));
  }

  deliver({ from, to, message }: Wire): void {
    const side = to === this.first.self ? this.first : this.target(to);
    side.handle(from, message);
  }

  /** Delivers what is on the wires, and what that brings about, except what `lose` says. */
  settle(lose: (wire: Wire) => boolean = () => false): this {
    for (let wire = this.wires.shift(); wire; wire = this.wires.shift()) {
      if (!lose(wire)) this.deliver(wire);
    }
    return this;
  }

  wait(ms: number): this {
    this.nowMs += ms;
    for (const side of [this.first, ...this.targets.values()]) side.wakeDue();
    return this;
  }

  agentsCatchUp(): this {
    for (const target of this.targets.values()) target.agentCatchesUp();
    return this.settle();
  }

  /** Types of the messages on the wires. */
  get onWires(): string[] {
    return this.wires.map(({ message }) => message.type);
  }
}
