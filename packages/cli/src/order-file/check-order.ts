/** Checks an order as its hub will, so that what cannot be accepted is never sent. */
import { DEFAULT_LIMITS } from '@sparegrid/core/hub/config';
import { refuseOrder } from '@sparegrid/core/hub/order-checks';
import type { BuyOrder } from '@sparegrid/core/order/buy-order';
import { canonicalJson, type JsonValue } from '@sparegrid/core/units/json';
import { documentReader, readTaskPrivate } from '@sparegrid/link/documents';
import type { OrderDraft } from '@sparegrid/sdk/order-draft';
import { InputRefused } from '../fault.ts';

/** Stand-ins for what only signing fills in; the checks are about everything else. */
const UNSIGNED = { lessee: 'lessee.hub', salt: '', privateDigest: `sha256:${'0'.repeat(64)}` };

/** @throws InputRefused with the code that the hub would give */
export function checkOrder(draft: OrderDraft, wallMs: number): void {
  const { lessee, salt, privateDigest } = UNSIGNED;
  const task = { public: draft.task.public, privateDigest };
  const order: BuyOrder = { ...draft, lessee, salt, task };
  const read = documentReader.buyOrder(canonicalJson(order as unknown as JsonValue));
  if (!read.ok) throw new InputRefused(read);
  const program = readTaskPrivate(canonicalJson(draft.task.private as unknown as JsonValue));
  if (!program.ok) throw new InputRefused(program);
  const refusal = refuseOrder(read.value, wallMs, DEFAULT_LIMITS);
  if (refusal) throw new InputRefused(refusal);
}
