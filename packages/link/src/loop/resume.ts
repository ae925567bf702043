/** What a node finds in its store when it starts: its clock, and the records of its core. */
import type { Store, StoredRecord } from '../store/store.ts';
import { CLOCK_KEY, CLOCK_TABLE, ElapsedClock, machineTime } from './elapsed-clock.ts';

export interface Resumed {
  clock: ElapsedClock;
  /** Every live record but that of the clock. */
  records: StoredRecord[];
}

export async function resumeNode(store: Store, time = machineTime()): Promise<Resumed> {
  const records = await store.load();
  const at = records.findIndex(({ table, key }) => table === CLOCK_TABLE && key === CLOCK_KEY);
  const [clock] = at < 0 ? [] : records.splice(at, 1);
  return { clock: new ElapsedClock(clock?.text ?? null, time), records };
}
