/** Reads the price list of cloud GPUs. */
import type { PriceSamples } from '@sparegrid/sim/replay/scenario';
import { readCsv } from './csv-file.ts';

const MICRO_PER_CREDIT = 1_000_000;
/** No GPU-hour costs more; a list that says so is broken. */
const CREDITS_MAX = 1_000_000;

/**
 * Every `Per-GPU` price by `GPU Type`, in ascending order; one credit is one dollar. Lines without a
 * price are passed over.
 *
 * @throws CliFault with file, line and field
 */
export function readGpuPrices(file: string): PriceSamples {
  const samples = new Map<string, number[]>();
  for (const row of readCsv(file, ['GPU Type', 'Per-GPU'])) {
    const type = row.name('GPU Type');
    if (row.text('Per-GPU') === '') continue;
    const bounds = { scale: MICRO_PER_CREDIT, max: CREDITS_MAX * MICRO_PER_CREDIT };
    const price = row.scaled('Per-GPU', bounds);
    const known = samples.get(type);
    if (known) known.push(price);
    else samples.set(type, [price]);
  }
  for (const prices of samples.values()) prices.sort((a, b) => a - b);
  return samples;
}
