/** How many transactions stores have made durable so far: read beside the hubs that write them. */
import { DatabaseSync } from 'node:sqlite';
import type { CommitsRecord } from '@sparegrid/core/hub/marks';
import { decodeStored } from '@sparegrid/core/units/json';

/** Of all these stores, over all lives of their hubs. Each hub counts its own with what they write. */
export function commitsOf(stores: readonly string[]): number {
  let commits = 0;
  for (const store of stores) {
    const database = new DatabaseSync(store, { readOnly: true, timeout: 5_000 });
    const query = database.prepare(
      "SELECT text FROM records WHERE tbl = 'meta' AND key = 'commits'",
    );
    const { text } = query.get() as { text: string };
    commits += decodeStored<CommitsRecord>(text).commits;
    database.close();
  }
  return commits;
}
