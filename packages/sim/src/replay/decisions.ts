/** Turns the agreements of filled orders into one line per replica, in the order of decision. */
import type { OrderView } from '@sparegrid/core/messages';
import { gpuIndexOf } from './machine.ts';
import type { Market } from './market.ts';
import type { Decision, ReplayOrder } from './scenario.ts';

/**
 * @param views   by order number; null for refused orders.
 * @param frozen  numbers of orders as their agreements became durable.
 */
export function decisionsOf(
  orders: readonly ReplayOrder[],
  views: readonly (OrderView | null)[],
  frozen: readonly number[],
  market: Pick<Market, 'nodeOf'>,
): Decision[] {
  const decisions: Decision[] = [];
  // An order that was frozen again after a void agreement counts from its last time.
  const last = new Map(frozen.map((number, at) => [number, at]));
  for (const [number] of [...last].sort(([, a], [, b]) => a - b)) {
    const order = orders[number];
    const view = views[number];
    if (order && view) decisions.push(...decisionsOfOrder(order, view, market));
  }
  return decisions;
}

function decisionsOfOrder(
  order: ReplayOrder,
  view: OrderView,
  market: Pick<Market, 'nodeOf'>,
): Decision[] {
  const live = view.agreements.filter(({ negotiation }) => negotiation === 'FINALIZED');
  const parts = live.flatMap((agreement) => agreement.parts);
  return parts.flatMap(({ lessor, placements, replicas, priceMicroPerHour, outcome }) => {
    if (outcome !== null) return [];
    const node = market.nodeOf(lessor)?.name ?? lessor;
    // One lot per lessor and equal replicas: the price divides without rest.
    const priceMicro = Number(priceMicroPerHour / BigInt(replicas));
    const { name, cpuMilli, memoryMib } = order;
    return placements.flatMap(({ devices }) =>
      devices.map((shares): Decision => {
        const named = shares.map(({ deviceId, milli }) => ({ index: gpuIndexOf(deviceId), milli }));
        return { order: name, node, devices: named, cpuMilli, memoryMib, priceMicro };
      }),
    );
  });
}
