/** Waiting times. */
import { expect, test } from 'vitest';
import { backOffMs } from './back-off.ts';

test('doubles from 50 ms and stays at or below 1 s', () => {
  const waits = [0, 1, 2, 3, 4, 5, 1_000].map((attempt) => backOffMs(attempt, 1));
  expect(waits).toEqual([50, 100, 200, 400, 800, 1_000, 1_000]);
});

test('chance takes away at most half', () => {
  expect(backOffMs(0, 0)).toBe(25);
  expect(backOffMs(9, 0)).toBe(500);
});

test('stays at or below a shorter time when told so', () => {
  expect([0, 3, 9].map((attempt) => backOffMs(attempt, 1, 250))).toEqual([50, 250, 250]);
});
