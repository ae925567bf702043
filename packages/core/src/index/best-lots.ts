/** The best lots found so far, worst on top, so that it is known what must be beaten. */

/** Numbers of the lots that are kept; `compare` breaks ties between lots by their names. */
export class BestLots {
  #slots: number[] = [];
  #keys: number[] = [];
  #prices: number[] = [];
  #scores: number[] = [];
  #limit = 1;
  readonly #compare: (a: number, b: number) => number;
  /** Key, price, score and lot that the next one must beat, once there are enough. */
  worstKey = Number.POSITIVE_INFINITY;
  worstPrice = Number.POSITIVE_INFINITY;
  worstScore = 0;
  worstSlot = -1;

  constructor(compare: (a: number, b: number) => number) {
    this.#compare = compare;
  }

  reset(limit: number): void {
    this.#slots = [];
    this.#keys = [];
    this.#prices = [];
    this.#scores = [];
    this.#limit = limit;
    this.worstKey = Number.POSITIVE_INFINITY;
    this.worstPrice = Number.POSITIVE_INFINITY;
    this.worstScore = 0;
    this.worstSlot = -1;
  }

  /** False when a lot of this key, price and score, or of better names only, is not wanted. */
  beats(key: number, price: number, score: number, slot: number): boolean {
    if (key !== this.worstKey) return key < this.worstKey;
    if (price !== this.worstPrice) return price < this.worstPrice;
    if (score !== this.worstScore) return score > this.worstScore;
    return this.worstSlot < 0 || this.#compare(slot, this.worstSlot) < 0;
  }

  /** Adds a lot that beats the worst. */
  add(slot: number, key: number, price: number, score: number): void {
    if (this.#slots.length < this.#limit) {
      this.#slots.push(slot);
      this.#keys.push(key);
      this.#prices.push(price);
      this.#scores.push(score);
      this.#rise(this.#slots.length - 1);
    } else {
      this.#set(0, slot, key, price, score);
      this.#sink();
    }
    if (this.#slots.length < this.#limit) return;
    this.worstKey = this.#keys[0]!;
    this.worstPrice = this.#prices[0]!;
    this.worstScore = this.#scores[0]!;
    this.worstSlot = this.#slots[0]!;
  }

  /** Lots with price and score, best first. */
  sorted(): { slot: number; price: number; score: number }[] {
    const places = this.#slots.map((_, place) => place);
    places.sort((a, b) => (this.#isWorse(a, b) ? 1 : -1));
    return places.map((place) => ({
      slot: this.#slots[place]!,
      price: this.#prices[place]!,
      score: this.#scores[place]!,
    }));
  }

  get length(): number {
    return this.#slots.length;
  }

  #isWorse(a: number, b: number): boolean {
    const key = this.#keys[a]! - this.#keys[b]!;
    if (key !== 0) return key > 0;
    const price = this.#prices[a]! - this.#prices[b]!;
    if (price !== 0) return price > 0;
    const score = this.#scores[a]! - this.#scores[b]!;
    if (score !== 0) return score < 0;
    return this.#compare(this.#slots[a]!, this.#slots[b]!) > 0;
  }

  #set(place: number, slot: number, key: number, price: number, score: number): void {
    this.#slots[place] = slot;
    this.#keys[place] = key;
    this.#prices[place] = price;
    this.#scores[place] = score;
  }

  #swap(a: number, b: number): void {
    const [slot, key, price] = [this.#slots[a]!, this.#keys[a]!, this.#prices[a]!];
    const score = this.#scores[a]!;
    this.#set(a, this.#slots[b]!, this.#keys[b]!, this.#prices[b]!, this.#scores[b]!);
    this.#set(b, slot, key, price, score);
  }

  #rise(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#isWorse(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(): void {
    const { length } = this.#slots;
    for (let at = 0; ; ) {
      let worst = at;
      for (let child = 2 * at + 1; child <= 2 * at + 2 && child < length; child += 1) {
        if (this.#isWorse(child, worst)) worst = child;
      }
      if (worst === at) return;
      this.#swap(at, worst);
      at = worst;
    }
  }
}
