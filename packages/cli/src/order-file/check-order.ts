/** Checks a prepared order as its hub will, so that what cannot be accepted is never sent. */
import { DEFAULT_LIMITS } from '@sparegrid/core/hub/config';
import { refuseOrder } from '@sparegrid/core/hub/order-checks';
import { documentReader, readTaskPrivate } from '@sparegrid/link/documents';
import type { PreparedOrder } from '@sparegrid/sdk/order-draft';
import { InputRefused } from '../fault.ts';

/** @throws InputRefused with the code that the hub would give */
export function checkOrder({ document, taskPrivate }: PreparedOrder, wallMs: number): void {
  const order = documentReader.buyOrder(document.payload);
  const task = readTaskPrivate(taskPrivate);
  const refusal = !order.ok
    ? order
    : !task.ok
      ? task
      : refuseOrder(order.value, wallMs, DEFAULT_LIMITS);
  if (refusal) throw new InputRefused(refusal);
}
