/** Ids as people type them: any beginning that fits one thing only, `o-` left out if they like. */
import type { Client } from '@sparegrid/sdk/client';
import { RefusedError } from '@sparegrid/sdk/errors';
import { CliFault } from './fault.ts';

const ORDER = /^o-[0-9a-f]{32}$/;
const LEASE = /^o-[0-9a-f]{32}-[0-9]{1,9}$/;
/** As tables show it: the order's id cut, the number of the lease whole. */
const SHORT_LEASE = /^(o-[0-9a-f]{1,32})(-[0-9]{1,9})$/;

/** @throws CliFault CLI_USAGE, CLI_AMBIGUOUS; RefusedError ORDER_UNKNOWN */
export async function orderNamed(client: Client, given: string): Promise<string> {
  const prefix = prefixOf(given);
  if (ORDER.test(prefix)) return prefix;
  // Pages are sorted by id, so those that begin like this come right behind it.
  const { orders } = await client.request({ op: 'order.list', after: prefix });
  const found = orders.map(({ id }) => id).filter((id) => id.startsWith(prefix));
  return only(found, given) ?? refused('ORDER_UNKNOWN', given);
}

/** @throws CliFault CLI_USAGE, CLI_AMBIGUOUS; RefusedError LEASE_UNKNOWN */
export async function leaseNamed(client: Client, given: string): Promise<string> {
  const prefix = prefixOf(given);
  if (LEASE.test(prefix)) return prefix;
  const [, order = prefix, end = ''] = SHORT_LEASE.exec(prefix) ?? [];
  const { leases } = await client.request({ op: 'lease.list', after: order });
  const isMeant = (id: string) => id.startsWith(order) && id.endsWith(end);
  const found = leases.map(({ id }) => id).filter(isMeant);
  return only(found, given) ?? refused('LEASE_UNKNOWN', given);
}

export function checkId(given: string): string {
  prefixOf(given);
  return given;
}

function prefixOf(given: string): string {
  const prefix = given.startsWith('o-') ? given : `o-${given}`;
  if (/^o-[0-9a-f]{1,32}$/.test(prefix) || SHORT_LEASE.test(prefix)) return prefix;
  throw new CliFault(
    'CLI_USAGE',
    `${given} is no id, nor the beginning of one: o- and hex digits.`,
  );
}

function only(found: readonly string[], given: string): string | undefined {
  if (found.length <= 1) return found[0];
  const shown = found.slice(0, 4).join(', ');
  throw new CliFault('CLI_AMBIGUOUS', `${given} fits ${found.length}: ${shown}. Type more of it.`);
}

function refused(code: 'ORDER_UNKNOWN' | 'LEASE_UNKNOWN', given: string): never {
  throw new RefusedError(code, `nothing begins with ${given}`);
}
