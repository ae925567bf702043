/** How much memory a hub keeps of other hubs' lots: rows of both panoramas, and the index. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Market } from '@sparegrid/core/matching/market';
import type { MachineSpec, ResourceSpec } from '@sparegrid/core/order/resource-spec';
import type { Lot } from '@sparegrid/core/order/sell-order';
import { Panorama } from '@sparegrid/core/panorama/panorama';
import type { PanoramaRow } from '@sparegrid/core/panorama/row';
import { chunksOf } from '@sparegrid/core/panorama/snapshot-chunks';
import type { Crypto } from '@sparegrid/core/units/document';
import { hashText } from '@sparegrid/core/units/hash-text';
import { Dice, lotOf, offerFrom, plainLot } from './market.ts';

const HUBS = Array.from({ length: 8 }, (_, number) => `h${number}`);
const ROWS_PER_CHUNK = 200;

export interface KeptBytes {
  /** Of the market as a whole, by the runtime's own account after collecting garbage. */
  all: number;
  /** Of the index alone, as it counts itself. */
  index: number;
  /** Tables of participants' names, by which rows and index speak of them; the texts count as rows. */
  names: number;
}

/**
 * Bytes per lot of a hub that knows these lots of eight other hubs by their snapshots, with the
 * resources of their lessors.
 *
 * @param lotsMost offers have 1 to so many lots.
 */
export function keptBytesPerLot(lots: number, lotsMost: number): KeptBytes {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // Only the first 64 bits count, and the time of hashing is not measured here.
  const digest = (text: string) => `sha256:${hashText(text).toString(16).padStart(16, '0')}`;
  const crypto = { digest } as Crypto;
  const used = () => {
    collect();
    collect();
    // The runtime counts array buffers as external, too.
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = used();
  const panorama = new Panorama('own', 1, HUBS, crypto);
  const market = new Market(panorama);
  const dice = new Dice(5);
  let from = 0;
  HUBS.forEach((hub, number) => {
    const end = Math.round((lots * (number + 1)) / HUBS.length);
    const { rows, next } = rowsOf(hub, from, end, dice, lotsMost);
    from = next;
    const base = { type: 'snapshot', epoch: 1, revision: rows.length, complete: true } as const;
    const chunks = chunksOf(rows, () => ROWS_PER_CHUNK);
    for (const [chunk, some] of chunks.entries()) {
      panorama.applySnapshot(hub, { ...base, chunk, chunks: chunks.length, ...some });
    }
    market.followArrived(Infinity);
    panorama.heard(hub, 0);
    panorama.improved.clear();
  });
  market.tidy(Infinity);
  const all = (used() - before) / from;
  return { all, index: market.size.bytes / from, names: panorama.names.bytes / from };
}

function rowsOf(hub: string, from: number, end: number, dice: Dice, lotsMost: number) {
  const rows: PanoramaRow[] = [];
  let next = from;
  while (next < end) {
    const count = Math.min(end - next, 1 + dice.below(lotsMost));
    const participant = `p${String(next).padStart(7, '0')}.${hub}`;
    const lots = Array.from({ length: count }, (_, at) => ({
      ...lotOf(next + at, plainLot(next + at)),
      id: `m${at}`,
    }));
    const offer = { ...offerFrom(0), participant, lots };
    rows.push({
      kind: 'resource',
      participant,
      revision: rows.length + 1,
      spec: specOf(participant, lots),
    });
    rows.push({ kind: 'lease', participant, revision: rows.length + 1, offer });
    next += count;
  }
  return { rows, next };
}

/** Machines of some makes that are as large as any lot gets. */
function specOf(participant: string, lots: readonly Lot[]): ResourceSpec {
  return {
    participant,
    revision: 1,
    organization: { id: `org-${participant}`, name: `Org ${participant}`, kind: 'company' },
    provision: 'single',
    machines: lots.map((lot) => machineOf(lot, lot.performance.score % 5)),
    serverCluster: null,
    distributed: null,
  };
}

function machineOf({ id, devices }: Lot, make: number): MachineSpec {
  return {
    id,
    processor: {
      model: 'Xeon 8369B',
      architecture: 'amd64',
      cpuMillicores: 64_000,
      megahertz: 2900,
    },
    memory: { model: 'DDR4', memoryBytes: (256 + 128 * make) * 2 ** 30 },
    storage: { model: 'NVMe', storageBytes: 2_000 * 10 ** 9 },
    gpu: devices.map(({ milli: _milli, ...owned }) => owned),
    flops: [{ precision: 'fp32', giga: 2900 + 300 * make }],
    bandwidthBitsPerSecond: 25 * 10 ** 9,
  };
}
