/** Reads the batches of virtual machines of the Azure trace as orders of many replicas. */
import type { ReplayOrder } from '@sparegrid/sim/replay/scenario';
import { readCsv } from './csv-file.ts';

const VCPU_MAX = 4_096;
const MIB_PER_GIB = 1_024;
const GIB_MAX = 1_048_576;
/** As hubs accept them by default. */
const REPLICAS_MAX = 10_000;

/**
 * One order per line, that is per flavor of a batch, in the order of the file: `count` equal virtual
 * machines, price first. Named `<batch>-<flavor>`; gigabytes are taken as GiB, rounded up to MiB.
 *
 * @throws CliFault with file, line and field
 */
export function readAzureBatches(file: string): ReplayOrder[] {
  const seen = new Set<string>();
  const rows = readCsv(file, ['batch', 'flavor', 'vcpu', 'mem_gb', 'count']);
  return rows.map((row) => {
    const name = `${row.name('batch')}-${row.name('flavor')}`;
    if (seen.has(name)) throw row.duplicate('flavor', name);
    seen.add(name);
    return {
      name,
      replicas: row.whole('count', { min: 1, max: REPLICAS_MAX }),
      cpuMilli: row.scaled('vcpu', { scale: 1_000, max: VCPU_MAX * 1_000 }),
      memoryMib: row.scaled('mem_gb', { scale: MIB_PER_GIB, max: GIB_MAX * MIB_PER_GIB }),
      gpu: null,
      priority: 'price',
    };
  });
}
