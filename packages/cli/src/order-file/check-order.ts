/** Checks an order as its hub will, so that what cannot be accepted is never sent. */
import { DEFAULT_LIMITS } from '@sparegrid/core/hub/config';
import { refuseOrder } from '@sparegrid/core/hub/order-checks';
import type { BuyOrder } from '@sparegrid/core/order/buy-order';
import type { Refusal } from '@sparegrid/core/refusals';
import { canonicalJson, type JsonValue } from '@sparegrid/core/units/json';
import { documentReader, readTaskPrivate } from '@sparegrid/link/documents';
import type { OrderDraft } from '@sparegrid/sdk/order-draft';

/** Stand-ins for what only signing fills in; the checks are about everything else. */
const UNSIGNED = { lessee: 'lessee.hub', salt: '', privateDigest: `sha256:${'0'.repeat(64)}` };

/** What the hub would say; undefined when it would take it. */
export function refusalOf(draft: OrderDraft, wallMs: number): Refusal | undefined {
  const { lessee, salt, privateDigest } = UNSIGNED;
  const task = { public: draft.task.public, privateDigest };
  const order: BuyOrder = { ...draft, lessee, salt, task };
  const read = documentReader.buyOrder(canonicalJson(order as unknown as JsonValue));
  if (!read.ok) return read;
  const program = readTaskPrivate(canonicalJson(draft.task.private as unknown as JsonValue));
  if (!program.ok) return program;
  return refuseOrder(read.value, wallMs, DEFAULT_LIMITS);
}
