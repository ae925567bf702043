/** The steps of the demonstration as they happen, each with the time that it took. */

/** Steps of architecture.md, section 2, in their order. */
export type StepName =
  | 'registered'
  | 'offered'
  | 'accepted'
  | 'matched'
  | 'frozen'
  | 'started'
  | 'running'
  | 'completed'
  | 'billed'
  | 'released';

/** `ms` since the step before. */
export interface Step {
  name: StepName;
  ms: number;
}

export class Steps {
  readonly list: Step[] = [];
  readonly #say: (text: string) => void;
  #lastMs: number;

  /** Wall time: some steps are told by hubs, with their clock, which is this machine's. */
  constructor(startMs: number, say: (text: string) => void) {
    this.#lastMs = startMs;
    this.#say = say;
  }

  has(name: StepName): boolean {
    return this.list.some((step) => step.name === name);
  }

  /** Each step once; later words about it are passed over. */
  add(name: StepName, atMs: number, detail: string): void {
    if (this.has(name)) return;
    const ms = Math.max(0, Math.round(atMs - this.#lastMs));
    this.#lastMs = Math.max(this.#lastMs, atMs);
    this.list.push({ name, ms });
    this.#say(`  ${name.padEnd(10)} ${`+${ms} ms`.padStart(9)}  ${detail}`);
  }
}
