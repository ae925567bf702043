/** The bounded inbox of a loop: whoever offers to a full one waits for room. */

interface Waiting<Input> {
  input: Input;
  taken(): void;
}

/**
 * First in, first out, the waiting ones included. What waits is bounded by who offers: a socket
 * awaits each offer before it reads on, so it has at most one input here beyond the maximum.
 */
export class Inbox<Input> {
  readonly #sizeMax: number;
  readonly #weigh: (input: Input) => number;
  #inputs: Input[] = [];
  #weight = 0;
  readonly #waiting: Waiting<Input>[] = [];

  constructor(sizeMax: number, weigh: (input: Input) => number = () => 1) {
    this.#sizeMax = sizeMax;
    this.#weigh = weigh;
  }

  get size(): number {
    return this.#inputs.length;
  }

  /** Of all that is in. */
  get weight(): number {
    return this.#weight;
  }

  get full(): boolean {
    return this.#inputs.length >= this.#sizeMax;
  }

  /** Undefined when the input is in; a promise of it when there is no room yet. */
  offer(input: Input): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#inputs.length < this.#sizeMax) {
      this.#put(input);
      return undefined;
    }
    return new Promise((taken) => this.#waiting.push({ input, taken }));
  }

  /** Takes everything that is in; then those that wait move up, as far as there is room. */
  drain(): Input[] {
    const inputs = this.#inputs;
    this.#inputs = [];
    this.#weight = 0;
    for (const { input, taken } of this.#waiting.splice(0, this.#sizeMax)) {
      this.#put(input);
      taken();
    }
    return inputs;
  }

  #put(input: Input): void {
    this.#inputs.push(input);
    this.#weight += this.#weigh(input);
  }
}
