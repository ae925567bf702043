/** Schemas of the messages between hubs, by message type. */
import { z } from 'zod';
import { partOutcome, testimony } from './agreement.ts';
import { signature, signedDocument } from './document.ts';
import { electionMessageSchemas } from './election.ts';
import { delta, leaseRow, partVersion, snapshot } from './panorama.ts';
import { logChunkFields } from './requests.ts';
import {
  agreementId,
  amount,
  containerId,
  FEW,
  hint,
  hubId,
  keyRelease,
  list,
  MANY,
  micro,
  participantId,
  partNumber,
  refusalCode,
  sealedChain,
  sealedText,
  text,
} from './scalars.ts';

/** Names the part that a message is about. */
const ofPart = { agreement: agreementId, part: partNumber };

export const hubMessageSchemas = {
  heartbeat: z.strictObject({
    type: z.literal('heartbeat'),
    version: partVersion,
    mark: signedDocument,
    known: list(signedDocument, FEW),
  }),
  delta,
  'snapshot-request': z.strictObject({ type: z.literal('snapshot-request'), of: hubId }),
  snapshot,
  'part-update': z.strictObject({
    type: z.literal('part-update'),
    term: amount,
    document: signedDocument,
  }),
  ...electionMessageSchemas,
  'recovery-request': z.strictObject({ type: z.literal('recovery-request') }),
  'recovery-answer': z.strictObject({
    type: z.literal('recovery-answer'),
    asOf: amount,
    term: amount,
    chunk: amount,
    chunks: amount,
    testimonies: list(testimony, MANY),
  }),
  'hub-list': z.strictObject({
    type: z.literal('hub-list'),
    revision: amount,
    document: signedDocument.nullable(),
  }),
  prepare: z.strictObject({ type: z.literal('prepare'), document: signedDocument }),
  'vote-yes': z.strictObject({
    type: z.literal('vote-yes'),
    ...ofPart,
    signature,
    epoch: amount,
    row: leaseRow.nullable(),
    keys: sealedChain.nullable(),
  }),
  'vote-no': z.strictObject({
    type: z.literal('vote-no'),
    ...ofPart,
    code: refusalCode,
    hint,
    epoch: amount,
    row: leaseRow.nullable(),
  }),
  abort: z.strictObject({ type: z.literal('abort'), ...ofPart, code: refusalCode }),
  aborted: z.strictObject({ type: z.literal('aborted'), ...ofPart }),
  activate: z.strictObject({
    type: z.literal('activate'),
    ...ofPart,
    taskPrivate: sealedText.nullable(),
    release: keyRelease.nullable(),
  }),
  started: z.strictObject({ type: z.literal('started'), ...ofPart }),
  'all-started': z.strictObject({ type: z.literal('all-started'), ...ofPart }),
  running: z.strictObject({ type: z.literal('running'), ...ofPart }),
  end: z.strictObject({ type: z.literal('end'), ...ofPart, code: refusalCode }),
  'part-ended': z.strictObject({
    type: z.literal('part-ended'),
    ...ofPart,
    outcome: partOutcome,
    billedMs: amount,
    costMicro: micro,
    meter: signedDocument.nullable(),
    lingers: z.boolean(),
  }),
  'part-ended-ack': z.strictObject({ type: z.literal('part-ended-ack'), ...ofPart }),
  settle: z.strictObject({ type: z.literal('settle'), ...ofPart, costMicro: micro }),
  settled: z.strictObject({ type: z.literal('settled'), ...ofPart }),
  'part-log': z.strictObject({ type: z.literal('part-log'), ...ofPart, ...logChunkFields }),
  'part-log-ack': z.strictObject({
    type: z.literal('part-log-ack'),
    container: containerId,
    seq: amount,
  }),
  relay: z.strictObject({
    type: z.literal('relay'),
    from: participantId,
    to: participantId,
    payload: text,
  }),
};
