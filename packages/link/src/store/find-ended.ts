/** Finds in the store what ended long ago, for the core to delete. */
import { type EndedSearch, searchEnded } from '@sparegrid/core/hub/ended';
import type { Store } from './store.ts';

export async function findEnded(
  store: Pick<Store, 'scan'>,
  from: string,
  before: string,
): Promise<EndedSearch> {
  const search = searchEnded(from, before);
  for (let next = search.next(); ; ) {
    if (next.done) return next.value;
    next = search.next(await store.scan(next.value));
  }
}
