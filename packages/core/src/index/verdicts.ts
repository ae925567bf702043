/** Answers of one query about values that many lots share, each found out once. */

export class Verdicts {
  /** Positive query number: yes; negative: no; anything older: not asked yet. */
  #answers = new Int32Array(64);
  #query = 0;
  #ask: (id: number) => boolean = () => false;

  /** Forgets all answers. `size` is one more than the largest number that will be asked for. */
  begin(size: number, ask: (id: number) => boolean): void {
    this.#query += 1;
    this.#ask = ask;
    if (size > this.#answers.length) this.#answers = new Int32Array(size * 2);
    if (this.#query < 0x7fffffff) return;
    this.#answers.fill(0);
    this.#query = 1;
  }

  of(id: number): boolean {
    const answer = this.#answers[id]!;
    if (answer === this.#query) return true;
    if (answer === -this.#query) return false;
    const yes = this.#ask(id);
    this.#answers[id] = yes ? this.#query : -this.#query;
    return yes;
  }
}
