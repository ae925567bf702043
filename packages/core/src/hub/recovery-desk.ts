/** A hub whose store lost some of its past: it asks for it, decides nothing, and then begins anew. */
import { KEPT_AGREEMENT, KEPT_PART } from '../agreement/kept.ts';
import type { AgreementRecord } from '../agreement/records.ts';
import type { Testimony, TestimonySource } from '../agreement/testimony.ts';
import { type ElectionRecord, NOBODY } from '../election/election.ts';
import type { HubMessage, ParticipantMessage, RecoveryStatus } from '../messages.ts';
import { KEPT_ORDER } from '../order/kept.ts';
import { FINAL_ORDER_STATES, type OrderRecord } from '../order/order-record.ts';
import { type Refusal, refuse } from '../refusals.ts';
import { compareIds, type HubId, type ParticipantId } from '../units/ids.ts';
import { decodeStored } from '../units/json.ts';
import { type Kept, progressTableOf, readKept } from '../units/kept.ts';
import type { StoredRecord } from '../units/write.ts';
import type { HubContext } from './context.ts';
import type { CommitsRecord } from './marks.ts';
import { MASTER_ELECTION } from './panorama-desk.ts';
import {
  believed,
  ending,
  hasSuccessor,
  namesIn,
  recoveredAgreement,
  recoveredPart,
  type Told,
} from './recovered.ts';
import type { UncheckedRecord } from './subnet.ts';

/** Durable; table `meta`, key `recovery`: this hub must not decide anything. */
export interface RecoveryRecord {
  /** Commits that a peer proved; the store's count must not fall below it again. */
  commits: number;
}

/** Durable; table `meta`, key `recovered`: the epoch in which this hub last learned its past again. */
export interface RecoveredRecord {
  epoch: number;
}

type Answer = Extract<HubMessage, { type: 'recovery-answer' }>;

interface Gathered {
  asOf: number;
  term: number;
  chunks: Map<number, Testimony[]>;
  isWhole: boolean;
}

/**
 * The records of this life are those of the store, untouched, until every listed peer has told what
 * it knows (or the operator waived it); then one transaction makes one past of all, and the next
 * life goes on from there. Nothing is ever removed: a peer can add what this hub signed, no more.
 */
export class RecoveryDesk {
  readonly #context: HubContext;
  readonly #stored: readonly StoredRecord[];
  readonly #isHeard: (hub: HubId) => boolean;
  readonly #answers = new Map<HubId, Gathered>();
  #isDone = false;

  /** @param isHeard  a heartbeat of that hub proved no later past than the one that is asked for. */
  constructor(
    context: HubContext,
    stored: readonly StoredRecord[],
    isHeard: (hub: HubId) => boolean,
  ) {
    this.#context = context;
    this.#stored = stored;
    this.#isHeard = isHeard;
  }

