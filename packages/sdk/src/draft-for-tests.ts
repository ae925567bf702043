/** A small order as tests need it; they say only what matters to them. */
import type { OrderDraft } from './order-draft.ts';

/** An order is open until then unless told otherwise: in no test's clock is it over. */
const FAR_MS = 2_000_000_000_000;

/** One replica of half a core for a minute, at any price, as a job. */
export function draftForTests({
  replica,
  ...over
}: Partial<Omit<OrderDraft, 'replica'>> & {
  replica?: Partial<OrderDraft['replica']>;
} = {}): OrderDraft {
  return {
    kind: 'job',
    replica: {
      cpuMillicores: 500,
      memoryBytes: 2 ** 20,
      storageBytes: 0,
      bandwidthBitsPerSecond: 0,
      device: null,
      ...replica,
    },
    count: { min: 1, max: 1 },
    limitMicroPerReplicaHour: 1_000_000n,
    budgetMicro: 10_000_000n,
    performance: { minScore: 0, minFlops: [], provision: 'any', labels: {} },
    task: {
      public: { image: 'process:sh', architecture: null, egress: false, capabilities: [] },
      private: { command: ['sh', '-c', 'echo hi'], env: { TOKEN: 'secret' } },
    },
    priority: { kind: 'price' },
    durationMs: 60_000,
    expiresAtMs: FAR_MS,
    fill: 'atomic',
    maxLessors: 1,
    disconnect: { stopAfterMs: 1_000, onLoss: 'terminate' },
    ...over,
  };
}
