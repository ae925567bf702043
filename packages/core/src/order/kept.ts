/** What of an order goes on changing after it was accepted. */
import { decodeStored } from '../units/json.ts';
import type { Kept } from '../units/kept.ts';
import type { BuyOrder } from './buy-order.ts';
import type { OrderRecord } from './order-record.ts';

type Accepted = 'id' | 'digest' | 'document' | 'order' | 'taskPrivate' | 'acceptedSeq';

export const KEPT_ORDER: Kept<OrderRecord, Omit<OrderRecord, Accepted>> = {
  table: 'order',
  writtenOf: ({ order, ...rest }) => rest,
  readFrom: (written) => {
    const record = written as Omit<OrderRecord, 'order'> & { order?: BuyOrder };
    // Records of earlier versions have it beside the text.
    const order = record.order ?? decodeStored<BuyOrder>(record.document.payload);
    return { ...record, order };
  },
  progressOf: ({ id, digest, document, order, taskPrivate, acceptedSeq, ...progress }) => progress,
  withProgress: (whole, progress) => ({ ...whole, ...progress }),
};
