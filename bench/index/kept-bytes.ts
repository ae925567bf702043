/** How much memory a hub keeps of other hubs' lots today: their rows in the lease panorama. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Panorama } from '@sparegrid/core/panorama/panorama';
import type { LeaseRow } from '@sparegrid/core/panorama/row';
import type { Crypto } from '@sparegrid/core/units/document';
import { LOTS_PER_LESSOR, offerFrom } from './market.ts';

const LOTS = 40_000;
const EPOCH = 1;
const HUBS = Array.from({ length: 16 }, (_, number) => `h${number}`);

/** Bytes of heap per lot of a panorama that other hubs' snapshots filled. */
export function panoramaBytesPerLot(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // Rows are hashed only when a digest is asked for, which nobody does here.
  const panorama = new Panorama('own', EPOCH, HUBS, {} as Crypto);
  collect();
  collect();
  const before = process.memoryUsage();
  const rows = new Map<string, LeaseRow[]>(HUBS.map((hub) => [hub, []]));
  for (let first = 0; first < LOTS; first += LOTS_PER_LESSOR) {
    const offer = offerFrom(first);
    const { participant } = offer;
    const of = rows.get(participant.slice(participant.indexOf('.') + 1));
    of?.push({ kind: 'lease', participant, revision: of.length + 1, offer });
  }
  for (const [hub, of] of rows) {
    const base = { type: 'snapshot', epoch: EPOCH, revision: of.length, complete: true } as const;
    panorama.applySnapshot(hub, { ...base, chunk: 0, chunks: 1, rows: of });
  }
  rows.clear();
  panorama.improved.clear();
  collect();
  const after = process.memoryUsage();
  const bytes = after.heapUsed - before.heapUsed;
  return panorama.parts.size === 0 ? 0 : bytes / LOTS;
}
