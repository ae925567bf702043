/** A collection of nasty order files: each is refused with file, line and field, soon, by its code. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failureOf } from '../failure.ts';
import { GOOD } from './good-file-for-tests.ts';
import { readOrderFiles } from './order-file.ts';

const NOW_MS = 1_700_000_000_000;

/** The good file with the value of one of its fields changed, or with a line more. */
function change(field: string, value: string): string {
  const lines = GOOD.split('\n');
  const at = lines.findIndex((line) => line.startsWith(`${field}:`));
  lines.splice(at < 0 ? lines.length - 1 : at, at < 0 ? 0 : 1, `${field}: ${value}`);
  return lines.join('\n');
}

const LINE_OF = new Map(GOOD.split('\n').map((line, at) => [line.split(':')[0], at + 1]));

/** field: [value, code of its refusal]; the hint names its line and the field. */
const VALUES: readonly [string, string, string][] = [
  ...['1e3', '0x10', '.inf', '.nan', '010', '0o10', '1_000', '2.0', '-1', '+2', 'yes', '1:30'].map(
    (value): [string, string, string] => ['replicas', value, 'CLI_FIELD_MALFORMED'],
  ),
  ['replicas', '99999999999999999999', 'CLI_FIELD_MALFORMED'],
  ['replicas', '100000', 'CLI_FIELD_RANGE'],
  ['replicas', '~', 'CLI_FIELD_MALFORMED'],
  ['replicas', '', 'CLI_FIELD_MALFORMED'],
  ['replicas', '[2]', 'CLI_FIELD_MALFORMED'],
  ['replicas', '{min: 1}', 'CLI_FIELD_MISSING'],
  ['replicas', '{min: 1, max: 2, mid: 1}', 'CLI_FIELD_UNKNOWN'],
  ['replicas', '{min: one, max: 2}', 'CLI_FIELD_MALFORMED'],
  ...['1e400', '2GiB', '-1', '0.0001', '0,5', '', '500 m', '007', 'null'].map(
    (value): [string, string, string] => ['cpu', value, 'CLI_FIELD_MALFORMED'],
  ),
  ...['2GiB', '64MB', '64m', '64mi', '0.3', '６４Mi', '1e400', '9E', '{a: 1}'].map(
    (value): [string, string, string] => ['memory', value, 'CLI_FIELD_MALFORMED'],
  ),
  ...['0', '1m', '9m', '500M', '500k', '4Gi', '100001'].map((value): [string, string, string] => [
    'cpu',
    value,
    'CLI_FIELD_RANGE',
  ]),
  ...['0', '64', '64k', '6143Ki', '8000Ti'].map((value): [string, string, string] => [
    'memory',
    value,
    'CLI_FIELD_RANGE',
  ]),
  ['storage', '10', 'CLI_FIELD_RANGE'],
  ['storage', '1000k', 'CLI_FIELD_RANGE'],
  ['device', '{minMemory: 40}', 'CLI_FIELD_RANGE'],
  ...['1e-3', '1.00 EUR', '$1', '1,000.00', '9999999999999999', '-0', '.5', '5.', '007'].map(
    (value): [string, string, string] => ['limitPerHour', value, 'CLI_FIELD_MALFORMED'],
  ),
  ['budget', '-0.50', 'CLI_FIELD_MALFORMED'],
  ...['120', '1h 30m', 'PT2M', '-2m', '1.5h', '9'.repeat(400), '٣m'].map(
    (value): [string, string, string] => ['duration', value, 'CLI_FIELD_MALFORMED'],
  ),
  ['duration', '0s', 'ORDER_DURATION'],
  ['duration', '99999d', 'ORDER_DURATION'],
  ['expires', '2020-01-01T00:00:00Z', 'CLI_FIELD_MALFORMED'],
  ['expires', '2030-01-01T00:00:00+08:00', 'CLI_FIELD_MALFORMED'],
  ['expires', '400d', 'ORDER_EXPIRY'],
  ['expires', '0s', 'ORDER_EXPIRED'],
  ['kind', 'Job', 'CLI_FIELD_MALFORMED'],
  ['kind', '[job]', 'CLI_FIELD_MALFORMED'],
  ['kind', `"${'a'.repeat(250_000)}"`, 'CLI_FIELD_MALFORMED'],
  ['apiVersion', 'sparegrid/v9', 'CLI_FIELD_UNKNOWN'],
  ['$schema', 'order.schema.json', 'CLI_FIELD_UNKNOWN'],
  ['<<', '{cpu: 1}', 'CLI_FIELD_UNKNOWN'],
  ['constructor', '{prototype: {}}', 'CLI_FIELD_UNKNOWN'],
  ['env', '{__proto__: x}', 'CLI_FIELD_UNKNOWN'],
  ...['yes', 'on', 'True', '1', '~'].map((value): [string, string, string] => [
    'egress',
    value,
    'CLI_FIELD_MALFORMED',
  ]),
  ['restarts', '1001', 'CLI_FIELD_RANGE'],
  ['restarts', '-1', 'CLI_FIELD_MALFORMED'],
  ['image', '', 'CLI_FIELD_MALFORMED'],
  ['image', 'a b', 'CLI_FIELD_MALFORMED'],
  ['image', '"a\\nb"', 'CLI_FIELD_MALFORMED'],
  ['image', '"process\\0node"', 'CLI_FIELD_MALFORMED'],
  ['image', '"\\ud800"', 'CLI_FIELD_MALFORMED'],
  ['image', 'x'.repeat(5_000), 'ORDER_MALFORMED'],
  ['command', 'echo hello', 'CLI_FIELD_MALFORMED'],
  ['command', '[[a]]', 'CLI_FIELD_MALFORMED'],
  ['command', '[a, ~]', 'CLI_FIELD_MALFORMED'],
  ['command', `[${'a,'.repeat(3_000)}]`, 'ORDER_MALFORMED'],
  ['env', '[A=b]', 'CLI_FIELD_MALFORMED'],
  ['env', '{"A=B": c}', 'ORDER_MALFORMED'],
  ['env', '{A: {B: c}}', 'CLI_FIELD_MALFORMED'],
  ['env', '{A: }', 'CLI_FIELD_MALFORMED'],
  ['env', '{A: 1, A: 2}', 'CLI_FILE_MALFORMED'],
  ['device', 'A100', 'CLI_FIELD_MALFORMED'],
  ['device', '{count: 0}', 'CLI_FIELD_RANGE'],
  ['device', '{modell: x}', 'CLI_FIELD_UNKNOWN'],
  ['device', '{share: 1500m}', 'ORDER_MALFORMED'],
  ['fill', 'all', 'CLI_FIELD_MALFORMED'],
  ['maxLessors', '0', 'CLI_FIELD_RANGE'],
  ['priority', 'cheap', 'CLI_FIELD_MALFORMED'],
  ['priority', '{price: -1, performance: 1}', 'CLI_FIELD_MALFORMED'],
  ['performance', '{minFlops: [{precision: fp8, giga: 1}]}', 'CLI_FIELD_MALFORMED'],
  ['disconnect', '{stopAfter: 0s}', 'ORDER_MALFORMED'],
  ['disconnect', '{onLoss: panic}', 'CLI_FIELD_MALFORMED'],
  ['bandwidth', '1Gbps', 'CLI_FIELD_MALFORMED'],
];

