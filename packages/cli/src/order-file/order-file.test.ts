/** Order files: what is read from good ones, and how each kind of bad one is refused. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { failureOf } from '../failure.ts';
import { GOOD } from './good-file-for-tests.ts';
import { readOrderFiles } from './order-file.ts';

const change = (from: string, to: string) => GOOD.replace(from, to);
const bomb = ['a: &a [x, x, x, x]'];
for (let at = 1; at < 30; at += 1) {
  bomb.push(
    `k${at}: &k${at} [${Array(9)
      .fill(at === 1 ? '*a' : `*k${at - 1}`)
      .join(', ')}]`,
  );
}

/** File content, code, and a piece of the hint. */
const BAD: Readonly<Record<string, [string | Uint8Array, string, string]>> = {
  empty: ['', 'CLI_FILE_EMPTY', 'order.yaml'],
  'only comments': ['# nothing\n', 'CLI_FILE_EMPTY', 'order.yaml'],
  binary: [new Uint8Array([0xff, 0xfe, 0, 1, 2]), 'CLI_FILE_MALFORMED', 'UTF-8'],
  huge: [`# ${'x'.repeat(300_000)}`, 'CLI_FILE_TOO_LARGE', 'at most'],
  'alias bomb': [bomb.join('\n'), 'CLI_FILE_ALIAS', 'line 1'],
  'cyclic reference': ['a: &a\n  b: *a\n', 'CLI_FILE_ALIAS', 'line '],
  'merge keys': ['a: &a {kind: job}\n<<: *a\n', 'CLI_FILE_ALIAS', 'line '],
  'a wrong second document': [
    `${GOOD}---\n${change('2m', '2y')}`,
    'CLI_FIELD_MALFORMED',
    'line 19',
  ],
  'deep nesting': ['['.repeat(50_000), 'CLI_FILE_MALFORMED', 'order.yaml'],
  'deep but closed': [`kind: ${'['.repeat(60)}${']'.repeat(60)}`, 'CLI_FILE_MALFORMED', 'levels'],
  tag: [change('job', '!!js/function job'), 'CLI_FILE_MALFORMED', 'line 1'],
  'field twice': [`${GOOD}cpu: 1\n`, 'CLI_FILE_MALFORMED', 'line 10'],
  'a list': ['- kind\n', 'CLI_FIELD_MALFORMED', 'line 1'],
  'unknown field': [change('cpu', 'cpus'), 'CLI_FIELD_UNKNOWN', 'line 5, cpus'],
  'prototype field': [`${GOOD}__proto__: {cpu: 1}\n`, 'CLI_FIELD_UNKNOWN', 'line 10'],
  'missing field': [change('cpu: 500m\n', ''), 'CLI_FIELD_MISSING', 'cpu'],
  'wrong type': [change('500m', '[1]'), 'CLI_FIELD_MALFORMED', 'line 5, cpu'],
  negative: [change('500m', '-500m'), 'CLI_FIELD_MALFORMED', 'line 5, cpu'],
  NaN: [change('500m', '.nan'), 'CLI_FIELD_MALFORMED', 'line 5, cpu'],
  infinite: [change('500m', '.inf'), 'CLI_FIELD_MALFORMED', 'line 5, cpu'],
  'an exponent': [change('replicas: 2', 'replicas: 1e9'), 'CLI_FIELD_MALFORMED', 'line 4'],
  'huge quantity': [change('64Mi', '9999999999Pi'), 'CLI_FIELD_MALFORMED', 'line 6, memory'],
  'more than anything has': [change('64Mi', '7Pi'), 'CLI_FIELD_RANGE', 'line 6, memory'],
  'no replicas': [change('replicas: 2', 'replicas: 0'), 'CLI_FIELD_RANGE', 'line 4, replicas'],
  'min above max': [change('replicas: 2', 'replicas: {min: 3, max: 2}'), 'CLI_FIELD_RANGE', 'max'],
  'negative price': [change('"1.00"', '-1'), 'CLI_FIELD_MALFORMED', 'line 7, limitPerHour'],
  'too fine a price': [change('"1.00"', '0.0000001'), 'CLI_FIELD_MALFORMED', 'limitPerHour'],
  'no budget': [change('0.50', '0'), 'ORDER_BUDGET', 'line 8, budget: the budget is zero'],
  'no such unit of time': [change('2m', '2y'), 'CLI_FIELD_MALFORMED', 'line 9, duration'],
  'too short': [change('2m', '1ms'), 'ORDER_DURATION', 'line 9, duration: 1s to 31d'],
  'too long': [change('2m', '400d'), 'ORDER_DURATION', 'line 9, duration: 1s to 31d'],
  'several shared devices': [
    `${GOOD}device: {count: 2, share: 500m}\n`,
    'ORDER_DEVICES',
    'line 10, device',
  ],
  'a NUL in the command': [change('console.log(1)', '\\0'), 'ORDER_MALFORMED', 'line 3, command'],
  'JSON with a wrong type': ['{"kind": "job", "image": {}}', 'CLI_FIELD_MALFORMED', 'image'],
};

