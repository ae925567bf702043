/** Schemas of requests and replies: one per `op`, so that a new one without a schema is an error. */
import type {
  HubStatus,
  KeptChunk,
  LogChunk,
  Reply,
  Request,
  ResultView,
} from '@sparegrid/core/messages';
import type { RoundStatus } from '@sparegrid/core/rounds/report';
import { z } from 'zod';
import { signedDocument } from './document.ts';
import { explanation, leaseView, orderPlan, orderSummary, orderView } from './order-view.ts';
import { partVersionFields } from './panorama.ts';
import { publishedSpec } from './resource-spec.ts';
import {
  agreementId,
  amount,
  containerId,
  hint,
  hubId,
  keyRelease,
  list,
  MANY,
  mapOf,
  micro,
  name,
  orderId,
  partId,
  participantId,
  refusalCode,
  SOME,
  sealedChain,
  sealedText,
  text,
} from './scalars.ts';
import { schemaFor } from './schema-for.ts';
import { sellOrder } from './sell-order.ts';

export const logChunkFields = {
  container: containerId,
  seq: amount,
  stream: z.enum(['stdout', 'stderr', 'life', 'usage', 'result']),
  text,
};

/** Ids of anything that is listed. */
const pageMark = name.nullable();

const logChunk = schemaFor<LogChunk>()(z.strictObject(logChunkFields));
const keptChunk = schemaFor<KeptChunk>()(z.strictObject({ ...logChunkFields, atMs: amount }));

export const request = schemaFor<Request>()(
  z.discriminatedUnion('op', [
    z.strictObject({
      op: z.literal('order.submit'),
      document: signedDocument,
      taskPrivate: sealedText.nullable(),
    }),
    z.strictObject({ op: z.literal('order.get'), order: orderId }),
    z.strictObject({ op: z.literal('order.list'), after: pageMark }),
    z.strictObject({ op: z.literal('order.plan'), payload: text, after: pageMark }),
    z.strictObject({ op: z.literal('order.explain'), order: orderId, after: pageMark }),
    z.strictObject({ op: z.literal('order.cancel'), order: orderId }),
    z.strictObject({ op: z.literal('order.keys'), order: orderId }),
    z.strictObject({
      op: z.literal('order.release'),
      order: orderId,
      releases: list(z.strictObject({ part: partId, release: keyRelease }), SOME),
    }),
    z.strictObject({
      op: z.literal('order.logs'),
      order: orderId,
      after: mapOf(containerId, amount, MANY),
    }),
    z.strictObject({ op: z.literal('lease.list'), after: pageMark }),
    z.strictObject({ op: z.literal('lease.get'), lease: agreementId }),
    z.strictObject({ op: z.literal('lease.stop'), lease: agreementId }),
    z.strictObject({
      op: z.literal('lease.records'),
      order: orderId,
      stream: z.enum(['life', 'usage']),
      after: mapOf(containerId, amount, MANY),
    }),
    z.strictObject({ op: z.literal('result.list'), order: orderId }),
    z.strictObject({
      op: z.literal('result.read'),
      order: orderId,
      container: containerId,
      after: amount,
    }),
    z.strictObject({ op: z.literal('result.drop'), order: orderId, container: containerId }),
    z.strictObject({ op: z.literal('panorama.offers'), after: pageMark }),
    z.strictObject({ op: z.literal('panorama.resources'), after: pageMark }),
    z.strictObject({ op: z.literal('directory.resolve'), participant: participantId }),
    z.strictObject({ op: z.literal('hub.status') }),
  ]),
);

const roundStatus = schemaFor<RoundStatus>()(
  z.strictObject({
    stage: z.enum(['idle', 'compiling', 'solving', 'placing']),
    inRound: amount,
    waiting: amount,
    rounds: amount,
    joint: amount,
    placed: amount,
    lost: amount,
    refused: amount,
    last: z
      .strictObject({
        round: amount,
        orders: amount,
        filled: amount,
        replicas: amount,
        used: z.enum(['joint', 'alone']),
        fault: hint.nullable(),
        costMicro: micro,
        objectiveMicro: micro.nullable(),
        boundMicro: micro.nullable(),
        gapPpm: amount.nullable(),
        lost: amount,
        ms: amount,
        solveMs: amount,
      })
      .nullable(),
    shadowPrices: list(
      z.strictObject({
        region: hint,
        lots: amount,
        cpuMicroPerCoreHour: micro,
        memoryMicroPerGibHour: micro,
        storageMicroPerGibHour: micro,
        bandwidthMicroPerGbitHour: micro,
        deviceMicroPerHour: micro,
      }),
      SOME,
    ),
  }),
);

