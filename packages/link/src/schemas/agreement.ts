/** Schemas of the terms that two hubs sign for one part, and of how a part ended. */
import type { AgreementPartTerms, PartOutcome } from '@sparegrid/core/agreement/records';
import type { Testimony } from '@sparegrid/core/agreement/testimony';
import { z } from 'zod';
import { disconnectRule, taskSpec } from './buy-order.ts';
import { signedDocument } from './document.ts';
import { placement, replicaRequest } from './resources.ts';
import {
  agreementId,
  amount,
  digest,
  hubId,
  list,
  MANY,
  micro,
  participantId,
  partNumber,
  refusalCode,
  text,
} from './scalars.ts';
import { schemaFor } from './schema-for.ts';
import { jobKind } from './sell-order.ts';

export const agreementPartTerms = schemaFor<AgreementPartTerms>()(
  z.strictObject({
    agreement: agreementId,
    part: partNumber,
    partCount: partNumber,
    orderDigest: digest,
    orderFields: z.strictObject({ lessee: digest, limit: digest, budget: digest }),
    firstHub: hubId,
    targetHub: hubId,
    lessee: participantId,
    lessor: participantId,
    kind: jobKind,
    replica: replicaRequest,
    replicaOffset: amount,
    replicaTotal: amount,
    task: taskSpec,
    placements: list(placement, MANY),
    priceMicroPerHour: micro,
    termsRevision: amount,
    durationMs: amount,
    holdMs: amount,
    startGraceMs: amount,
    atomic: z.boolean(),
    disconnect: disconnectRule,
  }),
);

export const partOutcome = schemaFor<PartOutcome>()(z.enum(['completed', ...refusalCode.options]));

export const testimony = schemaFor<Testimony>()(
  z.strictObject({
    yours: z.enum(['first', 'target']),
    document: signedDocument,
    state: z.enum(['held', 'active', 'running', 'ended']),
    started: z.boolean(),
    activeForMs: amount.nullable(),
    runningForMs: amount.nullable(),
    outcome: partOutcome.nullable(),
    endCode: refusalCode.nullable(),
    billedMs: amount,
    costMicro: micro,
    meter: signedDocument.nullable(),
    settledMicro: micro.nullable(),
    taskPrivate: text.nullable(),
    release: text.nullable(),
  }),
);
