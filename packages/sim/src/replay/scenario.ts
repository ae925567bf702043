/** What a replay is about, as its input files say it: machines, price samples, orders. */

/** One line of the node file: a machine of a lessor of its own. */
export interface ReplayNode {
  /** As in the file. */
  name: string;
  cpuMilli: number;
  memoryMib: number;
  gpus: number;
  /** Model of all its GPUs; empty without any. */
  model: string;
}

/** Prices in micro-credits per GPU-hour that were seen, by the price list's own type names. */
export type PriceSamples = ReadonlyMap<string, readonly number[]>;

/** One order of `replicas` equal replicas. */
export interface ReplayOrder {
  /** As in the file. */
  name: string;
  replicas: number;
  cpuMilli: number;
  memoryMib: number;
  gpu: GpuWish | null;
  priority: 'price' | 'performance';
}

/** Per replica: `count` GPUs, or with `count` 1 a share of one; `models` empty: any. */
export interface GpuWish {
  count: number;
  milli: number;
  models: string[];
}

/** Everything a replay needs, in the order of the files: orders arrive in this order. */
export interface ReplayInput {
  nodes: ReplayNode[];
  prices: PriceSamples;
  orders: ReplayOrder[];
}

/** One filled replica: a line of `--out`. `node` and `order` are the files' own names. */
export interface Decision {
  order: string;
  node: string;
  /** `index` counts the node's GPUs from 0. */
  devices: { index: number; milli: number }[];
  cpuMilli: number;
  memoryMib: number;
  /** Agreed price of this replica per hour. */
  priceMicro: number;
}
