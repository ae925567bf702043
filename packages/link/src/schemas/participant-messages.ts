/** Schemas of the messages between a participant and its hub, by message type. */
import type { ContainerStatus, DesiredContainer } from '@sparegrid/core/messages';
import { z } from 'zod';
import { taskSpec } from './buy-order.ts';
import { signedDocument } from './document.ts';
import { keyChain } from './identity.ts';
import { orderEvent, orderState } from './order-view.ts';
import { logChunkFields, reply, request } from './requests.ts';
import { deviceShare, resourceAmounts } from './resources.ts';
import {
  amount,
  containerId,
  hint,
  hubId,
  keyRelease,
  list,
  MANY,
  name,
  orderId,
  partId,
  participantId,
  refusalCode,
  requestId,
  SOME,
  sealedText,
  text,
} from './scalars.ts';
import { schemaFor } from './schema-for.ts';

/** Exit codes are unsigned 32-bit numbers on every system that has them. */
const exitCode = z.int().min(0).max(0xffff_ffff);
const what = z.enum(['resource', 'offer']);

const containerStatus = schemaFor<ContainerStatus>()(
  z.strictObject({
    id: containerId,
    attempt: amount,
    state: z.enum(['starting', 'running', 'exited']),
    exitCode: exitCode.nullable(),
    reason: z
      .enum([
        'exit',
        'stopped',
        'start-failed',
        'key-invalid',
        'out-of-memory',
        'out-of-storage',
        'duration',
        'disconnect',
        'grace',
      ])
      .nullable(),
    started: z.boolean(),
    exitedAgoMs: amount.nullable(),
  }),
);

export const participantMessageSchemas = {
  hello: z.strictObject({
    type: z.literal('hello'),
    role: z.enum(['agent', 'lessee']),
    keys: keyChain.optional(),
  }),
  resource: z.strictObject({ type: z.literal('resource'), document: signedDocument }),
  offer: z.strictObject({ type: z.literal('offer'), document: signedDocument }),
  changed: z.strictObject({ type: z.literal('changed'), what }),
  status: z.strictObject({
    type: z.literal('status'),
    seq: amount,
    epoch: amount,
    revision: amount,
    since: amount.nullable(),
    containers: list(containerStatus, MANY),
    gone: list(containerId, MANY),
  }),
  log: z.strictObject({ type: z.literal('log'), ...logChunkFields }),
  request: z.strictObject({ type: z.literal('request'), requestId, request }),
  'relay-send': z.strictObject({
    type: z.literal('relay-send'),
    to: participantId,
    payload: text,
  }),
};

const desiredContainer = schemaFor<DesiredContainer>()(
  z.strictObject({
    id: containerId,
    attempt: amount,
    part: partId,
    rank: amount,
    size: amount,
    lotId: name,
    amounts: resourceAmounts,
    devices: list(deviceShare, SOME),
    task: taskSpec,
    taskPrivate: sealedText.nullable(),
    release: keyRelease.nullable(),
    durationMs: amount,
    startGraceMs: amount,
    stopAfterMs: amount,
    running: z.boolean(),
  }),
);

export const hubToParticipantMessageSchemas = {
  welcome: z.strictObject({
    type: z.literal('welcome'),
    hub: hubId,
    epoch: amount,
    collect: z.enum(['push', 'pull']),
  }),
  collect: z.strictObject({ type: z.literal('collect'), what }),
  accepted: z.strictObject({ type: z.literal('accepted'), what, revision: amount }),
  rejected: z.strictObject({
    type: z.literal('rejected'),
    what,
    code: refusalCode,
    hint,
    revision: amount,
    knownRevision: amount,
  }),
  'status-ack': z.strictObject({ type: z.literal('status-ack'), seq: amount }),
  desired: z.strictObject({
    type: z.literal('desired'),
    epoch: amount,
    revision: amount,
    since: amount.nullable(),
    containers: list(desiredContainer, MANY),
    gone: list(containerId, MANY),
  }),
  'log-ack': z.strictObject({ type: z.literal('log-ack'), container: containerId, seq: amount }),
  reply: z.strictObject({ type: z.literal('reply'), requestId, reply }),
  'order-event': z.strictObject({
    type: z.literal('order-event'),
    order: orderId,
    state: orderState,
    event: orderEvent,
  }),
  output: z.strictObject({ type: z.literal('output'), order: orderId }),
  relayed: z.strictObject({ type: z.literal('relayed'), from: participantId, payload: text }),
};

export const refusedSchema = z.strictObject({
  type: z.literal('refused'),
  code: refusalCode,
  hint,
  knownEpoch: amount,
});
