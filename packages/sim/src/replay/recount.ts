/** Counts again what was sold, from input files and decisions alone: no code of the market. */
import { LEASE_MS } from './orders.ts';
import type { Pricing } from './pricing.ts';
import type { Decision, ReplayInput, ReplayNode, ReplayOrder } from './scenario.ts';

export interface Recount {
  /** `<node>` or `<node>/<gpu index>` of which more was sold than there is. */
  overcommitted: string[];
  /** Orders that were sold something else than they asked for, or above their limit. */
  wrong: string[];
  /** Orders that were not filled although there is room for them at their limit. */
  roomLeft: string[];
  /** Agreed price per hour times the hours of the lease. */
  costMicro: bigint;
}

interface Left {
  node: ReplayNode;
  cpuMilli: number;
  memoryMib: number;
  gpuMilli: number[];
}

const HOUR_MS = 3_600_000;

export function recount(
  input: ReplayInput,
  pricing: Pricing,
  decisions: readonly Decision[],
): Recount {
  const left = new Map(input.nodes.map((node) => [node.name, wholeNode(node)]));
  const overcommitted = new Set<string>();
  const sold = new Map<string, Decision[]>();
  let costMicro = 0n;
  for (const decision of decisions) {
    const known = sold.get(decision.order);
    if (known) known.push(decision);
    else sold.set(decision.order, [decision]);
    costMicro += BigInt(decision.priceMicro) * BigInt(LEASE_MS / HOUR_MS);
    const node = left.get(decision.node);
    if (!node) overcommitted.add(decision.node);
    else for (const name of take(node, decision)) overcommitted.add(name);
  }
  const wrong: string[] = [];
  const roomLeft: string[] = [];
  for (const order of input.orders) {
    const bought = sold.get(order.name) ?? [];
    const limit = Number(pricing.limitOf(order));
    if (bought.length === 0) {
      if (hasRoom(order, limit, left.values(), pricing)) roomLeft.push(order.name);
    } else if (!isAsOrdered(order, limit, bought, left)) wrong.push(order.name);
  }
  return { overcommitted: [...overcommitted], wrong, roomLeft, costMicro };
}

function wholeNode(node: ReplayNode): Left {
  const gpuMilli = new Array<number>(node.gpus).fill(1_000);
  return { node, cpuMilli: node.cpuMilli, memoryMib: node.memoryMib, gpuMilli };
}

/** Takes the replica out of the node; returns the names of what is oversold by it. */
function take(left: Left, { node, devices, cpuMilli, memoryMib }: Decision): string[] {
  left.cpuMilli -= cpuMilli;
  left.memoryMib -= memoryMib;
  const names = left.cpuMilli < 0 || left.memoryMib < 0 ? [node] : [];
  for (const { index, milli } of devices) {
    const rest = (left.gpuMilli[index] ?? 0) - milli;
    left.gpuMilli[index] = rest;
    if (rest < 0) names.push(`${node}/${index}`);
  }
  return names;
}

function isAsOrdered(
  order: ReplayOrder,
  limit: number,
  bought: readonly Decision[],
  nodes: ReadonlyMap<string, Left>,
): boolean {
  return (
    bought.length === order.replicas &&
    bought.every(({ node, devices, cpuMilli, memoryMib, priceMicro }) => {
      const model = nodes.get(node)?.node.model ?? '';
      return (
        cpuMilli === order.cpuMilli &&
        memoryMib === order.memoryMib &&
        priceMicro <= limit &&
        devices.length === (order.gpu?.count ?? 0) &&
        new Set(devices.map(({ index }) => index)).size === devices.length &&
        devices.every(({ milli }) => milli === order.gpu?.milli) &&
        (order.gpu === null || accepts(order.gpu.models, model))
      );
    })
  );
}

/** Tries every node: a lessor each, at most as many lessors as an agreement may have. */
function hasRoom(
  order: ReplayOrder,
  limit: number,
  nodes: Iterable<Left>,
  pricing: Pricing,
): boolean {
  const fits: number[] = [];
  for (const left of nodes) {
    if (order.gpu && !accepts(order.gpu.models, left.node.model)) continue;
    const count = replicasIn(left, order);
    if (count > 0 && priceAt(left.node, order, pricing) <= limit) fits.push(count);
  }
  const largest = fits.sort((a, b) => b - a).slice(0, Math.min(64, order.replicas));
  return largest.reduce((sum, count) => sum + count, 0) >= order.replicas;
}

function replicasIn({ cpuMilli, memoryMib, gpuMilli }: Left, order: ReplayOrder): number {
  let count = order.replicas;
  if (order.cpuMilli > 0) count = Math.min(count, Math.floor(cpuMilli / order.cpuMilli));
  if (order.memoryMib > 0) count = Math.min(count, Math.floor(memoryMib / order.memoryMib));
  const { gpu } = order;
  if (!gpu) return count;
  const slots = gpuMilli.reduce((sum, milli) => sum + Math.floor(milli / gpu.milli), 0);
  return Math.min(count, Math.floor(slots / gpu.count));
}

/** Every term rounded up to a whole micro-credit, as docs/replay.md says. */
function priceAt(node: ReplayNode, { cpuMilli, memoryMib, gpu }: ReplayOrder, pricing: Pricing) {
  const asks = pricing.asksOf(node);
  const term = (amount: number, ask: number, unit: number) =>
    Number((BigInt(amount) * BigInt(ask) + BigInt(unit - 1)) / BigInt(unit));
  return (
    term(cpuMilli, asks.cpu, 1_000) +
    term(memoryMib, asks.memory, 1_024) +
    term((gpu?.count ?? 0) * (gpu?.milli ?? 0), asks.gpu, 1_000)
  );
}

function accepts(models: readonly string[], model: string): boolean {
  return model !== '' && (models.length === 0 || models.includes(model));
}
