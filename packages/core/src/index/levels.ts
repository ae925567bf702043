/** Levels of amounts, so that one bit says that a lot has much of two things at once. */
import { CPU, type LotRows, memoryAt, ROW_WORDS, SCORE, storageAt } from './lot-rows.ts';

/** Pairs of levels of which each node knows the combinations among its lots. */
export const PAIRS = [
  ['cpu', 'memory'],
  ['cpu', 'score'],
  ['memory', 'score'],
  ['storage', 'cpu'],
  ['storage', 'memory'],
] as const;

/** Wholly free devices: 0 for none, 1 for one, 2 for two or three, 3 for more. */
export function deviceLevel(wholes: number): number {
  return wholes === 0 ? 0 : wholes === 1 ? 1 : wholes < 4 ? 2 : 3;
}

const STEPS = 7;
/** Shares of the lots that lie below each step, once lots were looked at: finest where few are. */
const SHARES = [0.25, 0.5, 0.7, 0.82, 0.9, 0.95, 0.985] as const;
const SAMPLE = 8192;

const doublings = (from: number) =>
  Float64Array.from({ length: STEPS }, (_, step) => from * 2 ** step);

/** Where each of eight levels begins; whatever the steps are, more never has a lower level. */
export class Levels {
  readonly cpu = doublings(1000);
  readonly memory = doublings(2 ** 32);
  readonly storage = doublings(2 ** 35);
  readonly score = doublings(16);
  /** Rises when the steps change, or whether bounds keep to them. */
  version = 0;
  /** False while some bounds are still of earlier steps. */
  isSettled = true;

  unsettle(): void {
    this.isSettled = false;
    this.version += 1;
  }

  settle(): void {
    this.isSettled = true;
    this.version += 1;
  }

  /** Sets the steps by what lots have now; bounds of nodes are void then. */
  learn(rows: LotRows): void {
    const { words } = rows;
    const step = Math.max(1, Math.floor(rows.end / SAMPLE));
    const slots: number[] = [];
    for (let slot = 0; slot < rows.end; slot += step) if (rows.leafOf(slot) >= 0) slots.push(slot);
    if (slots.length < 64) return;
    const learn = (steps: Float64Array, valueAt: (base: number) => number) => {
      const values = Float64Array.from(slots, (slot) => valueAt(slot * ROW_WORDS)).sort();
      SHARES.forEach((share, at) => {
        steps[at] = values[Math.floor(share * values.length)]!;
      });
    };
    learn(this.cpu, (base) => words[base + CPU]!);
    learn(this.memory, (base) => memoryAt(words, base));
    learn(this.storage, (base) => storageAt(words, base));
    learn(this.score, (base) => words[base + SCORE]!);
  }
}

/** How many steps the value has reached, 0 to 7: counted without a branch that nobody foresees. */
export function levelOf(steps: Float64Array, value: number): number {
  return (
    Number(value >= steps[0]!) +
    Number(value >= steps[1]!) +
    Number(value >= steps[2]!) +
    Number(value >= steps[3]!) +
    Number(value >= steps[4]!) +
    Number(value >= steps[5]!) +
    Number(value >= steps[6]!)
  );
}
