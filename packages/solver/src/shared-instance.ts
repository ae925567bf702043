/** Lets several threads read one instance: its columns lie in shared memory, once. */
import type { JointInstance } from '@sparegrid/core/joint/instance';

type Column = Int32Array | Float64Array;

/** The same instance over shared memory; columns that are shared already are not copied. */
export function sharedInstance(instance: JointInstance): JointInstance {
  const shared = Object.entries(instance).map(([name, value]) => [
    name,
    ArrayBuffer.isView(value) ? sharedColumn(value as Column) : value,
  ]);
  return Object.fromEntries(shared);
}

/** A copy in shared memory, unless it is there already. */
export function sharedColumn<T extends Column>(column: T): T {
  if (column.buffer instanceof SharedArrayBuffer) return column;
  const memory = new SharedArrayBuffer(column.byteLength);
  const copy = column instanceof Int32Array ? new Int32Array(memory) : new Float64Array(memory);
  copy.set(column);
  return copy as T;
}
