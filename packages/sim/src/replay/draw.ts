/** Seeded draws by name: the order of files and lines changes nothing. */
import { hash } from 'node:crypto';

/** A whole number from 0 to `below` - 1, the same for the same seed, purpose and name. */
export function draw(seed: number, purpose: string, name: string, below: number): number {
  // 48 bits: far more than any `below` here, so the remainder is as good as uniform.
  const bits = hash('sha256', `${seed}/${purpose}/${name}`, 'hex').slice(0, 12);
  return Number.parseInt(bits, 16) % below;
}

/** A whole number from `low` to `high`, both included. */
export function drawBetween(
  seed: number,
  purpose: string,
  name: string,
  [low, high]: readonly [number, number],
): number {
  return low + draw(seed, purpose, name, high - low + 1);
}
