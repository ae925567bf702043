/** The order of the demonstration: count primes on two lessors of two hubs. */
import type { OrderDraft } from '@sparegrid/sdk/order-draft';

const LIMIT = 5_000_000;
/** Known: the number of primes below five million. */
export const PRIMES = 348_513;
/** More than one lessor of the devnet has room for. */
const REPLICAS = 4;
const MIB = 2 ** 20;

/** Numbers are dealt out in blocks, so that every replica has as much to do. */
const BLOCK = 10_000;

const PROGRAM = `
const rank = Number(process.env.SPAREGRID_RANK), size = Number(process.env.SPAREGRID_SIZE);
let primes = 0;
for (let block = rank; block * ${BLOCK} < ${LIMIT}; block += size) {
  for (let n = Math.max(2, block * ${BLOCK}); n < (block + 1) * ${BLOCK}; n += 1) {
    let prime = true;
    for (let d = 2; d * d <= n; d += 1) if (n % d === 0) { prime = false; break; }
    if (prime) primes += 1;
  }
}
console.log('rank ' + rank + ' of ' + size + ': ' + primes + ' primes below ${LIMIT}');
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
    performance: { minScore: 0, minFlops: [], provision: 'any', labels: {} },
    task: {
      public: { image: 'process:node', architecture: null, egress: false, capabilities: [] },
      private: { command: ['-e', PROGRAM], env: {} },
    },
    priority: { kind: 'price' },
    durationMs: 120_000,
    expiresAtMs: wallMs + 60_000,
    fill: 'atomic',
    maxLessors: 2,
    disconnect: { stopAfterMs: 30_000, onLoss: 'terminate' },
  };
}

/** What all replicas counted together; their output is the real result of the order. */
export function primesIn(output: string): number {
  const counts = [...output.matchAll(/^rank \d+ of \d+: (\d+) primes/gm)];
  return counts.reduce((sum, match) => sum + Number(match[1]), 0);
}
