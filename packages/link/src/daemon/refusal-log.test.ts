/** What is told of frames that are refused again and again. */
import { expect, it } from 'vitest';
import type { LogFields } from './logger.ts';
import { RefusalLog } from './refusal-log.ts';

function setUp() {
  const lines: LogFields[] = [];
  const warn = (_event: string, fields: LogFields = {}) => void lines.push(fields);
  const world = { nowMs: 0 };
  const log = new RefusalLog({ info: warn, warn, error: warn }, () => world.nowMs);
  const refuse = (from: string, hint: string) => log.refused({ from, code: 'LINK_EXPIRED', hint });
  return { lines, world, refuse };
}

it('tells the first at once, and how many there were a minute later', () => {
  const { lines, world, refuse } = setUp();
  for (; world.nowMs < 60_000; world.nowMs += 1_000) refuse('a.h1', `${world.nowMs}`);
  expect(lines).toEqual([{ from: 'a.h1', code: 'LINK_EXPIRED', hint: '0' }]);
  refuse('a.h1', 'late');
  expect(lines[1]).toEqual({ from: 'a.h1', code: 'LINK_EXPIRED', hint: 'late', more: 59 });
});

it('tells of each sender', () => {
  const { lines, refuse } = setUp();
  for (const from of ['a.h1', 'b.h1', 'a.h1', 'b.h1']) refuse(from, '');
  expect(lines.map(({ from }) => from)).toEqual(['a.h1', 'b.h1']);
});
