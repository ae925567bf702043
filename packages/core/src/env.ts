/** What a shell lends to the pure core: cryptography and readers for signed payloads. */
import type { AgreementPartTerms } from './agreement/records.ts';
import type { StatementReader } from './identity/verify.ts';
import type { BuyOrder } from './order/buy-order.ts';
import type { ResourceSpec } from './order/resource-spec.ts';
import type { SellOrder } from './order/sell-order.ts';
import type { SignedUpdate } from './panorama/row.ts';
import type { Read } from './refusals.ts';
import type { Crypto } from './units/document.ts';

export type { Read } from './refusals.ts';

/**
 * Turns the text of a signed payload into typed data: form, types, ranges, no unknown fields. Pure
 * and deterministic, like {@link Crypto}.
 */
export interface DocumentReader extends StatementReader {
  /** @refuses RESOURCE_MALFORMED */
  resourceSpec(payload: string): Read<ResourceSpec>;
  /** @refuses OFFER_MALFORMED */
  sellOrder(payload: string): Read<SellOrder>;
  /** @refuses ORDER_MALFORMED */
  buyOrder(payload: string): Read<BuyOrder>;
  /** @refuses PANORAMA_MALFORMED */
  signedUpdate(payload: string): Read<SignedUpdate>;
  /** @refuses AGREEMENT_MALFORMED */
  agreementPart(payload: string): Read<AgreementPartTerms>;
}

export interface CoreEnv {
  crypto: Crypto;
  documents: DocumentReader;
}
