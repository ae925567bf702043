/** Schemas of what a lessee sees of its order, its agreements, and of why it is not matched. */
import type { LeaseState, NegotiationState } from '@sparegrid/core/agreement/records';
import type { Explanation } from '@sparegrid/core/matching/explain';
import type {
  AgreementView,
  LeaseView,
  OrderPlan,
  OrderSummary,
  OrderView,
} from '@sparegrid/core/messages';
import type { OrderEvent, OrderRound, OrderState } from '@sparegrid/core/order/order-record';
import { z } from 'zod';
import { partOutcome } from './agreement.ts';
import { placement } from './resources.ts';
import {
  agreementId,
  amount,
  hint,
  hubId,
  list,
  MANY,
  micro,
  name,
  orderId,
  participantId,
  partNumber,
  refusalCode,
  SOME,
} from './scalars.ts';
import { schemaFor } from './schema-for.ts';

export const orderState = schemaFor<OrderState>()(
  z.enum([
    'open',
    'signing',
    'awaiting-key',
    'starting',
    'running',
    'cancelling',
    'completed',
    'failed',
    'expired',
    'cancelled',
  ]),
);

export const orderEvent = schemaFor<OrderEvent>()(
  z.strictObject({
    atMs: amount,
    name: z.enum([
      'accepted',
      'unmatched',
      'matched',
      'lost-race',
      'aborted',
      'frozen',
      'key-released',
      'started',
      'part-ended',
      'unconfirmed',
      'void',
      'ended',
    ]),
    detail: hint,
  }),
);

const negotiation = schemaFor<NegotiationState>()(
  z.enum(['REQUESTED', 'OFFERED', 'ACCEPTED', 'AGREED', 'VERIFIED', 'FINALIZED', 'TERMINATED']),
);

const lease = schemaFor<LeaseState>()(
  z.enum(['REQUESTED', 'STARTED', 'SUSPENDED', 'COMPLETED', 'TERMINATED']),
);

const agreementFields = {
  id: agreementId,
  negotiation,
  lease,
  userOf: participantId.nullable(),
  userExpiresMs: amount.nullable(),
  signedAtMs: amount.nullable().optional(),
  code: refusalCode.nullable(),
  parts: list(
    z.strictObject({
      part: partNumber,
      lessor: participantId,
      targetHub: hubId,
      replicas: amount,
      placements: list(placement, MANY),
      priceMicroPerHour: micro,
      billedMs: amount,
      costMicro: micro,
      outcome: partOutcome.nullable(),
      key: z.enum(['awaited', 'released']).optional(),
    }),
    SOME,
  ),
};

const agreementView = schemaFor<AgreementView>()(z.strictObject(agreementFields));

export const leaseView = schemaFor<LeaseView>()(
  z.strictObject({ order: orderId, ...agreementFields }),
);

const orderRound = schemaFor<OrderRound>()(
  z.strictObject({
    round: amount,
    code: refusalCode.nullable(),
    replicas: amount,
    costMicro: micro,
    aloneMicro: micro.nullable(),
    gapPpm: amount.nullable(),
    ms: amount,
  }),
);

export const orderView = schemaFor<OrderView>()(
  z.strictObject({
    id: orderId,
    state: orderState,
    events: list(orderEvent, SOME),
    lastCode: refusalCode.nullable(),
    lastHint: hint,
    costMicro: micro,
    round: orderRound.nullable(),
    agreements: list(agreementView, MANY),
  }),
);

export const orderSummary = schemaFor<OrderSummary>()(
  z.strictObject({
    id: orderId,
    state: orderState,
    acceptedAtMs: amount,
    image: name,
    replicas: z.strictObject({ min: amount, max: amount }),
  }),
);

export const orderPlan = schemaFor<OrderPlan>()(
  z.strictObject({
    code: refusalCode.nullable(),
    hint,
    parts: list(
      z.strictObject({
        lessor: participantId,
        targetHub: hubId,
        replicas: amount,
        placements: list(placement, MANY),
        priceMicroPerHour: micro,
      }),
      SOME,
    ),
    priceMicroPerHour: micro,
    costMicroMax: micro,
  }),
);

export const explanation = schemaFor<Explanation>()(
  z.strictObject({
    lessor: participantId,
    hub: hubId,
    code: refusalCode.nullable(),
    hint,
    need: hint.nullable(),
    have: hint.nullable(),
    replicas: amount,
  }),
);
