/** What of an order goes on changing after it was accepted. */
import type { Kept } from '../units/kept.ts';
import type { OrderRecord } from './order-record.ts';

type Accepted = 'id' | 'digest' | 'document' | 'order' | 'taskPrivate' | 'acceptedSeq';

export const KEPT_ORDER: Kept<OrderRecord, Omit<OrderRecord, Accepted>> = {
  table: 'order',
  progressOf: ({ id, digest, document, order, taskPrivate, acceptedSeq, ...progress }) => progress,
  withProgress: (whole, progress) => ({ ...whole, ...progress }),
};
