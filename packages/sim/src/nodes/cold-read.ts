/** Answers requests about records that left the hub's memory, from its store. */
import type { KeptChunk, OrderView, Reply, Request } from '@sparegrid/core/messages';
import { KEPT_ORDER } from '@sparegrid/core/order/kept';
import { refuse } from '@sparegrid/core/refusals';
import type { OrderId, ParticipantId } from '@sparegrid/core/units/ids';
import { decodeStored } from '@sparegrid/core/units/json';
import type { SimStore } from '../kernel/sim-store.ts';

interface Archived {
  lessee: ParticipantId;
  view: OrderView;
}

export function answerColdRead(store: SimStore, from: ParticipantId, request: Request): Reply {
  if (!('order' in request)) return refuse('ORDER_UNKNOWN', request.op);
  const { order, op } = request;
  if (lesseeOf(store, order) !== from) return refuse('ORDER_UNKNOWN', order);
  if (op === 'order.logs') return logsOf(store, order);
  const archived = store.get('archive', order);
  if (archived === undefined) return refuse('ORDER_UNKNOWN', order);
  return { ok: true, op: 'order.get', order: decodeStored<Archived>(archived).view };
}

function lesseeOf(store: SimStore, order: OrderId): ParticipantId | null {
  const text = store.get('order', order);
  return text === undefined ? null : KEPT_ORDER.readFrom(decodeStored(text)).order.lessee;
}

function logsOf(store: SimStore, order: OrderId): Reply {
  const chunks = store.under('log', `${order}/`).map((text) => decodeStored<KeptChunk>(text));
  return { ok: true, op: 'order.logs', chunks, ended: false };
}
