/** The promises, counted anew from the stores of all hubs. */
import type { AgreementRecord, PartRecord } from '@sparegrid/core/agreement/records';
import { FINAL_ORDER_STATES, type OrderRecord } from '@sparegrid/core/order/order-record';
import { replicasOf } from '@sparegrid/core/order/placement';
import { partIdOf } from '@sparegrid/core/units/ids';

/** What one hub has in its store. */
export interface HubRecords {
  orders: OrderRecord[];
  agreements: AgreementRecord[];
  parts: PartRecord[];
}

/** Replicas that each lessor has sold and not got back. Promise 1. */
export function soldOf(hubs: readonly HubRecords[]): Map<string, number> {
  const sold = new Map<string, number>();
  for (const { terms, state } of hubs.flatMap(({ parts }) => parts)) {
    if (state === 'ended') continue;
    sold.set(terms.lessor, (sold.get(terms.lessor) ?? 0) + replicasOf(terms.placements));
  }
  return sold;
}

/** What is not as it must be once all is over, in words; empty when all is well. */
export function wrongsOf(hubs: readonly HubRecords[]): string[] {
  const parts = new Map(hubs.flatMap(({ parts }) => parts).map((part) => [part.id, part]));
  return hubs.flatMap(({ orders, agreements }) => [
    ...orders.flatMap(wrongsOfOrder),
    ...agreements.flatMap((agreement) => wrongsOfAgreement(agreement, parts)),
  ]);
}

/** Promise 7: an end, and a reason unless it completed. */
function wrongsOfOrder({ id, state, lastCode }: OrderRecord): string[] {
  if (!FINAL_ORDER_STATES.has(state)) return [`order ${id} is ${state}`];
  return state === 'completed' || lastCode ? [] : [`order ${id} is ${state} without a reason`];
}

/** Promises 3 and 4: whole or not at all, and the same bill at both hubs. */
function wrongsOfAgreement(
  agreement: AgreementRecord,
  parts: ReadonlyMap<string, PartRecord>,
): string[] {
  if (agreement.state !== 'ended' && agreement.state !== 'aborted') {
    return [`agreement ${agreement.id} is ${agreement.state}`];
  }
  const wrongs: string[] = [];
  for (const { terms, status, settleMicro } of agreement.parts) {
    const id = partIdOf(agreement.id, terms.part);
    const there = parts.get(id);
    if (there && there.state !== 'ended') wrongs.push(`part ${id} is ${there.state}`);
    const [ours, theirs] = [settleMicro ?? 0n, there?.settledMicro ?? 0n];
    if (ours !== theirs) wrongs.push(`part ${id}: billed ${ours} here, ${theirs} there`);
    if (agreement.state === 'aborted' && status === 'ended') wrongs.push(`part ${id} was billed`);
  }
  const bills = agreement.parts
    .filter(({ status }) => status === 'ended')
    .map(({ settleMicro }) => settleMicro ?? 0n);
  const isBilled = bills.some((bill) => bill > 0n);
  if (agreement.atomic && isBilled && bills.some((bill) => bill === 0n)) {
    wrongs.push(`agreement ${agreement.id} is billed in part: ${bills.join(', ')}`);
  }
  return wrongs;
}
