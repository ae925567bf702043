/** Values that many lots share, held once under a small number and freed with their last user. */

export class Interned<T> {
  readonly #ids = new Map<string, number>();
  readonly #keys: string[] = [];
  readonly #values: (T | undefined)[] = [];
  readonly #uses: number[] = [];
  readonly #free: number[] = [];

  /** Number under which the value of this key is held; counts one more user. */
  acquire(key: string, make: () => T): number {
    const known = this.#ids.get(key);
    if (known !== undefined) {
      this.retain(known);
      return known;
    }
    const value = make();
    const id = this.#free.pop() ?? this.#values.length;
    this.#ids.set(key, id);
    this.#keys[id] = key;
    this.#values[id] = value;
    this.#uses[id] = 1;
    return id;
  }

  retain(id: number): void {
    this.#uses[id]! += 1;
  }

  /** Takes one user away; returns the value when it was the last one. */
  release(id: number): T | undefined {
    this.#uses[id]! -= 1;
    if (this.#uses[id]! > 0) return undefined;
    const value = this.#values[id];
    this.#ids.delete(this.#keys[id]!);
    this.#keys[id] = '';
    this.#values[id] = undefined;
    this.#free.push(id);
    return value;
  }

  usersOf(id: number): number {
    return this.#uses[id]!;
  }

  get(id: number): T {
    return this.#values[id]!;
  }

  /** One more than the largest number in use. */
  get size(): number {
    return this.#values.length;
  }

  /** Values held now. */
  get held(): number {
    return this.#ids.size;
  }
}
