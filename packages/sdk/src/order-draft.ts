/** Turns what a caller wants into a signed buy order. */
import type { BuyOrder, TaskPrivate, TaskPublic } from '@sparegrid/core/order/buy-order';
import {
  payloadTypeOf,
  preAuthEncoding,
  type SignedDocument,
} from '@sparegrid/core/units/document';
import { type OrderId, orderIdOf, type ParticipantId } from '@sparegrid/core/units/ids';
import { canonicalJson, type JsonValue } from '@sparegrid/core/units/json';
import { OrderSecrets, publicTextOf } from '@sparegrid/link/sealing/lessee-secrets';
import { sealTask } from '@sparegrid/link/sealing/task-seal';
import { randomHex } from './random.ts';
import { digestOf, rootOf, type Signer } from './signer.ts';

/** A buy order less what the client fills in: lessee, salt, and the digest of the private part. */
export interface OrderDraft extends Omit<BuyOrder, 'lessee' | 'salt' | 'task'> {
  task: { public: TaskPublic; private: TaskPrivate };
}

/** Ready to submit; submitting it again, also after a restart, is the same order. `taskPrivate` is sealed. */
export interface PreparedOrder {
  id: OrderId;
  document: SignedDocument;
  taskPrivate: string;
}

export async function prepareOrder(
  signer: Signer,
  lessee: ParticipantId,
  draft: OrderDraft,
): Promise<PreparedOrder> {
  const { payload, taskPrivate } = await writeOrder(signer, lessee, draft);
  const payloadType = payloadTypeOf('buy-order');
  const signature = await signer.sign(preAuthEncoding(payloadType, payload));
  return {
    id: orderIdOf(await digestOf(signer, payload)),
    document: { payloadType, payload, signatures: [{ keyId: lessee, signature }] },
    taskPrivate,
  };
}

/** The text of the order, not signed: enough to ask about it, not enough to make it binding. */
export async function writeOrder(
  signer: Signer,
  lessee: ParticipantId,
  draft: OrderDraft,
): Promise<{ payload: string; taskPrivate: string }> {
  const salt = randomHex();
  const secrets = await OrderSecrets.of(await rootOf(signer), salt);
  const sealKey = await publicTextOf(secrets.pair);
  const plain = canonicalJson(asJson(draft.task.private));
  const taskPrivate = await sealTask(secrets.content, sealKey, plain);
  const privateDigest = await digestOf(signer, taskPrivate);
  const task = { public: draft.task.public, privateDigest, sealKey };
  const order: BuyOrder = { ...draft, lessee, salt, task };
  return { payload: canonicalJson(asJson(order)), taskPrivate };
}

/** Interfaces have no index signature, so the compiler cannot see that they are JSON. */
function asJson(value: BuyOrder | TaskPrivate): JsonValue {
  return value as unknown as JsonValue;
}
