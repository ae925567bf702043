/** Answers requests about what has left the core's memory: archived orders and kept logs. */
import { setImmediate } from 'node:timers/promises';
import type {
  KeptChunk,
  LogChunk,
  LogCursor,
  OrderView,
  Reply,
  Request,
} from '@sparegrid/core/messages';
import { KEPT_ORDER } from '@sparegrid/core/order/kept';
import { FINAL_ORDER_STATES, type OrderRecord } from '@sparegrid/core/order/order-record';
import { sealedKind } from '@sparegrid/core/order/sealed-chunk';
import { type Refusal, refuse } from '@sparegrid/core/refusals';
import type { AgreementId, ContainerId, OrderId, ParticipantId } from '@sparegrid/core/units/ids';
import { decodeStored } from '@sparegrid/core/units/json';
import { progressTableOf } from '@sparegrid/core/units/kept';
import { endOfPrefix, type Store } from '@sparegrid/link/store/store';

/** Record of table `archive`, key order id. */
interface ArchivedOrder {
  lessee: ParticipantId;
  view: OrderView;
}

/** Log text in one reply at most; who wants more asks again with a later cursor. */
export const REPLY_TEXT_BYTES_MAX = 256 * 1024;
/** Chunks read at once: no more than one reply can hold of full ones. */
const CHUNKS_PER_READ = 16;
/** After so many reads the loop gets its turn: an order may have thousands of containers. */
const READS_PER_TURN = 32;

/** @refuses ORDER_UNKNOWN, LEASE_UNKNOWN also for those of others: who asks learns nothing of them. */
export async function answerColdRead(
  store: Store,
  lessee: ParticipantId,
  request: Request,
): Promise<Reply> {
  switch (request.op) {
    case 'order.get':
      return archivedOrder(store, lessee, request.order);
    case 'lease.get':
      return archivedLease(store, lessee, request.lease);
    case 'order.keys': {
      // Of an archived order nothing waits; its text is what its output is opened with.
      const found = await ownOrder(store, lessee, request.order);
      if (!found) return unknown(request.order);
      return { ok: true, op: 'order.keys', document: found.document, waiting: [] };
    }
    case 'order.logs': {
      const kept = await keptChunks(store, lessee, request.order, {
        table: 'log',
        after: request.after,
      });
      return kept.ok ? { ...kept, op: 'order.logs' } : kept;
    }
    case 'lease.records': {
      const { order, stream, after } = request;
      const kept = await keptChunks(store, lessee, order, { table: stream, after });
      return kept.ok ? { ...kept, op: 'lease.records' } : kept;
    }
    case 'result.list': {
      // What is kept of an order is in the core's memory: this one has nothing, or is not there.
      const found = await ownOrder(store, lessee, request.order);
      return found ? { ok: true, op: 'result.list', results: [] } : unknown(request.order);
    }
    case 'result.read':
      return resultAfter(store, lessee, request);
    default:
      throw new Error(`broken invariant: ${request.op} is not read from the store`);
  }
}

async function archivedOrder(store: Store, lessee: ParticipantId, order: OrderId): Promise<Reply> {
  const text = await store.read('archive', order);
  const archived = text === null ? null : decodeStored<ArchivedOrder>(text);
  if (archived?.lessee !== lessee) return refuse('ORDER_UNKNOWN', order);
  return { ok: true, op: 'order.get', order: archived.view };
}

async function archivedLease(
  store: Store,
  lessee: ParticipantId,
  lease: AgreementId,
): Promise<Reply> {
  const found = await archivedOrder(store, lessee, lease.slice(0, lease.lastIndexOf('-')));
  const order = found.ok && found.op === 'order.get' ? found.order : undefined;
  const view = order?.agreements.find(({ id }) => id === lease);
  if (!order || view?.negotiation !== 'FINALIZED') return refuse('LEASE_UNKNOWN', lease);
  return { ok: true, op: 'lease.get', lease: { order: order.id, ...view } };
}

