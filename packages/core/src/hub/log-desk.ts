/** Program output on its way from the agent over the target hub to the first hub's store. */

import type { FirstAgreements } from '../agreement/first-hub.ts';
import type { AgreementRecord } from '../agreement/records.ts';
import type { TargetParts } from '../agreement/target-hub.ts';
import type { HubMessage, KeptChunk, LogChunk } from '../messages.ts';
import {
  type ContainerId,
  compareIds,
  type HubId,
  type OrderId,
  type ParticipantId,
  partIdOf,
} from '../units/ids.ts';
import type { HubContext } from './context.ts';
import { chunkKey, type ResultDesk } from './result-desk.ts';

type PartLog = Extract<HubMessage, { type: 'part-log' }>;

/** Last chunk stored of a container; table `log-position`, key container id. */
export interface LogPosition {
  order: OrderId;
  seq: number;
  /** How many chunks of each table are kept. */
  kept?: Partial<Record<Table, number>>;
}

/** Chunks of a container lie in one table per purpose, under the same keys. */
type Table = 'log' | 'life' | 'usage';

/**
 * Chunks are stored once and in order at the first hub; the agent sends a chunk again until it is
 * acknowledged from there. Output past the stated maximum is acknowledged but not kept.
 */
export class LogDesk {
  readonly #positions = new Map<ContainerId, LogPosition>();
  /** Orders whose output grew in this step, with their lessees. */
  readonly #grown = new Map<OrderId, ParticipantId>();
  readonly #context: HubContext;
  readonly #parts: TargetParts;
  readonly #agreements: FirstAgreements;
  readonly #results: ResultDesk;
  /** Agreements name their lessees by pseudonyms. */
  readonly #lesseeOf: (order: OrderId) => ParticipantId | undefined;

  constructor(
    context: HubContext,
    parts: TargetParts,
    agreements: FirstAgreements,
    results: ResultDesk,
    lesseeOf: (order: OrderId) => ParticipantId | undefined,
  ) {
    this.#lesseeOf = lesseeOf;
    this.#results = results;
    this.#context = context;
    this.#parts = parts;
    this.#agreements = agreements;
  }

  restore(container: ContainerId, position: LogPosition): void {
    this.#positions.set(container, position);
  }

  /** From the lessor's agent: on to the first hub of the lease. */
  fromAgent(participant: ParticipantId, chunk: LogChunk): void {
    const partId = chunk.container.slice(0, chunk.container.lastIndexOf('.'));
    const part = this.#parts.parts.get(partId);
    const isItsOwn = part && this.#ownerOf(part.terms.lessor) === participant;
    if (!part || !isItsOwn) {
      // Nobody waits for it any more: let the agent drop it.
      const { container, seq } = chunk;
      return this.#context.sendToAgent(participant, { type: 'log-ack', container, seq });
    }
    const { agreement, part: number, firstHub } = part.terms;
    this.#context.send(firstHub, { ...chunk, type: 'part-log', agreement, part: number });
  }

  /** At the first hub: store the next chunk, acknowledge what is stored. */
  fromTarget(from: HubId, message: PartLog): void {
    const { agreement, part: number, container, seq, stream, text } = message;
    const record = this.#agreements.agreements.get(agreement);
    const prefix = `${partIdOf(agreement, number)}.`;
    const known = record?.parts[number]?.terms.targetHub === from && container.startsWith(prefix);
    if (!record || !known) {
      return this.#context.send(from, { type: 'part-log-ack', container, seq });
    }
    const stored = this.#positions.get(container)?.seq ?? 0;
    if (seq === stored + 1) {
      this.#store(record, { container, seq, stream, text });
      const lessee = this.#lesseeOf(record.order);
      if (lessee !== undefined) this.#grown.set(record.order, lessee);
    }
    const last = this.#positions.get(container)?.seq ?? 0;
    this.#context.send(from, { type: 'part-log-ack', container, seq: last });
  }

  /** Lessees hear of new output once per step and order, as they hear of states: nobody polls. */
  tellOutput(): void {
    for (const [order, lessee] of this.#grown) {
      const sessions = this.#context.sessions.get(lessee) ?? [];
      for (const session of [...sessions].sort(compareIds)) {
        this.#context.out.send(lessee, { type: 'output', order }, session);
      }
    }
    this.#grown.clear();
  }

  #store({ order }: AgreementRecord, chunk: LogChunk): void {
    const { container, seq, stream } = chunk;
    const known = this.#positions.get(container);
    const kept = { ...known?.kept };
    if (stream === 'result') {
      const lessee = this.#lesseeOf(order);
      if (lessee !== undefined) this.#results.take(order, lessee, chunk);
    } else {
      const table = stream === 'life' || stream === 'usage' ? stream : 'log';
      const count = kept[table] ?? 0;
      if (count < this.#context.config.limits.logChunksPerContainer) {
        kept[table] = count + 1;
        const keep: KeptChunk = { ...chunk, atMs: this.#context.now().wallMs };
        this.#context.put(table, chunkKey(order, container, seq), keep, false);
      }
    }
    const position: LogPosition = { order, seq, kept };
    this.#positions.set(container, position);
    this.#context.put('log-position', container, position);
  }

  /** At the target hub: the first hub, and no other one, says that it has stored up to here. */
  acknowledged(from: HubId, container: ContainerId, seq: number): void {
    const partId = container.slice(0, container.lastIndexOf('.'));
    const terms = this.#parts.parts.get(partId)?.terms;
    if (terms?.firstHub !== from) return;
    const lessor = this.#ownerOf(terms.lessor);
    if (lessor !== undefined) {
      this.#context.sendToAgent(lessor, { type: 'log-ack', container, seq });
    }
  }

  #ownerOf(name: ParticipantId): ParticipantId | undefined {
    return this.#context.subnet.named(name)?.admitted.id;
  }

  /** Positions of an archived order are no longer needed in memory. */
  forget(order: OrderId): void {
    for (const [container, position] of this.#positions) {
      if (position.order !== order) continue;
      this.#positions.delete(container);
      this.#context.put('log-position', container, position, false);
    }
  }
}
