/** Digests of single fields of a buy order: each can be proven later, none can be guessed. */
import type { Crypto } from '../units/document.ts';
import { canonicalJson, type JsonValue } from '../units/json.ts';
import type { BuyOrder } from './buy-order.ts';

/** What the parties of a lease may want to prove, and the target hub and the lessor must not know. */
export type HiddenField = 'lessee' | 'limit' | 'budget';

/** Digests by field, as both hubs of a part sign them. */
export type FieldDigests = Record<HiddenField, string>;

/** Opens one field and nothing else: the salts of the others do not follow from this one. */
export interface FieldOpening {
  field: HiddenField;
  /** 128 bits, as hex. */
  salt: string;
  value: JsonValue;
}

/** Whoever holds the order, the lessee first of all, can open its fields: no further secret is kept. */
export function openField(crypto: Crypto, order: BuyOrder, field: HiddenField): FieldOpening {
  const from = crypto.digest(canonicalJson(['field salt', order.salt, field]));
  const salt = from.slice('sha256:'.length, 'sha256:'.length + 32);
  return { field, salt, value: hiddenValue(order, field) };
}

export function fieldDigestsOf(crypto: Crypto, order: BuyOrder): FieldDigests {
  const digestOf = (field: HiddenField) => openingDigest(crypto, openField(crypto, order, field));
  return { lessee: digestOf('lessee'), limit: digestOf('limit'), budget: digestOf('budget') };
}

function hiddenValue(order: BuyOrder, field: HiddenField): JsonValue {
  switch (field) {
    case 'lessee':
      return order.lessee;
    case 'limit':
      return order.limitMicroPerReplicaHour;
    case 'budget':
      return order.budgetMicro;
  }
}

/** True when the opened value is the one that was signed. */
export function provesField(crypto: Crypto, digests: FieldDigests, opening: FieldOpening): boolean {
  return digests[opening.field] === openingDigest(crypto, opening);
}

function openingDigest(crypto: Crypto, { field, salt, value }: FieldOpening): string {
  return crypto.digest(canonicalJson([field, salt, value]));
}
