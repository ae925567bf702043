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

/** More items than this are on no page. */
const PAGE_ITEMS_MAX = 1024;

/** Like {@link pageOf} for items that are costly to make: only those of the page are made. */
export function pageOfIds<T>(
  ids: Iterable<string>,
  after: PageMark,
  pageLength: number,
  itemOf: (id: string) => T,
): { page: T[]; next: PageMark } {
  const first = smallest(ids, after, PAGE_ITEMS_MAX + 1);
  const page: T[] = [];
  let length = 0;
  for (const id of first.slice(0, PAGE_ITEMS_MAX)) {
    const item = itemOf(id);
    length += encodeStored(item).length;
    if (page.length > 0 && length > pageLength) break;
    page.push(item);
  }
  const next = page.length < first.length ? (first[page.length - 1] ?? null) : null;
  return { page, next };
}

/** The smallest `count` ids after the mark, in order. */
function smallest(ids: Iterable<string>, after: PageMark, count: number): string[] {
  let kept: string[] = [];
  let highest: string | undefined;
  for (const id of ids) {
    if ((after !== null && id <= after) || (highest !== undefined && id >= highest)) continue;
    kept.push(id);
    if (kept.length < 2 * count) continue;
    kept = kept.sort(compareIds).slice(0, count);
    highest = kept.at(-1);
  }
  return kept.sort(compareIds).slice(0, count);
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
