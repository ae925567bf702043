/** `sparegrid replay` on small files of our own and, where it is, on the real data: recomputed. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from './command.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures');
const REAL = join(import.meta.dirname, '../../../shared/data');
const REAL_PRESENT = existsSync(REAL);
const REAL_TEST = 'the real openb trace: every order decided, nothing oversold';
if (!REAL_PRESENT) console.warn(`SKIPPED, no folder ${REAL}: ${REAL_TEST}`);

let directory: string;

beforeAll(() => {
  directory = mkdtempSync('/tmp/sg-replay-test-');
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Line {
  order: string;
  node: string;
  devices: { index: number; milli: number }[];
  cpuMilli: number;
  memoryMib: number;
  priceMicro: number;
}

interface Files {
  format: string;
  nodes: string;
  orders: string;
  prices: string;
}

async function replay(files: Files, ...more: string[]) {
  const out = join(directory, 'out.jsonl');
  const { format, nodes, orders, prices } = files;
  const input = ['--nodes', nodes, '--orders', orders, '--prices', prices, '--out', out];
  const ended = await run(['replay', '--format', format, ...input, '--json', ...more]);
  expect(ended.code, ended.stderr).toBe(0);
  const text = readFileSync(out, 'utf8');
  const lines = text
    .split('\n')
    .slice(0, -1)
    .map((line): Line => JSON.parse(line));
  return { summary: JSON.parse(ended.stdout), lines, stderr: ended.stderr };
}

/** Columns by name; the files of these tests have no quotes. */
function table(file: string): Record<string, string>[] {
  const [header = '', ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  const names = header.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, at) => [name, cells[at] ?? '']));
  });
}

/** Counts every node and device again, with nothing of ours. */
function expectNothingOversold(nodesFile: string, lines: readonly Line[]): void {
  const nodes = new Map(table(nodesFile).map((node) => [node['sn'], node]));
  const used = new Map<string, number>();
  const use = (key: string, amount: number) => used.set(key, (used.get(key) ?? 0) + amount);
  for (const { node, cpuMilli, memoryMib, devices } of lines) {
    use(`${node} cpu_milli`, cpuMilli);
    use(`${node} memory_mib`, memoryMib);
    for (const { index, milli } of devices) use(`${node} ${index}`, milli);
  }
  for (const [key, amount] of used) {
    const [sn = '', what = ''] = key.split(' ');
    const node = nodes.get(sn);
    const isDevice = /^\d+$/.test(what);
    const has = isDevice
      ? Number(what) < Number(node?.['gpu'])
        ? 1_000
        : 0
      : Number(node?.[what]);
    expect(amount, key).toBeLessThanOrEqual(has);
  }
}

function expectAsOrdered(podsFile: string, nodesFile: string, lines: readonly Line[]): void {
  const pods = new Map(table(podsFile).map((pod) => [pod['name'], pod]));
  const models = new Map(table(nodesFile).map((node) => [node['sn'], node['model'] ?? '']));
  expect(new Set(lines.map(({ order }) => order)).size).toBe(lines.length);
  for (const { order, node, cpuMilli, memoryMib, devices } of lines) {
    const pod = pods.get(order);
    expect([cpuMilli, memoryMib]).toEqual([
      Number(pod?.['cpu_milli']),
      Number(pod?.['memory_mib']),
    ]);
    expect(devices.length).toBe(Number(pod?.['num_gpu']));
    expect(new Set(devices.map(({ index }) => index)).size).toBe(devices.length);
    for (const { milli } of devices) expect(milli).toBe(Number(pod?.['gpu_milli']));
    const accepted = (pod?.['gpu_spec'] ?? '').split('|').filter((model) => model !== '');
    if (devices.length > 0 && accepted.length > 0) expect(accepted).toContain(models.get(node));
  }
}

function fixture(format: string, orders: string): Files {
  const at = (name: string) => join(FIXTURES, name);
  return { format, nodes: at('nodes.csv'), orders: at(orders), prices: at('prices.csv') };
}

