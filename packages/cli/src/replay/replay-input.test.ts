/** Input files of a replay: what is read from good ones, and how each kind of bad one is refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { failureOf } from '../failure.ts';
import { readAzureBatches } from './azure-batches.ts';
import { readGpuPrices } from './gpu-prices.ts';
import { readOpenbNodes, readOpenbPods } from './openb.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync('/tmp/sg-csv-test-');
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

const NODES = 'sn,cpu_milli,memory_mib,gpu,model\nn1,8000,1024,2,T4\nn2,4000,512,0,\n';
const PODS =
  'name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,more\n' +
  'p1,1000,256,1,460,T4|A10|T4,LS,x\np2,500,128,0,0,,BE,y\n';
const BATCHES = 't_s,batch,flavor,vcpu,mem_gb,count\n0,1,b,1,1.75,3\n0,1,c,0.5,0.3,1\n';

function write(text: string | Uint8Array): string {
  const file = join(directory, 'table.csv');
  writeFileSync(file, text);
  return file;
}

test('reads nodes, pods, batches and prices', () => {
  expect(readOpenbNodes(write(NODES))).toEqual([
    { name: 'n1', cpuMilli: 8_000, memoryMib: 1_024, gpus: 2, model: 'T4' },
    { name: 'n2', cpuMilli: 4_000, memoryMib: 512, gpus: 0, model: '' },
  ]);
  const gpu = { count: 1, milli: 460, models: ['T4', 'A10'] };
  const [p1, p2] = readOpenbPods(write(PODS));
  expect(p1).toMatchObject({ name: 'p1', replicas: 1, gpu, priority: 'performance' });
  expect(p2).toMatchObject({ name: 'p2', gpu: null, priority: 'price' });
  expect(readAzureBatches(write(BATCHES))).toMatchObject([
    { name: '1-b', replicas: 3, cpuMilli: 1_000, memoryMib: 1_792 },
    { name: '1-c', replicas: 1, cpuMilli: 500, memoryMib: 308 },
  ]);
  const list = '\ufeffGPU Type,Per-GPU\n"T4 (16 GB)",0.98\nT4 (16 GB),0.34\nP100 (16 GB),\n';
  expect(readGpuPrices(write(list))).toEqual(new Map([['T4 (16 GB)', [340_000, 980_000]]]));
});

/** Reader, content, code, and the place in the hint. */
const BAD: Readonly<
  Record<string, [(file: string) => unknown, string | Uint8Array, string, string]>
> = {
  'an empty file': [readOpenbNodes, '', 'CLI_FILE_EMPTY', 'table.csv'],
  'column names only': [readOpenbNodes, NODES.split('\n')[0] ?? '', 'CLI_FILE_EMPTY', 'table.csv'],
  'a missing column': [readOpenbNodes, NODES.replace('gpu', 'g'), 'CLI_COLUMN_MISSING', 'gpu'],
  'a negative number': [
    readOpenbNodes,
    NODES.replace('8000', '-1'),
    'CLI_FIELD_MALFORMED',
    'line 2, cpu_milli',
  ],
  NaN: [readOpenbNodes, NODES.replace('512', 'NaN'), 'CLI_FIELD_MALFORMED', 'line 3, memory_mib'],
  'a fraction': [readOpenbNodes, NODES.replace('512', '5.5'), 'CLI_FIELD_MALFORMED', 'line 3'],
  'an empty cell': [readOpenbNodes, NODES.replace('8000', ''), 'CLI_FIELD_MALFORMED', 'cpu_milli'],
  'a huge number': [
    readOpenbNodes,
    NODES.replace('8000', '9'.repeat(40)),
    'CLI_FIELD_RANGE',
    'line 2, cpu_milli',
  ],
  'a name twice': [readOpenbNodes, NODES.replace('n2', 'n1'), 'CLI_DUPLICATE', 'line 3, sn'],
  'no name': [readOpenbNodes, NODES.replace('n2', ''), 'CLI_FIELD_MALFORMED', 'line 3, sn'],
  'GPUs without a model': [readOpenbNodes, NODES.replace('T4', ''), 'CLI_FIELD_MALFORMED', 'model'],
  'a line that is too short': [readOpenbNodes, `${NODES}n3,1\n`, 'CLI_FILE_MALFORMED', 'line 4'],
  'an open quote': [readOpenbNodes, `${NODES}"n3,1,1,0,\n`, 'CLI_FILE_MALFORMED', 'table.csv'],
  'other bytes than UTF-8': [
    readOpenbNodes,
    new Uint8Array([0x73, 0xff]),
    'CLI_FILE_MALFORMED',
    'UTF-8',
  ],
  'an unknown qos': [readOpenbPods, PODS.replace('LS', 'XS'), 'CLI_FIELD_MALFORMED', 'line 2, qos'],
  'a share of nothing': [readOpenbPods, PODS.replace('460', '0'), 'CLI_FIELD_RANGE', 'gpu_milli'],
  'more than a whole device': [
    readOpenbPods,
    PODS.replace('460', '1001'),
    'CLI_FIELD_RANGE',
    'gpu_milli',
  ],
  'shares of several devices': [
    readOpenbPods,
    PODS.replace('1,460', '2,460'),
    'CLI_FIELD_RANGE',
    'gpu_milli',
  ],
  'no replica': [readAzureBatches, BATCHES.replace(',3\n', ',0\n'), 'CLI_FIELD_RANGE', 'count'],
  'a flavor of a batch twice': [
    readAzureBatches,
    BATCHES.replace('1,c', '1,b'),
    'CLI_DUPLICATE',
    'line 3',
  ],
  'a price that is no number': [
    readGpuPrices,
    'GPU Type,Per-GPU\nT4,free\n',
    'CLI_FIELD_MALFORMED',
    'line 2, Per-GPU',
  ],
};

for (const [name, [reader, content, code, place]] of Object.entries(BAD)) {
  test(`refuses ${name}`, () => {
    let failure: ReturnType<typeof failureOf> = null;
    try {
      reader(write(content));
    } catch (error) {
      failure = failureOf(error);
    }
    expect(failure).toMatchObject({ code, exitCode: 2, hint: expect.stringContaining(place) });
  });
}

test('refuses a file that is not there', () => {
  expect(() => readOpenbNodes(join(directory, 'none.csv'))).toThrow();
});
