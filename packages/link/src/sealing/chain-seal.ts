/** The lessee opens the chain of keys that a lessor's hub sealed to its order. */

import { chainInfo } from '@sparegrid/core/identity/sealed-chain';
import type { KeyChain } from '@sparegrid/core/identity/statements';
import type { PartId } from '@sparegrid/core/units/ids';
import { keyChain } from '../schemas/identity.ts';
import { bytesOf, type KeyPair, suite, textOf, utf8 } from './primitives.ts';

/** What HPKE puts out begins with its encapsulated key. */
const ENC_BYTES = 32;

/**
 * Nothing of it is believed for being sealed: anybody can seal to an order. It is to be verified.
 *
 * @throws when it was not sealed to this order and part, or is no chain
 */
export async function openChain(order: KeyPair, part: PartId, sealed: string): Promise<KeyChain> {
  const bytes = bytesOf(sealed);
  const plain = await suite.open(
    {
      recipientKey: order.privateKey,
      enc: bytes.slice(0, ENC_BYTES).buffer,
      info: utf8(chainInfo(part)).buffer,
    },
    bytes.slice(ENC_BYTES).buffer,
  );
  return keyChain.parse(JSON.parse(textOf(new Uint8Array(plain))));
}