test('pods of our own: every one is decided, the recount agrees', async () => {
  const files = fixture('openb', 'pods.csv');
  const { summary, lines, stderr } = await replay(files, '--hubs', '3', '--in-flight', '4');
  expect(Object.keys(summary)).toEqual([
    'orders',
    'filled',
    'unfilled',
    'replicas',
    'costMicro',
    'overcommitted',
    'seconds',
  ]);
  const unfilled = Object.values<number>(summary.unfilled).reduce((sum, count) => sum + count, 0);
  expect(summary.orders).toBe(16);
  expect(summary.filled + unfilled).toBe(16);
  expect(summary.filled).toBeGreaterThan(4);
  expect(summary.overcommitted).toBe(0);
  expect(lines.length).toBe(summary.replicas);
  const hourly = lines.reduce((sum, { priceMicro }) => sum + BigInt(priceMicro), 0n);
  expect(summary.costMicro).toBe(String(24n * hourly));
  expectNothingOversold(files.nodes, lines);
  expectAsOrdered(files.orders, files.nodes, lines);
  expect(stderr).toContain('GPU G2: priced as A100 (40 GB)');
});

test('batches of our own: large orders go to several lessors', async () => {
  const files = fixture('azure-batches', 'batches.csv');
  const { summary, lines } = await replay(files, '--hubs', '2', '--store', 'memory');
  expect(summary).toMatchObject({ orders: 6, overcommitted: 0 });
  expect(summary.unfilled['MATCH_COUNT']).toBe(1);
  expectNothingOversold(files.nodes, lines);
  const nodesOf = new Map<string, Set<string>>();
  for (const { order, node } of lines) {
    nodesOf.set(order, (nodesOf.get(order) ?? new Set()).add(node));
  }
  expect(Math.max(...[...nodesOf.values()].map(({ size }) => size))).toBeGreaterThan(1);
});

test('in joint rounds every order of our own is decided, too, and the recount agrees', async () => {
  const files = fixture('openb', 'pods.csv');
  const { summary, lines } = await replay(files, '--joint', '--hubs', '1', '--store', 'memory');
  expect(summary).toMatchObject({ orders: 16, overcommitted: 0, rounds: { refused: 0 } });
  const hourly = lines.reduce((sum, { priceMicro }) => sum + BigInt(priceMicro), 0n);
  expect(summary.costMicro).toBe(String(24n * hourly));
  expectNothingOversold(files.nodes, lines);
  expectAsOrdered(files.orders, files.nodes, lines);
});

test('both ways stand side by side', async () => {
  const { format, nodes, orders, prices } = fixture('azure-batches', 'batches.csv');
  const args = ['replay', '--format', format, '--nodes', nodes, '--orders', orders];
  const ended = await run([...args, '--prices', prices, '--compare', '--json']);
  expect(ended.code, ended.stderr).toBe(0);
  const { oneByOne, joint, commonOrders, verdict } = JSON.parse(ended.stdout);
  expect([oneByOne.orders, joint.orders]).toEqual([6, 6]);
  expect([oneByOne.rounds, joint.overcommitted]).toEqual([null, 0]);
  expect(commonOrders).toBeGreaterThan(0);
  const noDearer = BigInt(joint.commonMicro) <= BigInt(oneByOne.commonMicro);
  expect(verdict).toEqual({ atLeastAsManyFilled: joint.filled >= oneByOne.filled, noDearer });
  const refused = await run([...args, '--prices', prices, '--compare', '--joint']);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('CLI_USAGE')]);
});

test('bad files are refused with file, line, column and code', async () => {
  const files = fixture('openb', 'batches.csv');
  const { format, nodes, orders, prices } = files;
  const args = ['replay', '--format', format, '--nodes', nodes, '--orders', orders];
  const { code, stdout, stderr } = await run([...args, '--prices', prices, '--json']);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain('error CLI_COLUMN_MISSING');
  expect(stderr).toContain(`${orders}, line 1: no column name`);
});

test.runIf(REAL_PRESENT)(
  REAL_TEST,
  async () => {
    const openb = join(REAL, 'openb-gpu-cluster');
    const files: Files = {
      format: 'openb',
      nodes: join(openb, 'nodes.csv'),
      orders: join(openb, 'pods.csv'),
      prices: join(REAL, 'gpu-prices', 'cloud-gpus.csv'),
    };
    const { summary, lines } = await replay(files, '--hubs', '8', '--seed', '1');
    console.log(JSON.stringify(summary));
    expect(summary.orders).toBe(4_891);
    expect(summary.overcommitted).toBe(0);
    expect(summary.filled).toBeGreaterThan(2_000);
    expectNothingOversold(files.nodes, lines);
    expectAsOrdered(files.orders, files.nodes, lines);
  },
  600_000,
);
