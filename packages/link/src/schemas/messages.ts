/** Schemas of every message and of the frame; a message type without a schema fails to compile. */
import type { Frame, Message } from '@sparegrid/core/messages';
import { z } from 'zod';
import { hubMessageSchemas } from './hub-messages.ts';
import {
  hubToParticipantMessageSchemas,
  participantMessageSchemas,
  refusedSchema,
} from './participant-messages.ts';
import { amount, list, MANY, nodeId, session } from './scalars.ts';
import { schemaFor } from './schema-for.ts';

/** The schema of each message by its type. */
export const messageSchemas = {
  ...hubMessageSchemas,
  ...participantMessageSchemas,
  ...hubToParticipantMessageSchemas,
  refused: refusedSchema,
};

type Schema = (typeof messageSchemas)[keyof typeof messageSchemas];

export const message = schemaFor<Message>()(
  z.discriminatedUnion('type', Object.values(messageSchemas) as [Schema, ...Schema[]]),
);

/** Most messages that one frame carries. */
export const MESSAGES_PER_FRAME_MAX = MANY;

export const frame = schemaFor<Frame>()(
  z.strictObject({
    v: z.literal(1),
    from: nodeId,
    to: nodeId,
    session,
    seq: amount,
    epoch: amount,
    sentAtMs: amount,
    expiresAtMs: amount,
    messages: list(message, MESSAGES_PER_FRAME_MAX),
  }),
);
