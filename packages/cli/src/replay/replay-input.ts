/** Reads the three input files of a replay, by the format of its orders. */
import type { ReplayInput, ReplayOrder } from '@sparegrid/sim/replay/scenario';
import { CliFault } from '../fault.ts';
import { readAzureBatches } from './azure-batches.ts';
import { readGpuPrices } from './gpu-prices.ts';
import { readOpenbNodes, readOpenbPods } from './openb.ts';

export const FORMATS = ['openb', 'azure-batches'] as const;
export type Format = (typeof FORMATS)[number];

export interface ReplayFiles {
  format: Format;
  nodes: string;
  orders: string;
  prices: string;
  /** Only the first so many orders. */
  limit: number | null;
}

const READERS: Readonly<Record<Format, (file: string) => ReplayOrder[]>> = {
  openb: readOpenbPods,
  'azure-batches': readAzureBatches,
};

/** @throws CliFault with file, line and field */
export function readReplayInput({
  format,
  nodes,
  orders,
  prices,
  limit,
}: ReplayFiles): ReplayInput {
  const samples = readGpuPrices(prices);
  if (samples.size === 0) throw new CliFault('CLI_FILE_EMPTY', `${prices}: no line has a price.`);
  const all = READERS[format](orders);
  return {
    nodes: readOpenbNodes(nodes),
    prices: samples,
    orders: limit === null ? all : all.slice(0, limit),
  };
}
