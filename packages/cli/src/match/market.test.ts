import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JointSolver } from '@sparegrid/solver/joint-solver';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliFault } from '../fault.ts';
import type { Market } from './market.ts';
import { readOpenbMarket } from './openb-market.ts';
import { readOrdersMarket } from './orders-market.ts';
import { solveMarket } from './solve-market.ts';

const solver = new JointSolver();
afterAll(() => solver.close());

const LIMITS = { seed: 1, iterations: 1_000, seconds: null, objective: 'welfare' } as const;
const PODS = 'name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos\n';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sparegrid-match-'));
  write('nodes.csv', 'sn,cpu_milli,memory_mib,gpu,model\nn0,8000,8192,2,T4\nn1,4000,4096,0,\n');
  write('cloud-gpus.csv', 'GPU Type,Per-GPU\nT4 (16 GB),0.5\n');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = join(directory, name);
  writeFileSync(file, text);
  return file;
}

/** Then only the room decides. */
function payAnything({ orders }: Market): void {
  for (const { order } of orders) {
    order.limitMicroPerReplicaHour = 10n ** 9n;
    order.budgetMicro = 10n ** 12n;
  }
}

describe('a market of the openb trace', () => {
  it('never puts more into a device than it has', async () => {
    const shares = [600, 600, 300].map((milli, at) => `p${at},1000,512,1,${milli},,BE\n`);
    write('pods.csv', `${PODS}${shares.join('')}`);
    const market = readOpenbMarket(directory, { seed: 1 });
    payAnything(market);
    const { filled, cost, lowerBound, assignment } = await solveMarket(market, LIMITS, solver);
    expect(filled).toBe(3);
    expect(assignment.every(({ lessor }) => lessor === 'n0')).toBe(true);
    expect(lowerBound).toBe(cost);
  });

  it('leaves out what fits into the sum of devices but into none of them', async () => {
    const shares = [600, 600, 600].map((milli, at) => `p${at},1000,512,1,${milli},,BE\n`);
    write('pods.csv', `${PODS}${shares.join('')}`);
    const market = readOpenbMarket(directory, { seed: 1 });
    payAnything(market);
    const { filled, unfilled } = await solveMarket(market, LIMITS, solver);
    expect(filled).toBe(2);
    expect(unfilled).toEqual([{ order: 'p2', code: 'MATCH_RESOURCES' }]);
  });

  it('says when nothing is cheap enough, or nothing large enough', async () => {
    write('pods.csv', `${PODS}dear,1000,512,0,0,,BE\nlarge,9000,512,0,0,,BE\n`);
    const market = readOpenbMarket(directory, { seed: 1 });
    for (const { order } of market.orders) order.limitMicroPerReplicaHour = 1n;
    const { unfilled } = await solveMarket(market, LIMITS, solver);
    expect(unfilled.map(({ code }) => code)).toEqual(['MATCH_PRICE', 'MATCH_NO_CANDIDATE']);
  });

  it('refuses a bad line of any of its files', async () => {
    write('pods.csv', `${PODS}p0,many,512,0,0,,BE\n`);
    expect(() => readOpenbMarket(directory, { seed: 1 })).toThrow(CliFault);
  });
});

const ORDER = `kind: job
image: process:node
replicas: 3
cpu: 1
memory: 1Gi
limitPerHour: 1.00
budget: 100
duration: 1h
`;

const lot = (id: string, cores: number, askMicro: number, score = 1) => ({
  id,
  amounts: {
    cpuMillicores: cores * 1_000,
    memoryBytes: 2 ** 36,
    storageBytes: 0,
    bandwidthBitsPerSecond: 0,
  },
  devices: [],
  asks: {
    cpuMicroPerCoreHour: String(askMicro),
    memoryMicroPerGibHour: '0',
    storageMicroPerGibHour: '0',
    bandwidthMicroPerGbitHour: '0',
    deviceMicroPerHour: '0',
  },
  performance: { score, flops: [] },
  labels: {},
});

