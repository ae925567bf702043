/** The bounded queue of a sender. */
import { expect, test } from 'vitest';
import { SendQueue } from './send-queue.ts';

test('gives up the oldest on overflow, counts it, keeps the order of the rest', () => {
  const queue = new SendQueue<number>(10);
  for (let item = 0; item < 7; item += 1) queue.push(item, 3);
  expect(queue.dropped).toBe(4);
  expect([queue.first(), queue.shift(), queue.shift(), queue.shift(), queue.shift()]).toEqual([
    4,
    4,
    5,
    6,
    undefined,
  ]);
});

test('the newest entry always fits', () => {
  const queue = new SendQueue<string>(10);
  queue.push('small', 1);
  queue.push('huge', 99);
  expect([queue.length, queue.shift()]).toEqual([1, 'huge']);
});