function utf16(text: string): Buffer {
  return Buffer.from(`\ufeff${text}`, 'utf16le');
}

/** The file as a whole: content, code, and what the hint says after the name of the file. */
const FILES: Readonly<Record<string, [string | Uint8Array, string, string]>> = {
  'a tab that indents': ['env:\n\tA: b\n', 'CLI_FILE_MALFORMED', ', line 2: '],
  'lines that end with CR alone': [GOOD.replaceAll('\n', '\r'), 'CLI_FILE_MALFORMED', ', line 1: '],
  'UTF-16, little end first': [utf16(GOOD), 'CLI_FILE_MALFORMED', 'it is UTF-16'],
  'UTF-16, big end first': [utf16(GOOD).swap16(), 'CLI_FILE_MALFORMED', 'it is UTF-16'],
  'Latin-1': [
    Buffer.from('kind: job\nimage: caf\xe9\n', 'latin1'),
    'CLI_FILE_MALFORMED',
    ', line 2',
  ],
  'a NUL as it is': ['kind: job\nimage: a\0b\n', 'CLI_FILE_MALFORMED', ', line 2: '],
  'an escape sequence': ['kind: \u001b[31mjob\n', 'CLI_FILE_MALFORMED', ', line 1: '],
  'an unresolved alias': ['kind: *nope\n', 'CLI_FILE_ALIAS', ', line 1: '],
  'an anchor alone': ['kind: &a job\n', 'CLI_FILE_ALIAS', ', line 1: '],
  'a function': ['kind: !!js/function "x"\n', 'CLI_FILE_MALFORMED', ', line 1: '],
  'a set': [`${GOOD}env: !!set {A}\n`, 'CLI_FILE_MALFORMED', ', line 10: no tags'],
  bytes: ['kind: !!binary aGk=\n', 'CLI_FILE_MALFORMED', ', line 1: no tags'],
  'a directive of nobody': [`%FOO bar\n---\n${GOOD}`, 'CLI_FILE_MALFORMED', ', line 1: '],
  'levels of blocks': [
    Array.from({ length: 40 }, (_, at) => `${' '.repeat(at)}a:`).join('\n'),
    'CLI_FILE_MALFORMED',
    'more than 16 levels',
  ],
  'levels of lists': ['- '.repeat(5_000), 'CLI_FILE_MALFORMED', 'more than 16 levels'],
  'levels of maps': ['{'.repeat(2_000), 'CLI_FILE_MALFORMED', 'more than 16 levels'],
  'ten megabytes': [Buffer.alloc(10_000_000, 'x'), 'CLI_FILE_TOO_LARGE', 'at most 262144 bytes'],
  'a wrong third document': [
    `${GOOD}---\n${GOOD}---\n${change('duration', '2y')}`,
    'CLI_FIELD_MALFORMED',
    ', line 29, duration: ',
  ],
  'an empty second document': [`${GOOD}---\n---\n${GOOD}`, 'CLI_FILE_EMPTY', ', line 10: '],
  'an empty last document': [`${GOOD}---\n`, 'CLI_FILE_EMPTY', ', line 10: '],
  'nothing but a mark': ['---\n', 'CLI_FILE_EMPTY', ', line 1: '],
  'nothing but space': [' \n\n \t\n', 'CLI_FILE_EMPTY', ': nothing but space'],
  'nothing but a byte order mark': ['\ufeff', 'CLI_FILE_EMPTY', ': nothing but space'],
  'JSON with comments': ['{"kind": "job" /* c */ }', 'CLI_FILE_MALFORMED', ', line 1: '],
  'JSON that ends early': ['{"kind": "job",', 'CLI_FILE_MALFORMED', ', line 1: '],
  'JSON with a name twice': [
    '{"kind":"job",\n"kind":"job"}',
    'CLI_FILE_MALFORMED',
    ', line 2, kind',
  ],
  'a list of orders': ['[{"kind":"job"}]', 'CLI_FIELD_MALFORMED', ', line 1: expected one order'],
  'a line per order': ['{"kind":"job"}\n{"kind":"job"}\n', 'CLI_FILE_MALFORMED', ', line 2: '],
  'a number': ['42', 'CLI_FIELD_MALFORMED', ', line 1: expected one order'],
  'null of JSON': ['null', 'CLI_FIELD_MALFORMED', ', line 1: expected one order'],
  'a program': [Buffer.from('7f454c4602010100', 'hex'), 'CLI_FILE_MALFORMED', ', line 1: '],
  'an archive': [Buffer.from('1f8b0800', 'hex'), 'CLI_FILE_MALFORMED', ', line 1: '],
  'a page': ['<!doctype html>\n<html></html>\n', 'CLI_FIELD_MALFORMED', ', line 1: '],
  'another order of the same words': [
    'apiVersion: v1\nkind: Pod\n',
    'CLI_FIELD_UNKNOWN',
    ', line 1',
  ],
  'a list as a name': [
    `${GOOD}? [a, b]\n: c\n`,
    'CLI_FIELD_MALFORMED',
    ', line 10: expected a name',
  ],
  'a name that turns the text': [
    GOOD.replace('kind', 'ki\u202end'),
    'CLI_FIELD_UNKNOWN',
    'did you mean kind?',
  ],
  'a name in other letters': [
    GOOD.replace('limitPerHour', 'limit_per_hour'),
    'CLI_FIELD_UNKNOWN',
    'did you mean limitPerHour?',
  ],
};

