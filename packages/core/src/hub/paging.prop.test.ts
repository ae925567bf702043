import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PageMark } from '../messages.ts';
import { fitting, pageOf, pageOfIds } from './paging.ts';

const items = fc.uniqueArray(fc.record({ id: fc.string(), text: fc.string({ maxLength: 30 }) }), {
  selector: ({ id }) => id,
});

describe('pages', () => {
  it('bring every item once, in the order of their ids', () => {
    fc.assert(
      fc.property(items, fc.nat({ max: 200 }), (all, pageLength) => {
        const seen: string[] = [];
        let after: string | null = null;
        for (let page = 0; page <= all.length; page += 1) {
          const result: { page: { id: string }[]; next: PageMark } = pageOf(
            all,
            ({ id }) => id,
            after,
            pageLength,
          );
          seen.push(...result.page.map(({ id }) => id));
          after = result.next;
          if (after === null) break;
        }
        expect(after).toBe(null);
        expect(seen).toEqual(all.map(({ id }) => id).sort());
      }),
    );
  });

  it('are the same when items are made for the page only', () => {
    fc.assert(
      fc.property(items, fc.nat({ max: 200 }), fc.option(fc.string()), (all, pageLength, after) => {
        const byId = new Map(all.map((item) => [item.id, item]));
        const made = pageOfIds(byId.keys(), after, pageLength, (id) => byId.get(id));
        expect(made).toEqual(pageOf(all, ({ id }) => id, after, pageLength));
      }),
    );
  });

  it('hold a stated number of items at most, however small these are', () => {
    const ids = Array.from({ length: 5000 }, (_, number) => `i${(number * 7919) % 5000}`);
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const made: { page: string[]; next: PageMark } = pageOfIds(ids, after, 1e9, (id) => id);
      expect(made.page.length).toBeLessThanOrEqual(1024);
      seen.push(...made.page);
      after = made.next;
    } while (after !== null);
    expect(seen).toEqual([...ids].sort());
  });

  it('stay within the stated length, unless one item alone is longer', () => {
    fc.assert(
      fc.property(items, fc.nat({ max: 200 }), (all, pageLength) => {
        const count = fitting(all, pageLength);
        const text = all
          .slice(0, count)
          .map((item) => JSON.stringify(item))
          .join('');
        expect(text.length <= pageLength || count <= 1).toBe(true);
        expect(count > 0 || all.length === 0).toBe(true);
      }),
    );
  });
});
