/** Turns what a caller wants into a signed buy order. */
import type { BuyOrder, TaskPrivate, TaskPublic } from '@sparegrid/core/order/buy-order';
import { type Crypto, type SignedDocument, signDocument } from '@sparegrid/core/units/document';
import { type OrderId, orderIdOf, type ParticipantId } from '@sparegrid/core/units/ids';
import { canonicalJson, type JsonValue } from '@sparegrid/core/units/json';
import { randomHex } from './random.ts';

/** A buy order less what the client fills in: lessee, salt, and the digest of the private part. */
export interface OrderDraft extends Omit<BuyOrder, 'lessee' | 'salt' | 'task'> {
  task: { public: TaskPublic; private: TaskPrivate };
}

/** Ready to submit; submitting it again, also after a restart, is the same order. */
export interface PreparedOrder {
  id: OrderId;
  document: SignedDocument;
  taskPrivate: string;
}

export function prepareOrder(
  crypto: Crypto,
  lessee: ParticipantId,
  draft: OrderDraft,
): PreparedOrder {
  const taskPrivate = canonicalJson(asJson(draft.task.private));
  const task = { public: draft.task.public, privateDigest: crypto.digest(taskPrivate) };
  const order: BuyOrder = { ...draft, lessee, salt: randomHex(), task };
  const document = signDocument(crypto, lessee, 'buy-order', asJson(order));
  return { id: orderIdOf(crypto.digest(document.payload)), document, taskPrivate };
}

/** Interfaces have no index signature, so the compiler cannot see that they are JSON. */
function asJson(value: BuyOrder | TaskPrivate): JsonValue {
  return value as unknown as JsonValue;
}
