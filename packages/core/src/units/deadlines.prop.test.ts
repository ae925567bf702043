import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deadlines } from './deadlines.ts';

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const atMs = fc.nat({ max: 20 });
const operations = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('set' as const), name, atMs }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('clear' as const), name, atMs }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('take' as const), name, atMs }) },
  ),
  { maxLength: 400 },
);

/** What is due first by the model: earliest, then smallest name. */
function first(model: ReadonlyMap<string, number>): [string, number] | undefined {
  return [...model].sort(([a, atA], [b, atB]) => atA - atB || (a < b ? -1 : 1))[0];
}

describe('deadlines', () => {
  it('behave like a sorted list', () => {
    fc.assert(
      fc.property(operations, (history) => {
        const deadlines = new Deadlines();
        const model = new Map<string, number>();
        for (const operation of history) {
          if (operation.do === 'set') {
            deadlines.set(operation.name, operation.atMs);
            model.set(operation.name, operation.atMs);
          } else if (operation.do === 'clear') {
            deadlines.clear(operation.name);
            model.delete(operation.name);
          } else {
            const due = first(model);
            const expected = due && due[1] <= operation.atMs ? due[0] : undefined;
            expect(deadlines.takeDue(operation.atMs)).toBe(expected);
            if (expected) model.delete(expected);
          }
          expect(deadlines.next()).toBe(first(model)?.[1]);
          expect(deadlines.get(operation.name)).toBe(model.get(operation.name));
        }
      }),
    );
  });
});
