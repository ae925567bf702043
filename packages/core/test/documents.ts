/** Readers of signed payloads for tests; the strict ones are in `link`. */
import type { CoreEnv, DocumentReader, Read } from '../src/env.ts';
import { type RefusalCode, refuse } from '../src/refusals.ts';
import { decodeStored } from '../src/units/json.ts';
import { keysOf } from './keys.ts';

function reader<T>(member: string, code: RefusalCode): (payload: string) => Read<T> {
  return (payload) => {
    try {
      const value = decodeStored<T>(payload);
      return member in (value as object) ? { ok: true, value } : refuse(code, member);
    } catch {
      return refuse(code, 'not JSON');
    }
  };
}

export const documents: DocumentReader = {
  resourceSpec: reader('machines', 'RESOURCE_MALFORMED'),
  sellOrder: reader('lots', 'OFFER_MALFORMED'),
  buyOrder: reader('salt', 'ORDER_MALFORMED'),
  signedUpdate: reader('update', 'PANORAMA_MALFORMED'),
  agreementPart: reader('agreement', 'AGREEMENT_MALFORMED'),
  organization: reader('organization', 'IDENTITY_MALFORMED'),
  keys: reader('sealKey', 'IDENTITY_MALFORMED'),
  hubList: reader('hubs', 'IDENTITY_MALFORMED'),
};

export function envOf(node: string): CoreEnv {
  return { crypto: keysOf(node).crypto, documents };
}
