/** Cells: lots of one region, one set of device models and about one efficiency lie together. */

/** The lots of a cell form one tree of the forest. */
export interface Cell {
  /** Value of the partition label; undefined for lots without it. */
  partition: string | undefined;
  /** Which device models the lots have. */
  set: number;
  /** No lot of the cell has a lower efficiency. */
  efficiencyMin: number;
}

/** Single machines, which have 1000, get cells of their own: there bounds of prices are exact. */
function efficiencyClass(permille: number): number {
  return permille === 1000 ? 1000 : permille - (permille % 64);
}

export class Cells {
  readonly #cells: (Cell | undefined)[] = [];
  readonly #ids = new Map<string, number>();
  readonly #byPartition = new Map<string | undefined, number[]>();
  readonly #free: number[] = [];

  find(partition: string | undefined, set: number, efficiencyPermille: number): number {
    const efficiencyMin = efficiencyClass(efficiencyPermille);
    const key = keyOf({ partition, set, efficiencyMin });
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#free.pop() ?? this.#cells.length;
    this.#cells[id] = { partition, set, efficiencyMin };
    this.#ids.set(key, id);
    const beside = this.#byPartition.get(partition);
    if (beside) beside.push(id);
    else this.#byPartition.set(partition, [id]);
    return id;
  }

  /** True when the cell of this number is the one for such a lot. */
  is(id: number, partition: string | undefined, set: number, efficiencyPermille: number): boolean {
    const cell = this.get(id);
    return (
      cell.partition === partition &&
      cell.set === set &&
      cell.efficiencyMin === efficiencyClass(efficiencyPermille)
    );
  }

  remove(id: number): void {
    const cell = this.get(id);
    this.#ids.delete(keyOf(cell));
    this.#cells[id] = undefined;
    this.#free.push(id);
    const left = (this.#byPartition.get(cell.partition) ?? []).filter((other) => other !== id);
    if (left.length > 0) this.#byPartition.set(cell.partition, left);
    else this.#byPartition.delete(cell.partition);
  }

  get(id: number): Cell {
    return this.#cells[id]!;
  }

  /** Cells of these values of the partition label; of all values, and of none, for null. */
  *of(partitions: readonly string[] | null): Generator<number> {
    if (partitions === null) {
      for (const ids of this.#byPartition.values()) yield* ids;
      return;
    }
    for (const partition of new Set(partitions)) yield* this.#byPartition.get(partition) ?? [];
  }

  get held(): number {
    return this.#ids.size;
  }
}

function keyOf({ partition, set, efficiencyMin }: Cell): string {
  return `${set} ${efficiencyMin} ${partition === undefined ? '' : `=${partition}`}`;
}