let directory: string;

beforeAll(() => {
  directory = mkdtempSync('/tmp/sg-orders-test-');
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

const NOW_MS = 1_700_000_000_000;

function read(content: string | Uint8Array) {
  const file = join(directory, 'order.yaml');
  writeFileSync(file, content);
  const [draft] = readOrderFiles(file, NOW_MS);
  if (!draft) throw new Error('no order');
  return draft;
}

function refusalOf(content: string | Uint8Array) {
  try {
    read(content);
    return null;
  } catch (error) {
    return failureOf(error);
  }
}

for (const [name, [content, code, hint]] of Object.entries(BAD)) {
  test(`refuses ${name}`, () => {
    const hinted = expect.stringContaining(hint);
    expect(refusalOf(content)).toEqual({
      code,
      hint: hinted,
      text: expect.stringMatching(/.\.$/),
      exitCode: 2,
    });
  });
}

test('reads human units exactly', () => {
  expect(read(GOOD)).toMatchObject({
    kind: 'job',
    count: { min: 2, max: 2 },
    replica: { cpuMillicores: 500, memoryBytes: 64 * 2 ** 20, device: null },
    limitMicroPerReplicaHour: 1_000_000n,
    budgetMicro: 500_000n,
    durationMs: 120_000,
    expiresAtMs: NOW_MS + 600_000,
    fill: 'atomic',
    task: { public: { image: 'process:node' }, private: { command: ['-e', 'console.log(1)'] } },
  });
});

test('reads every field', () => {
  const draft = read(`${GOOD}storage: 1Gi
bandwidth: 100M
env: {A: b, N: 007}
architecture: amd64
egress: true
capabilities: [avx512]
restarts: 0
device: {share: 250m, models: [T4, A10], vendor: NVIDIA, minMemory: 16Gi}
expires: 1h30m
fill: partial
maxLessors: 3
priority: {price: 700, performance: 300}
performance: {minScore: 5, provision: single, labels: {region: eu}, minFlops: [{precision: fp16, giga: 10}]}
disconnect: {stopAfter: 45s, onLoss: continue}
`);
  expect(draft).toMatchObject({
    replica: {
      storageBytes: 2 ** 30,
      bandwidthBitsPerSecond: 100_000_000,
      device: { count: 1, shareMilli: 250, models: ['T4', 'A10'], minMemoryBytes: 2 ** 34 },
    },
    task: {
      public: { architecture: 'amd64', egress: true, capabilities: ['avx512'], restarts: 0 },
      private: { env: { A: 'b', N: '007' } },
    },
    expiresAtMs: NOW_MS + 5_400_000,
    fill: 'partial',
    maxLessors: 3,
    priority: { kind: 'weights', priceWeight: 700, performanceWeight: 300 },
    performance: { minScore: 5, provision: 'single', labels: { region: 'eu' } },
    disconnect: { stopAfterMs: 45_000, onLoss: 'continue' },
  });
});

test('reads JSON as well', () => {
  const json = JSON.stringify({
    kind: 'service',
    image: 'process:sh',
    replicas: { min: 1, max: 3 },
    cpu: 0.5,
    memory: '1Gi',
    limitPerHour: '1.25',
    budget: 2,
    duration: '10m',
  });
  expect(read(json)).toMatchObject({
    kind: 'service',
    count: { min: 1, max: 3 },
    replica: { cpuMillicores: 500 },
    limitMicroPerReplicaHour: 1_250_000n,
    budgetMicro: 2_000_000n,
  });
});

test('accepts the order file of the README, for a program that takes its arguments', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../../../README.md'), 'utf8');
  const [, block = ''] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? [];
  const { task } = read(block.replace(/^ {3}/gm, ''));
  expect(task.public.image).toBe('sparegrid/demo');
  expect(task.private.command.slice(0, 2)).toEqual(['node', '-e']);
});
