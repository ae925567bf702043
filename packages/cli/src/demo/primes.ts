/** The demonstration's computation: primes counted in ranges that each replica takes by its rank. */
import type { OrderDraft } from '@sparegrid/sdk/order-draft';
import { DEMO_IMAGE } from '../devnet/image/demo-image.ts';

export const PRIMES_BELOW = 5_000_000;
/** Known for long: what the replicas find together must be this. */
export const PRIMES_EXPECTED = 348_513;
export const REPLICAS = 4;
export const LESSORS_WANTED = 2;

const MIB = 1_048_576;

/** Runs in each container; two replicas fit at one lessor, so two lessors are needed. */
const PROGRAM = `
const rank = Number(process.env.SPAREGRID_RANK), size = Number(process.env.SPAREGRID_SIZE);
const [from, to] = [rank, rank + 1].map((part) => Math.floor((part * ${PRIMES_BELOW}) / size));
let primes = 0;
for (let n = Math.max(2, from); n < to; n += 1) {
  let prime = n === 2 || n % 2 === 1;
  for (let d = 3; prime && d * d <= n; d += 2) prime = n % d !== 0;
  if (prime) primes += 1;
}
console.log('rank ' + rank + ' of ' + size + ': ' + primes + ' primes in [' + from + ', ' + to + ')');
`;

export function demoOrder(wallMs: number): OrderDraft {
  return {
    kind: 'job',
    replica: {
      cpuMillicores: 500,
      memoryBytes: 64 * MIB,
      storageBytes: 0,
      bandwidthBitsPerSecond: 0,
      device: null,
    },
    count: { min: REPLICAS, max: REPLICAS },
    limitMicroPerReplicaHour: 100_000n,
    budgetMicro: 100_000n,
    performance: { minScore: 0, minFlops: [], provision: 'single', labels: {} },
    task: {
      public: { image: DEMO_IMAGE, architecture: null, egress: false, capabilities: [] },
      private: { command: ['node', '-e', PROGRAM], env: {} },
    },
    priority: { kind: 'price' },
    durationMs: 600_000,
    expiresAtMs: wallMs + 120_000,
    fill: 'atomic',
    maxLessors: LESSORS_WANTED,
    disconnect: { stopAfterMs: 30_000, onLoss: 'terminate' },
  };
}

/** Sum over the lines that the replicas wrote; undefined while one is missing. */
export function primesIn(output: string): number | undefined {
  const found = new Map<string, number>();
  for (const [, rank, primes] of output.matchAll(/^rank (\d+) of \d+: (\d+) primes/gm)) {
    found.set(rank ?? '', Number(primes));
  }
  if (found.size < REPLICAS) return undefined;
  return [...found.values()].reduce((sum, primes) => sum + primes, 0);
}
