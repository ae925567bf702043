import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliFault } from '../fault.ts';
import { readGap } from './gap-file.ts';
import { solveSsfctp } from './solve-ssfctp.ts';
import { readSsfctp } from './ssfctp-file.ts';

const LIMITS = { seed: 1, iterations: null, seconds: null, objective: 'welfare' } as const;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sparegrid-match-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function fileOf(text: string): string {
  const file = join(directory, 'instance.txt');
  writeFileSync(file, text);
  return file;
}

function refusalOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof CliFault) return `${error.code} ${error.hint.split('instance.txt')[1]}`;
    throw error;
  }
  return 'none';
}

describe('a file of one order over lessors', () => {
  it('is read with any white space, decimals and exponents', () => {
    const read = readSsfctp(fileOf('2\r\n 5\n3\t4 1.25\n\n2e-1 7\n 8.0'));
    expect(read.demand).toBe(5);
    expect([...read.capacity]).toEqual([3, 4]);
    expect([...read.unitCost]).toEqual([1.25, 0.2]);
    expect([...read.fixedCost]).toEqual([7, 8]);
  });

  it('is solved to a proven optimum with amounts', () => {
    const { status, cost, lowerBound, assignment } = solveSsfctp(
      readSsfctp(fileOf('2\n5\n3 4\n1 2\n0 0\n')),
      LIMITS,
    );
    expect({ status, cost, lowerBound }).toEqual({ status: 'optimal', cost: 7, lowerBound: 7 });
    expect(assignment).toEqual([
      { order: 0, lessor: 0, amount: 3 },
      { order: 0, lessor: 1, amount: 2 },
    ]);
  });

  it('is infeasible when the lessors have too little', () => {
    const solved = solveSsfctp(readSsfctp(fileOf('1 9 8 1 1')), LIMITS);
    expect(solved).toMatchObject({ status: 'infeasible', cost: null, filled: 0 });
    expect(solved.unfilled).toEqual([{ order: 0, code: 'MATCH_COUNT' }]);
  });

  it.each([
    ['', 'CLI_FILE_EMPTY'],
    [' \n \n', 'CLI_FILE_EMPTY'],
    ['0\n', 'CLI_FIELD_RANGE , line 1, number of lessors'],
    ['x\n', 'CLI_FIELD_MALFORMED , line 1, number of lessors'],
    ['2\n5\n3 4\n1 2\n0', 'CLI_FIELD_MISSING , line 5, fixed cost 1'],
    ['2\n5\n3 4.5\n1 2\n0 0', 'CLI_FIELD_MALFORMED , line 3, capacity 1'],
    ['2\n5\n3 -4\n1 2\n0 0', 'CLI_FIELD_RANGE , line 3, capacity 1'],
    ['2\n5\n3 4\n1 nan\n0 0', 'CLI_FIELD_MALFORMED , line 4, unit cost 1'],
    ['2\n5\n3 4\n1 1e99\n0 0', 'CLI_FIELD_RANGE , line 4, unit cost 1'],
    ['2\n5\n3 4\n1 0x10\n0 0', 'CLI_FIELD_MALFORMED , line 4, unit cost 1'],
    ['2\n5\n3 4\n1 2\n0 0\n\n9', 'CLI_FILE_MALFORMED , line 7'],
    [`2\n5\n3 ${'4'.repeat(50)}\n`, 'CLI_FIELD_MALFORMED , line 3, capacity 1'],
  ])('is refused by line: %j', (text, refusal) => {
    expect(refusalOf(() => readSsfctp(fileOf(text)))).toContain(refusal);
  });

  it('is refused when it is not there', () => {
    expect(refusalOf(() => readSsfctp(join(directory, 'no', 'instance.txt')))).toContain(
      'CLI_FILE_UNREADABLE',
    );
  });
});

describe('a file of a generalised assignment', () => {
  it('is read agent by agent', () => {
    const read = readGap(fileOf('2 3\n1 2 3\n4 5\n6\n7 8 9 1 2 3\n10 11\n'));
    expect([read.agents, read.jobs]).toEqual([2, 3]);
    expect([...read.cost]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...read.weight]).toEqual([7, 8, 9, 1, 2, 3]);
    expect([...read.capacity]).toEqual([10, 11]);
  });

  it.each([
    ['2 3\n1 2 3\n4 5 6\n7 8 9\n1 2 3\n10\n', 'CLI_FIELD_MISSING , line 7, capacity of agent 1'],
    ['2 2\n1 2\n3 b\n', 'CLI_FIELD_MALFORMED , line 3, cost of agent 1, job 1'],
    ['1 1\n1\n1\n1\n1\n', 'CLI_FILE_MALFORMED , line 5'],
    ['1 999999999\n', 'CLI_FIELD_RANGE , line 1, number of jobs'],
  ])('is refused by line: %j', (text, refusal) => {
    expect(refusalOf(() => readGap(fileOf(text)))).toContain(refusal);
  });
});