/** What made the parser take time with the square of its size; the bound is far above the rest. */
const SLOW: Readonly<Record<string, string>> = {
  names: Array.from({ length: 15_000 }, (_, at) => `k${at}: 1`).join('\n'),
  quotes: '"" '.repeat(50_000),
  stars: '*a '.repeat(50_000),
  marks: '---\n'.repeat(60_000),
  colons: ': '.repeat(50_000),
};

let folder: string;
let file: string;

beforeAll(() => {
  folder = mkdtempSync('/tmp/sg-bad-orders-');
  file = join(folder, 'order.yaml');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function refusalOf(content: string | Uint8Array) {
  writeFileSync(file, content);
  return told(file);
}

function told(path: string) {
  try {
    readOrderFiles(path, NOW_MS);
  } catch (error) {
    return failureOf(error);
  }
  return null;
}

describe('a field is refused with its line', () => {
  for (const [field, value, code] of VALUES) {
    test(`${field}: ${value.slice(0, 40)}`, () => {
      const refusal = refusalOf(change(field, value));
      expect(refusal).toMatchObject({ code, exitCode: 2 });
      expect(refusal?.hint).toContain(`order.yaml, line ${LINE_OF.get(field) ?? 10}, ${field}`);
      expect(refusal?.hint.length).toBeLessThan(500);
    });
  }
});

describe('a file is refused', () => {
  for (const [name, [content, code, hint]] of Object.entries(FILES)) {
    test(name, () => {
      const refusal = refusalOf(content);
      expect(refusal).toMatchObject({ code, exitCode: 2 });
      expect(refusal?.hint).toMatch(/order\.yaml(?:, line \d+)?[,:]/);
      expect(refusal?.hint).toContain(hint);
    });
  }

  for (const [name, content] of Object.entries(SLOW)) {
    test(`without looking at it for long: nothing but ${name}`, () => {
      expect(refusalOf(content)).toMatchObject({ exitCode: 2 });
    }, 40_000);
  }

  test('that never ends, after no more than is allowed', () => {
    expect(told('/dev/zero')).toMatchObject({ code: 'CLI_FILE_TOO_LARGE' });
  });

  test('that is a folder, or not there', () => {
    const inner = join(folder, 'orders');
    mkdirSync(inner);
    const code = 'CLI_FILE_UNREADABLE';
    expect(told(inner)).toMatchObject({ code, hint: `${inner}: it is a folder.` });
    expect(told(join(folder, 'none'))).toMatchObject({
      code,
      hint: expect.stringContaining('there is no such file'),
    });
  });
});

test('takes what is unusual and good', () => {
  const good = [
    `\ufeff${GOOD}`,
    GOOD.replaceAll('\n', '\r\n'),
    `---\n${GOOD}...\n`,
    `${GOOD}env: {constructor: x, toString: y, N: 007}\narchitecture: null\ndevice: ~\n`,
    change('cpu', '\t0.5'),
    change('cpu', '100000'),
    change('memory', '6Mi'),
    change('storage', '0'),
    change('command', '[sleep, 5]'),
  ];
  for (const content of good) {
    writeFileSync(file, content);
    expect(readOrderFiles(file, NOW_MS)).toHaveLength(1);
  }
});
