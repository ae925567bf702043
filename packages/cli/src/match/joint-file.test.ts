import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliFault } from '../fault.ts';
import { type JointFormat, readJoint } from './joint-file.ts';
import { jointText } from './write-joint.ts';

const PRACTICAL = `{"form": "practical", "orders": 2, "lessors": 2, "dimensions": 2,
"need": [2, 4],
"least": [2, 1],
"penalty": [90, 400],
"budget": [null, 70],
"request": [1, 2, 3, 4],
"capacity": [10, 20,
  5, 9],
"first": [0, 1, 3],
"lessor": [1, 0, 1],
"unitCost": [5, 6, 7],
"fixedCost": [1, 0, 2]}
`;
const LITERAL = `{"form": "literal", "orders": 2, "lessors": 2,
"need": [7, 9], "penalty": [50, 60], "capacity": [12, 10],
"first": [0, 1, 3], "lessor": [1, 0, 1],
"weight": [8, 9, 9], "cost": [5, 6, 7]}
`;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sparegrid-match-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function fileOf(text: string): string {
  const file = join(directory, 'instance.json');
  writeFileSync(file, text);
  return file;
}

function refusalOf(text: string, format: JointFormat): string {
  try {
    readJoint(fileOf(text), format);
  } catch (error) {
    if (error instanceof CliFault) return `${error.code} ${error.hint.split('instance.json')[1]}`;
    throw error;
  }
  return 'none';
}

describe('a file of the practical form', () => {
  it('is read into columns; what each lessor holds of an order is computed', () => {
    const read = readJoint(fileOf(PRACTICAL), 'practical');
    expect([...read.need]).toEqual([2, 4]);
    expect([...read.budget]).toEqual([Number.POSITIVE_INFINITY, 70]);
    expect([...read.lessorsMost]).toEqual([2, 2]);
    expect([...read.most]).toEqual([2, 3, 1]);
  });

  it('is the same after it was written', () => {
    const read = readJoint(fileOf(PRACTICAL), 'practical');
    const again = readJoint(fileOf([...jointText(read)].join('')), 'practical');
    expect(again).toEqual(read);
  });

  it.each([
    ['"need": [2, 4]', '"need": [2]', 'CLI_FIELD_MALFORMED , line 2, need'],
    ['"need": [2, 4]', '"need": [2, 0]', 'CLI_FIELD_RANGE , line 2, need[1]'],
    ['"need": [2, 4]', '"need": [2, 4.5]', 'CLI_FILE_MALFORMED , line 2'],
    ['"need": [2, 4]', '"need": [2, -4]', 'CLI_FILE_MALFORMED , line 2'],
    ['"need": [2, 4]', '"need": [2, null]', 'CLI_FIELD_MALFORMED , line 2, need[1]'],
    ['"least": [2, 1]', '"least": [3, 1]', 'CLI_FIELD_RANGE , line 3, least[0]'],
    ['"penalty": [90, 400]', '"penalty": [90, 401]', 'CLI_FIELD_RANGE , line 4, penalty[1]'],
    ['  5, 9]', '  5, 9, 1]', 'CLI_FIELD_MALFORMED , line 7, capacity'],
    ['  5, 9]', '  5, 9007199254740993]', 'CLI_FILE_MALFORMED , line 8'],
    ['[0, 1, 3]', '[0, 3, 1]', 'CLI_FIELD_RANGE , line 9, first[2]'],
    ['[0, 1, 3]', '[1, 1, 3]', 'CLI_FIELD_RANGE , line 9, first[0]'],
    ['[1, 0, 1]', '[1, 0, 2]', 'CLI_FIELD_RANGE , line 10, lessor[2]'],
    ['[1, 0, 1]', '[1, 1, 1]', 'CLI_DUPLICATE , line 10, lessor[2]'],
    ['"unitCost"', '"price"', 'CLI_FIELD_UNKNOWN , line 11, price'],
    ['"unitCost": [5, 6, 7],\n', '', 'CLI_FIELD_MISSING : no field unitCost'],
    ['"unitCost"', '"lessor"', 'CLI_DUPLICATE , line 11, lessor'],
    ['2]}', '2]', 'CLI_FILE_MALFORMED , line 13'],
    ['2]}', '2]} 3', 'CLI_FILE_MALFORMED , line 12'],
    ['"practical"', '"literal"', 'CLI_FIELD_MALFORMED , line 1, form'],
  ])('is refused by line: %s as %s', (was, is, refusal) => {
    expect(PRACTICAL).toContain(was);
    expect(refusalOf(PRACTICAL.replace(was, is), 'practical')).toContain(refusal);
  });
});

describe('a file of the literal form', () => {
  it('is read, and is the same after it was written', () => {
    const read = readJoint(fileOf(LITERAL), 'literal');
    expect([...read.weight]).toEqual([8, 9, 9]);
    expect([...read.unitCost]).toEqual([5, 6, 7]);
    expect(readJoint(fileOf([...jointText(read)].join('')), 'literal')).toEqual(read);
  });

  it('is refused by line', () => {
    const text = LITERAL.replace('[8, 9, 9]', '[8, 0, 9]');
    expect(refusalOf(text, 'literal')).toContain('CLI_FIELD_RANGE , line 4, weight[1]');
    expect(refusalOf('[1]', 'literal')).toContain('CLI_FILE_MALFORMED , line 1');
  });
});