  status(): RecoveryStatus {
    return { waitingFor: this.#waitingFor() };
  }

  refusal(): Refusal {
    const waiting = this.#waitingFor().join(', ') || 'nobody';
    return refuse('HUB_RECOVERING', `try again later; it waits for the word of ${waiting}`);
  }

  /** For peers that recover as well: the store's records, as old as they are. */
  source(): TestimonySource {
    const orders = readKept(KEPT_ORDER, this.#stored);
    return {
      agreements: readKept(KEPT_AGREEMENT, this.#stored).values(),
      parts: readKept(KEPT_PART, this.#stored).values(),
      taskPrivate: ({ order }) => orders.get(order)?.taskPrivate ?? null,
    };
  }

  #waitingFor(): HubId[] {
    const waived = this.#context.config.waivedPeers ?? [];
    return this.#context
      .peers()
      .filter((hub) => !waived.includes(hub))
      .filter((hub) => !this.#answers.get(hub)?.isWhole || !this.#isHeard(hub))
      .sort(compareIds);
  }

  /** Asks those who have not answered; also the way out when nobody is left to be asked. */
  ask(): void {
    for (const hub of this.#waitingFor()) {
      this.#context.out.send(hub, { type: 'recovery-request' });
    }
    this.#finishIfWhole();
  }

  /** Chunks of one answer belong together; a later answer replaces an earlier one. */
  answered(from: HubId, { asOf, term, chunk, chunks, testimonies }: Answer): void {
    let gathered = this.#answers.get(from);
    if (gathered?.isWhole || (gathered && gathered.asOf > asOf)) return;
    if (gathered?.asOf !== asOf) {
      gathered = { asOf, term, chunks: new Map(), isWhole: false };
      this.#answers.set(from, gathered);
    }
    gathered.chunks.set(chunk, testimonies);
    gathered.isWhole = gathered.chunks.size === chunks;
    this.#finishIfWhole();
  }

  /** Agents stay where they are: they are heard, but neither followed nor told what to run. */
  fromAgent(from: ParticipantId, session: string, message: ParticipantMessage): void {
    const { out, self, epoch, subnet } = this.#context;
    const collect = subnet.get(from)?.admitted.collect ?? 'push';
    if (message.type === 'hello') {
      const { hubList } = this.#context;
      if (hubList && message.role === 'agent') out.send(from, hubList, session);
      out.send(from, { type: 'welcome', hub: self, epoch, collect }, session);
    } else if (message.type === 'status') {
      out.send(from, { type: 'status-ack', seq: message.seq }, session);
    }
  }

  #finishIfWhole(): void {
    if (this.#isDone || this.#waitingFor().length > 0) return;
    this.#isDone = true;
    const told = [...this.#answers].flatMap(([hub, { chunks }]) =>
      believed(this.#context, hub, [...chunks.values()].flat()),
    );
    this.#mergeParts(told.filter(({ yours }) => yours === 'target'));
    this.#mergeAgreements(told.filter(({ yours }) => yours === 'first'));
    this.#barVotes();
    this.#uncheckAgents();
    const recovered: RecoveredRecord = { epoch: this.#context.epoch };
    this.#context.put('meta', 'recovered', recovered);
    this.#context.out.remove('meta', 'recovery');
    const hint = `${told.length} parts of agreements were told by ${[...this.#answers.keys()].join(', ')}`;
    this.#context.out.effect({ kind: 'restart', code: 'HUB_RECOVERED', hint });
  }

  #table<T>(table: string): Map<string, T> {
    const rows = this.#stored.filter((record) => record.table === table);
    return new Map(rows.map(({ key, text }) => [key, decodeStored<T>(text)]));
  }

  #mergeParts(told: readonly Told[]): void {
    const own = readKept(KEPT_PART, this.#stored);
    const nowMs = this.#context.now().elapsedMs;
    for (const one of told) {
      const id = `${one.terms.agreement}.${one.terms.part}`;
      this.#putWhole(KEPT_PART, id, recoveredPart(own.get(id), one, nowMs));
    }
  }

  #mergeAgreements(told: readonly Told[]): void {
    const own = readKept(KEPT_AGREEMENT, this.#stored);
    const orders = readKept(KEPT_ORDER, this.#stored);
    const nowMs = this.#context.now().elapsedMs;
    const byAgreement = Map.groupBy(told, ({ terms }) => terms.agreement);
    const all = new Map(own);
    for (const [id, parts] of [...byAgreement].sort(([a], [b]) => compareIds(a, b))) {
      const merged = recoveredAgreement(own.get(id), parts, nowMs);
      if (merged) all.set(id, merged);
    }
    for (const agreement of all.values()) {
      const { id } = agreement;
      const merged = hasSuccessor(agreement, all) ? ending(agreement) : agreement;
      if (merged === own.get(id)) continue;
      this.#putWhole(KEPT_AGREEMENT, id, merged);
      const order = orders.get(merged.order);
      if (order && !FINAL_ORDER_STATES.has(order.state)) this.#noteIn(order, merged);
    }
  }

  #noteIn(order: OrderRecord, { id }: AgreementRecord): void {
    if (!order.agreements.includes(id)) order.agreements.push(id);
    order.attempts = Math.max(order.attempts, namesIn(id).attempt);
    this.#putWhole(KEPT_ORDER, order.id, order);
  }

  /** What was written beside the older record no longer counts. */
  #putWhole<T extends object>(kind: Kept<T>, key: string, record: T): void {
    this.#context.out.putWhole(kind, key, record);
    this.#context.out.remove(progressTableOf(kind), key);
  }

  /** Votes may have been given in every term that a peer knows of: none is given there again. */
  #barVotes(): void {
    const own = this.#table<ElectionRecord>('election').get(MASTER_ELECTION);
    const terms = [...this.#answers.values()].map((answer) => answer.term);
    const term = Math.max(own?.term ?? 0, ...terms);
    if (term === 0) return;
    this.#context.put('election', MASTER_ELECTION, { term, votedFor: NOBODY });
  }

  #uncheckAgents(): void {
    const knownUntilMs = this.#table<CommitsRecord>('meta').get('commits')?.elapsedMs ?? 0;
    for (const { admitted, expelled } of this.#context.subnet.members.values()) {
      if (admitted.lends && !expelled) {
        this.#context.put('unchecked', admitted.id, { knownUntilMs } satisfies UncheckedRecord);
      }
    }
  }
}
