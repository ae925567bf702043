/** Schema of signed documents; their payload is read by `documents.ts`. */
import type { SignedDocument } from '@sparegrid/core/units/document';
import { z } from 'zod';
import { FEW, list, name, nodeId, text } from './scalars.ts';
import { schemaFor } from './schema-for.ts';

/** Any signature scheme's text: whether it is valid is for `verify` to say. */
export const signature = z
  .string()
  .regex(/^[A-Za-z0-9+/=_:.-]{1,512}$/, 'expected a signature of at most 512 characters');

export const signedDocument = schemaFor<SignedDocument>()(
  z.strictObject({
    payloadType: name,
    payload: text,
    signatures: list(z.strictObject({ keyId: nodeId, signature }), FEW),
  }),
);
