/** Results at the lessee's hub: archives of what containers left, kept until dropped or expired. */
import type { LogChunk, Reply, ResultView } from '../messages.ts';
import { sealedBytes, sealedKind } from '../order/sealed-chunk.ts';
import { refuse } from '../refusals.ts';
import { type ContainerId, compareIds, type OrderId, type ParticipantId } from '../units/ids.ts';
import type { HubContext } from './context.ts';

/** Durable; table `result-index`, key container id. The chunks lie in table `result`. */
export interface ResultRecord {
  order: OrderId;
  lessee: ParticipantId;
  firstSeq: number;
  lastSeq: number;
  /** Of the archive, as arrived. */
  bytes: number;
  state: ResultView['state'];
  expiresAtMs: number;
}

export function chunkKey(order: OrderId, container: ContainerId, seq: number): string {
  return `${order}/${container}/${String(seq).padStart(8, '0')}`;
}

export class ResultDesk {
  readonly #results = new Map<ContainerId, ResultRecord>();
  readonly #context: HubContext;

  constructor(context: HubContext) {
    this.#context = context;
  }

  restore(container: ContainerId, record: ResultRecord): void {
    this.#results.set(container, record);
    this.#context.wakeAt(`result ${container}`, record.expiresAtMs);
  }

  /** The next chunk of a result; one of the kind `end` ends it. */
  take(order: OrderId, lessee: ParticipantId, chunk: LogChunk): void {
    const { container, seq, text } = chunk;
    const { resultBytes, resultKeepMs } = this.#context.config.limits;
    const expiresAtMs = this.#context.now().elapsedMs + resultKeepMs;
    const record = this.#results.get(container) ?? {
      order,
      lessee,
      firstSeq: seq,
      lastSeq: seq,
      bytes: 0,
      state: 'partial',
      expiresAtMs,
    };
    if (record.state !== 'partial') return;
    record.bytes += sealedBytes(text);
    const kind = sealedKind(text);
    record.expiresAtMs = expiresAtMs;
    if (record.bytes > resultBytes || kind === 'too-large') {
      this.#removeChunks(container, record);
      record.state = 'too-large';
    } else {
      record.lastSeq = seq;
      this.#context.put('result', chunkKey(order, container, seq), chunk, false);
      if (kind === 'end') record.state = 'complete';
    }
    this.#context.put('result-index', container, record);
    this.restore(container, record);
  }

  /** Whether a result of that order may still be asked for. */
  has(order: OrderId): boolean {
    return [...this.#results.values()].some((record) => record.order === order);
  }

  /** Undefined when nothing is kept in memory of the order: the store knows whether there is one. */
  list(lessee: ParticipantId, order: OrderId): ResultView[] | undefined {
    const own = [...this.#results].filter(([, record]) => {
      return record.order === order && record.lessee === lessee;
    });
    if (own.length === 0) return undefined;
    const nowMs = this.#context.now().elapsedMs;
    return own
      .sort(([a], [b]) => compareIds(a, b))
      .map(([container, { bytes, state, expiresAtMs }]) => ({
        container,
        bytes,
        state,
        expiresInMs: Math.max(0, expiresAtMs - nowMs),
      }));
  }

  /** @refuses RESULT_UNKNOWN, RESULT_TOO_LARGE */
  refuseRead(lessee: ParticipantId, order: OrderId, container: ContainerId): Reply | undefined {
    const record = this.#results.get(container);
    if (record?.order !== order || record.lessee !== lessee) {
      return refuse('RESULT_UNKNOWN', container);
    }
    if (record.state !== 'too-large') return undefined;
    const { resultBytes } = this.#context.config.limits;
    return refuse('RESULT_TOO_LARGE', `${container}: the hub keeps ${resultBytes} bytes`);
  }

  /** @refuses RESULT_UNKNOWN */
  drop(lessee: ParticipantId, order: OrderId, container: ContainerId): Reply {
    const record = this.#results.get(container);
    if (record?.order !== order || record.lessee !== lessee) {
      return refuse('RESULT_UNKNOWN', container);
    }
    this.#remove(container, record);
    return { ok: true, op: 'result.drop', container };
  }

  wake(container: ContainerId): void {
    const record = this.#results.get(container);
    if (!record || this.#context.now().elapsedMs < record.expiresAtMs) return;
    this.#remove(container, record);
  }

  #remove(container: ContainerId, record: ResultRecord): void {
    if (record.state !== 'too-large') this.#removeChunks(container, record);
    this.#results.delete(container);
    this.#context.out.remove('result-index', container);
    this.#context.cancelWake(`result ${container}`);
  }

  /** Bounded by the largest result that is kept. */
  #removeChunks(container: ContainerId, { order, firstSeq, lastSeq }: ResultRecord): void {
    for (let seq = firstSeq; seq <= lastSeq; seq++) {
      this.#context.out.remove('result', chunkKey(order, container, seq));
    }
  }
}