const hubStatus = schemaFor<HubStatus>()(
  z.strictObject({
    hub: hubId,
    epoch: amount,
    recovery: z.strictObject({ waitingFor: list(hubId, MANY) }).nullable(),
    panorama: z.strictObject({
      mode: z.enum(['mesh', 'master']),
      master: hubId.nullable(),
      term: amount,
    }),
    parts: list(
      z.strictObject({
        ...partVersionFields,
        stale: z.boolean(),
        participants: amount,
        offers: amount,
      }),
      MANY,
    ),
    orders: amount,
    agreements: amount,
    leases: amount,
    preparing: amount,
    queued: amount,
    rounds: roundStatus,
  }),
);

const resultView = schemaFor<ResultView>()(
  z.strictObject({
    container: containerId,
    bytes: amount,
    state: z.enum(['partial', 'complete', 'too-large']),
    expiresInMs: amount,
  }),
);

const done = z.literal(true);

export const reply = schemaFor<Reply>()(
  z.discriminatedUnion('ok', [
    z.discriminatedUnion('op', [
      z.strictObject({ ok: done, op: z.literal('order.submit'), order: orderId }),
      z.strictObject({ ok: done, op: z.literal('order.get'), order: orderView }),
      z.strictObject({
        ok: done,
        op: z.literal('order.list'),
        orders: list(orderSummary, MANY),
        next: pageMark,
      }),
      z.strictObject({
        ok: done,
        op: z.literal('order.plan'),
        plan: orderPlan,
        lessors: list(explanation, MANY),
        next: pageMark,
      }),
      z.strictObject({
        ok: done,
        op: z.literal('order.explain'),
        order: orderView,
        lessors: list(explanation, MANY),
        next: pageMark,
      }),
      z.strictObject({ ok: done, op: z.literal('order.cancel'), order: orderId }),
      z.strictObject({
        ok: done,
        op: z.literal('order.keys'),
        document: signedDocument,
        waiting: list(
          z.strictObject({ part: partId, lessor: participantId, keys: sealedChain.nullable() }),
          SOME,
        ),
      }),
      z.strictObject({ ok: done, op: z.literal('order.release'), order: orderId }),
      z.strictObject({
        ok: done,
        op: z.literal('order.logs'),
        chunks: list(keptChunk, MANY),
        ended: z.boolean(),
      }),
      z.strictObject({
        ok: done,
        op: z.literal('lease.list'),
        leases: list(leaseView, MANY),
        next: pageMark,
      }),
      z.strictObject({ ok: done, op: z.literal('lease.get'), lease: leaseView }),
      z.strictObject({ ok: done, op: z.literal('lease.stop'), lease: agreementId }),
      z.strictObject({
        ok: done,
        op: z.literal('lease.records'),
        chunks: list(keptChunk, MANY),
        ended: z.boolean(),
      }),
      z.strictObject({
        ok: done,
        op: z.literal('result.list'),
        results: list(resultView, MANY),
      }),
      z.strictObject({
        ok: done,
        op: z.literal('result.read'),
        chunks: list(logChunk, MANY),
        last: z.boolean(),
      }),
      z.strictObject({ ok: done, op: z.literal('result.drop'), container: containerId }),
      z.strictObject({
        ok: done,
        op: z.literal('panorama.offers'),
        offers: list(z.strictObject({ hub: hubId, stale: z.boolean(), offer: sellOrder }), MANY),
        next: pageMark,
      }),
      z.strictObject({
        ok: done,
        op: z.literal('panorama.resources'),
        specs: list(z.strictObject({ hub: hubId, spec: publishedSpec }), MANY),
        next: pageMark,
      }),
      z.strictObject({
        ok: done,
        op: z.literal('directory.resolve'),
        participant: participantId,
        hub: hubId,
      }),
      z.strictObject({ ok: done, op: z.literal('hub.status'), status: hubStatus }),
    ]),
    z.strictObject({ ok: z.literal(false), code: refusalCode, hint }),
  ]),
);
