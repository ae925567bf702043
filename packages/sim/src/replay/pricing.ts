/** The price formula: asks of every node and the limit of every order, seeded, in micro-credits. */
import { replicaPriceMicroPerHour } from '@sparegrid/core/order/price';
import type { Asks } from '@sparegrid/core/order/sell-order';
import type { Micro } from '@sparegrid/core/units/money';
import { draw, drawBetween } from './draw.ts';
import { type GpuType, gpuTypeOf, samplesOf } from './gpu-types.ts';
import { replicaRequestOf } from './orders.ts';
import type { PriceSamples, ReplayNode, ReplayOrder } from './scenario.ts';

/** Around these every node's own asks are drawn; see docs/replay.md. */
export const CPU_BASE_MICRO_PER_CORE_HOUR = 40_000;
export const MEMORY_BASE_MICRO_PER_GIB_HOUR = 5_000;
/** Thousandths of the base, both ends included. */
export const ASK_SPREAD = [700, 1_300] as const;
/** Thousandths of the order's price at median asks, both ends included. */
export const LIMIT_SPREAD = [700, 1_400] as const;

export interface NodeAsks {
  cpu: number;
  memory: number;
  /** Per whole GPU; 0 without any. */
  gpu: number;
}

export class Pricing {
  readonly #seed: number;
  readonly #prices: PriceSamples;
  readonly #types = new Map<string, GpuType>();
  readonly #cpuMedian: number;
  readonly #memoryMedian: number;
  /** GPU asks of the nodes by model. */
  readonly #gpuAsks = new Map<string, number[]>();
  readonly #gpuMedians = new Map<string, number>();

  constructor(seed: number, prices: PriceSamples, nodes: readonly ReplayNode[]) {
    this.#seed = seed;
    this.#prices = prices;
    const asks = nodes.map((node) => ({ node, asks: this.asksOf(node) }));
    this.#cpuMedian = medianOf(asks.map(({ asks: { cpu } }) => cpu));
    this.#memoryMedian = medianOf(asks.map(({ asks: { memory } }) => memory));
    for (const { node, asks: own } of asks) {
      if (node.gpus === 0) continue;
      this.#gpuAsks.set(node.model, [...(this.#gpuAsks.get(node.model) ?? []), own.gpu]);
    }
  }

  typeOf(model: string): GpuType {
    const known = this.#types.get(model) ?? gpuTypeOf(model, this.#prices);
    this.#types.set(model, known);
    return known;
  }

  /** Every GPU model that nodes have, as it is priced: stated, never silent. */
  get types(): GpuType[] {
    return [...this.#gpuAsks.keys()].sort().map((model) => this.typeOf(model));
  }

  asksOf({ name, gpus, model }: ReplayNode): NodeAsks {
    const spread = (purpose: string, base: number) =>
      Math.floor((base * drawBetween(this.#seed, purpose, name, ASK_SPREAD)) / 1_000);
    const samples = gpus > 0 ? samplesOf(this.typeOf(model), this.#prices) : [];
    return {
      cpu: spread('cpu-ask', CPU_BASE_MICRO_PER_CORE_HOUR),
      memory: spread('memory-ask', MEMORY_BASE_MICRO_PER_GIB_HOUR),
      gpu: samples[draw(this.#seed, 'gpu-ask', name, Math.max(1, samples.length))] ?? 0,
    };
  }

  /** Highest price of one replica per hour: what it costs at median asks, times a drawn factor. */
  limitOf(order: ReplayOrder): Micro {
    const median = asksFrom({
      cpu: this.#cpuMedian,
      memory: this.#memoryMedian,
      gpu: order.gpu ? this.#gpuMedian(order.gpu.models) : 0,
    });
    const reference = replicaPriceMicroPerHour(median, 1_000, replicaRequestOf(order));
    const factor = drawBetween(this.#seed, 'limit', order.name, LIMIT_SPREAD);
    return (reference * BigInt(factor)) / 1_000n;
  }

  /** Median ask of the nodes with an accepted model; of the price list when there is no such node. */
  #gpuMedian(models: readonly string[]): number {
    const key = models.join('|');
    const known = this.#gpuMedians.get(key);
    if (known !== undefined) return known;
    const accepted = models.length === 0 ? [...this.#gpuAsks.keys()] : models;
    const asks = accepted.flatMap((model) => this.#gpuAsks.get(model) ?? []);
    const listed = () => models.flatMap((model) => samplesOf(this.typeOf(model), this.#prices));
    const median = medianOf(asks.length > 0 ? asks : listed());
    this.#gpuMedians.set(key, median);
    return median;
  }
}

export function asksFrom({ cpu, memory, gpu }: NodeAsks): Asks {
  return {
    cpuMicroPerCoreHour: BigInt(cpu),
    memoryMicroPerGibHour: BigInt(memory),
    storageMicroPerGibHour: 0n,
    bandwidthMicroPerGbitHour: 0n,
    deviceMicroPerHour: BigInt(gpu),
  };
}

/** The lower one of the two in the middle; 0 of nothing. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1] ?? 0;
}
