/** A lessor's chain of keys on its way to the lessee: the hubs in between cannot read whose it is. */
import type { Crypto } from '../units/document.ts';
import type { PartId } from '../units/ids.ts';
import { canonicalJson, type JsonValue } from '../units/json.ts';
import { utf8Length } from '../units/utf8-length.ts';
import type { KeyChain } from './statements.ts';

/** All chains are as long as the next multiple: a length must not say whose chain it is. */
const CHAIN_BYTES = 2_048;

/** What the chain of that part is bound to: nobody can show it for another one. */
export function chainInfo(part: PartId): string {
  return `sparegrid/1 keys ${part}`;
}

/**
 * @param to  the order's own public key, which only its lessee opens with.
 * @returns null when nothing can be sealed to that.
 */
export function sealChain(
  crypto: Crypto,
  to: string,
  part: PartId,
  chain: KeyChain,
): string | null {
  const text = canonicalJson(chain as unknown as JsonValue);
  const bytes = utf8Length(text);
  const room = Math.ceil(bytes / CHAIN_BYTES) * CHAIN_BYTES - bytes;
  return crypto.seal(to, chainInfo(part), text + ' '.repeat(room));
}
