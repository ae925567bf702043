/** Schemas of the messages of elections, by message type. */
import { z } from 'zod';
import { signedDocument } from './document.ts';
import { amount, list, name, SOME } from './scalars.ts';

const inTerm = { election: name, term: amount };

export const electionMessageSchemas = {
  'election-ask': z.strictObject({
    type: z.literal('election-ask'),
    ...inTerm,
    trial: z.boolean(),
  }),
  'election-vote': z.strictObject({
    type: z.literal('election-vote'),
    ...inTerm,
    trial: z.boolean(),
    granted: z.boolean(),
    vote: signedDocument.nullable(),
    knownTerm: amount,
  }),
  'election-lead': z.strictObject({
    type: z.literal('election-lead'),
    ...inTerm,
    votes: list(signedDocument, SOME),
  }),
  'election-follow': z.strictObject({ type: z.literal('election-follow'), ...inTerm }),
};