const offer = (participant: string, lots: object[], stale = false) => ({
  hub: 'h1',
  stale,
  offer: {
    participant,
    revision: 1,
    termsRevision: 1,
    provision: 'single',
    efficiencyPermille: 1_000,
    capabilities: { kinds: ['job'], architectures: ['amd64'], egress: false, capabilities: [] },
    imagePolicy: { allow: [] },
    validUntilMs: 1,
    lots,
  },
});

describe('a market of order files', () => {
  it('is matched with the offers that were printed, several documents at once', async () => {
    const offers = write(
      'offers.json',
      JSON.stringify([
        offer('a.h1', [lot('m1', 4, 200_000)]),
        offer('b.h1', [lot('m1', 2, 100_000)]),
        offer('c.h1', [lot('m1', 99, 1)], true),
      ]),
    );
    const file = write('order.yaml', `${ORDER}---\n${ORDER}`);
    const market = await readOrdersMarket(file, { seed: 1, offers });
    const { filled, cost, assignment } = await solveMarket(market, LIMITS, solver);
    expect(filled).toBe(2);
    expect(cost).toBe(2 * 100_000 + 4 * 200_000);
    expect(assignment.map(({ lessor }) => lessor)).not.toContain('c.h1');
  });

  it('gives each order what its own priority asks for, at the same time', async () => {
    const sold = [
      offer('slow.h1', [lot('m1', 3, 100_000, 1)]),
      offer('fair.h1', [lot('m1', 9, 200_000, 5)]),
      offer('fast.h1', [lot('m1', 3, 900_000, 9)]),
    ];
    const offers = write('offers.json', JSON.stringify(sold));
    const swift = `${ORDER}priority: performance\n`;
    const weighed = `${ORDER}priority: {price: 500, performance: 500}\n`;
    const file = write('order.yaml', [swift, ORDER, weighed].join('---\n'));
    const market = await readOrdersMarket(file, { seed: 1, offers });
    const { assignment, cost, lowerBound } = await solveMarket(market, LIMITS, solver);
    expect(assignment).toEqual([
      { order: '0', lessor: 'fast.h1', replicas: 3 },
      { order: '1', lessor: 'slow.h1', replicas: 3 },
      { order: '2', lessor: 'fair.h1', replicas: 3 },
    ]);
    expect(cost).toBe(3 * 900_000 + 3 * 100_000 + 3 * 200_000);
    expect(lowerBound).toBeLessThanOrEqual(cost ?? 0);
  });

  it('gives an order the cheapest when its budget does not reach for what it prefers', async () => {
    const sold = [
      offer('slow.h1', [lot('m1', 3, 100_000, 1)]),
      offer('fast.h1', [lot('m1', 3, 900_000, 9)]),
    ];
    const offers = write('offers.json', JSON.stringify(sold));
    const poor = ORDER.replace('budget: 100', 'budget: "0.50"');
    const file = write('order.yaml', `${poor}priority: performance\n`);
    const market = await readOrdersMarket(file, { seed: 1, offers });
    const { assignment } = await solveMarket(market, LIMITS, solver);
    expect(assignment).toEqual([{ order: '0', lessor: 'slow.h1', replicas: 3 }]);
  });

  it('names the line of what is wrong in the second document', async () => {
    const offers = write('offers.json', '[]');
    const file = write('order.yaml', `${ORDER}---\n${ORDER.replace('cpu: 1', 'cpu: x')}`);
    const read = readOrdersMarket(file, { seed: 1, offers });
    await expect(read).rejects.toMatchObject({
      code: 'CLI_FIELD_MALFORMED',
      hint: expect.stringContaining('line 13, cpu'),
    });
  });

  it('refuses offers that are none', async () => {
    const file = write('order.yaml', ORDER);
    const first = readOrdersMarket(file, { seed: 1, offers: write('offers.json', '[{]') });
    await expect(first).rejects.toMatchObject({ code: 'CLI_FILE_MALFORMED' });
    const broken = [{ ...offer('a.h1', []), stale: 'no' }];
    const offers = write('offers.json', JSON.stringify(broken));
    const second = readOrdersMarket(file, { seed: 1, offers });
    await expect(second).rejects.toMatchObject({ code: 'CLI_FIELD_MALFORMED' });
  });
});
