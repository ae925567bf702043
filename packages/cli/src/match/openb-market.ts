/** Reads machines, pods and GPU prices of the openb trace as one market; prices as `replay` draws. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generateKey } from '@sparegrid/link/keys';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import { offerOf } from '@sparegrid/sim/replay/machine';
import { buyOrderOf } from '@sparegrid/sim/replay/orders';
import { Pricing } from '@sparegrid/sim/replay/pricing';
import { CliFault } from '../fault.ts';
import { readReplayInput } from '../replay/replay-input.ts';
import type { ReadSettings } from './answer.ts';
import type { Market, MarketLot } from './market.ts';

/** Nothing expires while it is solved. */
const WALL_MS = 0;
const PRICE_LIST = 'cloud-gpus.csv';

/**
 * @param file the csv of pods, or the directory of `pods.csv` and `nodes.csv`.
 * @throws CliFault with file, line and field
 */
export function readOpenbMarket(file: string, { nodes, prices, seed }: ReadSettings): Market {
  const pods = isDirectory(file) ? join(file, 'pods.csv') : file;
  const beside = dirname(pods);
  const input = readReplayInput({
    format: 'openb',
    nodes: nodes ?? join(beside, 'nodes.csv'),
    orders: pods,
    prices: prices ?? priceListNear(beside),
    limit: null,
  });
  const pricing = new Pricing(seed, input.prices, input.nodes);
  const lots = input.nodes.map((node): MarketLot => {
    const wanted = offerOf(node, pricing, WALL_MS);
    const offer = { participant: node.name, revision: 1, termsRevision: 1, ...wanted };
    return { lessor: node.name, offer, lot: wanted.lots[0] as MarketLot['lot'] };
  });
  const crypto = nodeCrypto(generateKey());
  const orders = input.orders.map((order) => {
    const limitMicro = pricing.limitOf(order);
    const settings = {
      lessee: 'lessee.hub',
      salt: order.name,
      limitMicro,
      wallMs: WALL_MS,
      crypto,
    };
    return { name: order.name, order: buyOrderOf(order, settings) };
  });
  return { orders, lots };
}

function priceListNear(directory: string): string {
  const near = [join(directory, PRICE_LIST), join(directory, '..', 'gpu-prices', PRICE_LIST)];
  const found = near.find((file) => existsSync(file));
  if (found !== undefined) return found;
  throw new CliFault('CLI_USAGE', `Name the csv of GPU prices: --prices (no ${near.join(', ')}).`);
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
