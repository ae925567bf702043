/** How far every order of a replay has come, told by the events that hubs push to lessees. */
import type { OrderEvent } from '@sparegrid/core/order/order-record';
import type { RefusalCode } from '@sparegrid/core/refusals';
import type { OrderId } from '@sparegrid/core/units/ids';

/** `busy`: the hub works on it. `open`: no match now. `filled`: every part runs. */
type Stage = 'busy' | 'open' | 'filled' | 'refused';

/** Orders are numbered as they arrive. */
export class Flow {
  /** Numbers of the orders in the order in which their agreements were frozen for good. */
  readonly frozen: number[] = [];
  /** Orders that the hub did not even accept. */
  readonly refused = new Map<number, RefusalCode>();
  /** Events so far: while it stands, nothing happens. */
  events = 0;
  readonly #stages: Stage[] = [];
  readonly #numbers = new Map<OrderId, number>();
  readonly #inFlightMax: number;
  #busy = 0;
  #wake: (() => void) | null = null;

  constructor(inFlightMax: number) {
    this.#inFlightMax = inFlightMax;
  }

  get busy(): number {
    return this.#busy;
  }

  /** Notes the next order. */
  add(id: OrderId): void {
    this.#numbers.set(id, this.#stages.length);
    this.#stages.push('busy');
    this.#busy += 1;
  }

  /** Resolves when one more order may be on its way. */
  async room(): Promise<void> {
    while (this.#busy >= this.#inFlightMax) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  refuse(id: OrderId, code: RefusalCode): void {
    const number = this.#numbers.get(id);
    if (number === undefined) return;
    this.refused.set(number, code);
    this.#move(number, 'refused');
  }

  take(id: OrderId, { name }: OrderEvent): void {
    const number = this.#numbers.get(id);
    if (number === undefined) return;
    this.events += 1;
    if (name === 'frozen') this.frozen.push(number);
    if (name === 'started') this.#move(number, 'filled');
    else if (name === 'unmatched') this.#move(number, 'open');
    else this.#move(number, 'busy');
  }

  #move(number: number, stage: Stage): void {
    const was = this.#stages[number];
    // What happened to it before it ran, told late, changes nothing.
    if (was === stage || was === 'filled') return;
    if (was === 'busy') this.#busy -= 1;
    else if (stage === 'busy') this.#busy += 1;
    this.#stages[number] = stage;
    if (this.#busy < this.#inFlightMax) this.#wake?.();
  }
}
