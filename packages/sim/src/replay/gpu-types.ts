/** Which type of the price list stands for a GPU model of the trace; printed with every replay. */
import type { PriceSamples } from './scenario.ts';

/** What the market is told of a GPU model, and where its price comes from. */
export interface GpuType {
  model: string;
  /** Type in the price list; null: every price of the list, because no type fits. */
  priceType: string | null;
  memoryGib: number;
  /** Dense FP16 tera-operations per second, as vendors state them; 0 when not known. */
  score: number;
}

/** G2 and G3 are not disclosed in the trace: two sizes of A100 stand in for them. */
const KNOWN: readonly (GpuType & { priceType: string })[] = [
  { model: 'T4', priceType: 'T4 (16 GB)', memoryGib: 16, score: 65 },
  { model: 'P100', priceType: 'P100 (16 GB)', memoryGib: 16, score: 21 },
  { model: 'V100M16', priceType: 'V100 (16 GB)', memoryGib: 16, score: 125 },
  { model: 'V100M32', priceType: 'V100 (32 GB)', memoryGib: 32, score: 125 },
  { model: 'A10', priceType: 'A10G (24 GB)', memoryGib: 24, score: 125 },
  { model: 'G2', priceType: 'A100 (40 GB)', memoryGib: 40, score: 312 },
  { model: 'G3', priceType: 'A100 (80 GB)', memoryGib: 80, score: 312 },
];

/**
 * The type of a model: from the table above, else the price list's own type of that name (`H100` is
 * `H100 (80 GB)`), else none.
 */
export function gpuTypeOf(model: string, prices: PriceSamples): GpuType {
  const known = KNOWN.find((type) => type.model === model);
  if (known) return prices.has(known.priceType) ? known : { ...known, priceType: null };
  const named = [...prices.keys()].find((type) => type === model || type.startsWith(`${model} (`));
  const size = /\((\d{1,4}) GB\)$/.exec(named ?? '');
  return { model, priceType: named ?? null, memoryGib: Number(size?.[1] ?? 0), score: 0 };
}

/** Prices of a type in ascending order; all prices of the list when it names no type. */
export function samplesOf(type: GpuType, prices: PriceSamples): readonly number[] {
  const own = type.priceType === null ? undefined : prices.get(type.priceType);
  return own ?? [...prices.values()].flat().sort((a, b) => a - b);
}
