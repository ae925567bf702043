/** Waits for the event that says an agreement is frozen and durable at all its hubs. */
export class FrozenEvents {
  readonly #waiting = new Map<string, () => void>();
  readonly #seen = new Set<string>();
  /** Orders whose first choice was sold to somebody else meanwhile. */
  lostRaces = 0;

  heard(order: string, name: string): void {
    if (name === 'lost-race') this.lostRaces += 1;
    if (name !== 'frozen') return;
    this.#seen.add(order);
    this.#waiting.get(order)?.();
  }

  async of(order: string): Promise<void> {
    if (this.#seen.has(order)) return;
    await new Promise<void>((resolve) => this.#waiting.set(order, resolve));
  }
}