/** Orders lie in table `order` as long as anything of them is kept, live or archived. */
async function ownOrder(
  store: Store,
  lessee: ParticipantId,
  order: OrderId,
): Promise<OrderRecord | null> {
  // First what changes: once that is gone, the whole record says it all.
  const progress = await store.read(progressTableOf(KEPT_ORDER), order);
  const text = await store.read(KEPT_ORDER.table, order);
  const whole = text === null ? null : KEPT_ORDER.readFrom(decodeStored(text));
  if (whole?.order.lessee !== lessee) return null;
  return progress === null ? whole : KEPT_ORDER.withProgress(whole, decodeStored(progress));
}

function unknown(order: OrderId): Refusal {
  return refuse('ORDER_UNKNOWN', order);
}

interface Unread {
  table: 'log' | 'life' | 'usage';
  after: LogCursor;
}

async function keptChunks(
  store: Store,
  lessee: ParticipantId,
  order: OrderId,
  unread: Unread,
): Promise<{ ok: true; chunks: KeptChunk[]; ended: boolean } | Refusal> {
  const record = await ownOrder(store, lessee, order);
  if (!record) return unknown(order);
  const chunks: KeptChunk[] = [];
  let room = REPLY_TEXT_BYTES_MAX;
  for await (const chunk of chunksAfter(store, order, unread)) {
    room -= Buffer.byteLength(chunk.text);
    if (room < 0 && chunks.length > 0) break;
    chunks.push(chunk);
  }
  return { ok: true, chunks, ended: FINAL_ORDER_STATES.has(record.state) };
}

/** As many chunks of one result as a reply holds. */
async function resultAfter(
  store: Store,
  lessee: ParticipantId,
  { order, container, after }: Extract<Request, { op: 'result.read' }>,
): Promise<Reply> {
  if (!(await ownOrder(store, lessee, order))) return unknown(order);
  const prefix = `${order}/${container}/`;
  const from = `${keyOf(prefix, after)}\0`;
  const range = { table: 'result', from, before: endOfPrefix(prefix), limit: CHUNKS_PER_READ };
  const records = await store.scan(range);
  const chunks = records.map(({ text }) => decodeStored<LogChunk>(text));
  return { ok: true, op: 'result.read', chunks, last: isLast(chunks.at(-1)) };
}

/** Nothing follows an end, or the word that the result is too large. */
function isLast(chunk: LogChunk | undefined): boolean {
  const kind = chunk && sealedKind(chunk.text);
  return kind === 'end' || kind === 'too-large';
}

/** Container by container, each from behind its cursor on. */
async function* chunksAfter(
  store: Store,
  order: OrderId,
  { table, after }: Unread,
): AsyncGenerator<KeptChunk> {
  const end = endOfPrefix(`${order}/`);
  let from = `${order}/`;
  for (let reads = 1; ; reads += 1) {
    if (reads % READS_PER_TURN === 0) await setImmediate();
    const records = await store.scan({ table, from, before: end, limit: CHUNKS_PER_READ });
    const [first] = records;
    if (!first) return;
    const { prefix, container } = containerOf(first.key);
    const unread = keyOf(prefix, (Object.hasOwn(after, container) && after[container]) || 0);
    if (first.key <= unread) {
      from = `${unread}\0`;
      continue;
    }
    for (const { key, text } of records) {
      if (!key.startsWith(prefix)) break;
      from = `${key}\0`;
      yield decodeStored<KeptChunk>(text);
    }
  }
}

/** Keys are `<order>/<container>/<seq, 8 digits>`. */
function containerOf(key: string): { prefix: string; container: ContainerId } {
  const end = key.lastIndexOf('/');
  return { prefix: key.slice(0, end + 1), container: key.slice(key.indexOf('/') + 1, end) };
}

function keyOf(prefix: string, seq: number): string {
  return prefix + String(seq).padStart(8, '0');
}
