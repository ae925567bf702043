/** What was used lately, by name: beyond `max` the entry that is longest unused is let go. */
export class Recent<Value> {
  readonly #max: number;
  /** The longest unused first. */
  readonly #entries = new Map<string, Value>();

  constructor(max: number) {
    this.#max = max;
  }

  get(name: string): Value | undefined {
    const value = this.#entries.get(name);
    if (value !== undefined) this.set(name, value);
    return value;
  }

  set(name: string, value: Value): void {
    this.#entries.delete(name);
    this.#entries.set(name, value);
    if (this.#entries.size > this.#max)
      this.#entries.delete(this.#entries.keys().next().value as string);
  }
}
