/** Cuts lists into pages and batches that fit a frame. */
import type { PageMark } from '../messages.ts';
import { compareIds } from '../units/ids.ts';
import { encodeStored } from '../units/json.ts';

/**
 * The items after the mark, as many as fit a page (at least one).
 *
 * @param idOf a unique name of an item; pages are sorted by it.
 */
export function pageOf<T>(
  items: Iterable<T>,
  idOf: (item: T) => string,
  after: PageMark,
  pageLength: number,
): { page: T[]; next: PageMark } {
  const rest = [...items]
    .map((item) => ({ item, id: idOf(item) }))
    .filter(({ id }) => after === null || id > after)
    .sort((a, b) => compareIds(a.id, b.id));
  const count = fitting(
    rest.map(({ item }) => item),
    pageLength,
  );
  const page = rest.slice(0, count);
  const next = count < rest.length ? (page.at(-1)?.id ?? null) : null;
  return { page: page.map(({ item }) => item), next };
}

/** How many of the first items fit a page: at least one. */
export function fitting(items: readonly unknown[], pageLength: number): number {
  if (items.length < 2) return items.length;
  let length = 0;
  for (const [index, item] of items.entries()) {
    length += encodeStored(item).length;
    if (index > 0 && length > pageLength) return index;
  }
  return items.length;
}
