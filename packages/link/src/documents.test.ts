/** Payloads of documents: read as typed data, or refused with the path of the first wrong field. */
import { canonicalJson } from '@sparegrid/core/units/json';
import { expect, test } from 'vitest';
import { documentReader, readTaskPrivate } from './documents.ts';

const order = {
  lessee: 'alice.h1',
  salt: 'x',
  kind: 'job',
  replica: {
    cpuMillicores: 500,
    memoryBytes: 1,
    storageBytes: 0,
    bandwidthBitsPerSecond: 0,
    device: null,
  },
  count: { min: 1, max: 2 },
  limitMicroPerReplicaHour: 10n ** 30n - 1n,
  budgetMicro: 5n,
  performance: { minScore: 0, minFlops: [], provision: 'any', labels: { region: 'eu' } },
  task: {
    public: { image: 'process:sh', architecture: null, egress: false, capabilities: [] },
    privateDigest: `sha256:${'0'.repeat(64)}`,
  },
  priority: { kind: 'weights', priceWeight: 500, performanceWeight: 500 },
  durationMs: 60_000,
  expiresAtMs: 1,
  fill: 'atomic',
  maxLessors: 1,
  disconnect: { stopAfterMs: 0, onLoss: 'terminate' },
};

test('reads a buy order with its money as bigint', () => {
  expect(documentReader.buyOrder(canonicalJson(order))).toEqual({ ok: true, value: order });
});

test.each([
  ['an unknown key', { ...order, extra: 1 }, /^extra: /],
  ['a missing field', { ...order, fill: undefined }, /^fill: /],
  ['a negative amount', { ...order, durationMs: -1 }, /^durationMs: /],
  ['an amount above the bound', { ...order, durationMs: 2 ** 52 + 1 }, /^durationMs: /],
  ['a field deep inside', { ...order, count: { min: '1', max: 2 } }, /^count\.min: /],
  ['another kind of union', { ...order, priority: { kind: 'luck' } }, /^priority\.kind: /],
  ['money with 31 digits', { ...order, budgetMicro: 10n ** 30n }, /^budgetMicro: /],
  ['negative money', { ...order, budgetMicro: -1n }, /^budgetMicro: /],
  ['money as a number', { ...order, budgetMicro: 5 }, /^budgetMicro: /],
  ['money with a leading zero', { ...order, budgetMicro: '05' }, /^budgetMicro: /],
  ['a hub as lessee', { ...order, lessee: 'h1' }, /^lessee: /],
  ['a hub of another form', { ...order, lessee: 'alice.H1' }, /^lessee: /],
  [
    'too many labels',
    {
      ...order,
      performance: {
        ...order.performance,
        labels: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`l${i}`, ''])),
      },
    },
    /^performance\.labels: /,
  ],
])('refuses a buy order with %s and names the field', (_what, value, hint) => {
  const read = documentReader.buyOrder(canonicalJson(value));
  expect(read).toMatchObject({
    ok: false,
    code: 'ORDER_MALFORMED',
    hint: expect.stringMatching(hint),
  });
});

test('refuses with the code of the document', () => {
  expect(documentReader.resourceSpec('{}')).toMatchObject({ code: 'RESOURCE_MALFORMED' });
  expect(documentReader.sellOrder('{}')).toMatchObject({ code: 'OFFER_MALFORMED' });
  expect(documentReader.buyOrder('{}')).toMatchObject({ code: 'ORDER_MALFORMED' });
  expect(documentReader.agreementPart('{}')).toMatchObject({ code: 'AGREEMENT_MALFORMED' });
  expect(documentReader.organization('{}')).toMatchObject({ code: 'IDENTITY_MALFORMED' });
  expect(documentReader.keys('{}')).toMatchObject({ code: 'IDENTITY_MALFORMED' });
  expect(documentReader.hubList('{}')).toMatchObject({ code: 'IDENTITY_MALFORMED' });
  expect(readTaskPrivate('{}')).toMatchObject({ code: 'ORDER_MALFORMED' });
});

test('refuses cyclic, deep and huge input that the types forbid, without throwing', () => {
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  for (const input of [cycle, '['.repeat(2_000_000), 'x'.repeat(4_000_000), undefined, null]) {
    for (const read of [...Object.values(documentReader), readTaskPrivate]) {
      expect(read(input as string)).toMatchObject({ ok: false });
    }
  }
});

test('reads a task, and refuses what no operating system could run', () => {
  const task = { command: ['sh', '-c', 'echo'], env: { PATH: '/bin', constructor: 'x' } };
  expect(readTaskPrivate(JSON.stringify(task))).toEqual({ ok: true, value: task });
  const wrong = [
    { command: ['a\0b'], env: {} },
    { command: [], env: { 'A=B': '' } },
    { command: [], env: { '': '' } },
    { command: [], env: { A: '\0' } },
  ];
  for (const value of wrong) {
    expect(readTaskPrivate(JSON.stringify(value))).toMatchObject({ code: 'ORDER_MALFORMED' });
  }
  expect(readTaskPrivate('{"command":[],"env":{"__proto__":"x"}}')).toMatchObject({ ok: false });
});
