/** Reads the payloads of signed documents and the private part of a task. */
import type { DocumentReader, Read } from '@sparegrid/core/env';
import type { TaskPrivate } from '@sparegrid/core/order/buy-order';
import type { RefusalCode } from '@sparegrid/core/refusals';
import type { z } from 'zod';
import { readAs } from './read-as.ts';
import { agreementPartTerms } from './schemas/agreement.ts';
import { buyOrder, taskPrivate } from './schemas/buy-order.ts';
import { hubList, keyStatement, organizationStatement } from './schemas/identity.ts';
import { signedUpdate } from './schemas/panorama.ts';
import { resourceSpec } from './schemas/resource-spec.ts';
import { sellOrder } from './schemas/sell-order.ts';

function reader<T>(schema: z.ZodType<T>, code: RefusalCode): (payload: string) => Read<T> {
  return (payload) => readAs(schema, payload, { malformed: code, tooLarge: code });
}

/** Pure and deterministic; refusals as stated at core's {@link DocumentReader}. */
export const documentReader: DocumentReader = {
  resourceSpec: reader(resourceSpec, 'RESOURCE_MALFORMED'),
  sellOrder: reader(sellOrder, 'OFFER_MALFORMED'),
  buyOrder: reader(buyOrder, 'ORDER_MALFORMED'),
  signedUpdate: reader(signedUpdate, 'PANORAMA_MALFORMED'),
  agreementPart: reader(agreementPartTerms, 'AGREEMENT_MALFORMED'),
  organization: reader(organizationStatement, 'IDENTITY_MALFORMED'),
  keys: reader(keyStatement, 'IDENTITY_MALFORMED'),
  hubList: reader(hubList, 'IDENTITY_MALFORMED'),
};

/** Reads the text that an order's `privateDigest` is about. @refuses ORDER_MALFORMED */
export const readTaskPrivate: (text: string) => Read<TaskPrivate> = reader(
  taskPrivate,
  'ORDER_MALFORMED',
);
