/** Money: whole micro-credits as bigint; decimal strings in JSON. */
import { type Refusal, refuse } from '../refusals.ts';

/** One millionth of a credit. */
export type Micro = bigint;

export const MS_PER_HOUR = 3_600_000n;

/** Rounds up, for non-negative numerators and positive denominators. */
export function ceilDiv(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}

export function smaller(a: Micro, b: Micro): Micro {
  return a < b ? a : b;
}

/** Cost in micro-credits of `durationMs` at an hourly price, rounded up. */
export function costOf(priceMicroPerHour: Micro, durationMs: number): Micro {
  return ceilDiv(priceMicroPerHour * BigInt(durationMs), MS_PER_HOUR);
}

/**
 * Reads credits with up to six decimals (`1.25`) as micro-credits.
 *
 * @refuses MONEY_MALFORMED for anything else, signs and exponents included.
 */
export function parseCredits(text: string): { ok: true; micro: Micro } | Refusal {
  const match = /^(\d{1,15})(?:\.(\d{1,6}))?$/.exec(text);
  if (!match) return refuse('MONEY_MALFORMED', `expected credits such as 1.25, got ${text}`);
  const fraction = (match[2] ?? '').padEnd(6, '0');
  return { ok: true, micro: BigInt(match[1] ?? '0') * 1_000_000n + BigInt(fraction) };
}

/** Writes micro-credits as credits, without trailing zeros: `1250000n` -> `1.25`. */
export function formatCredits(micro: Micro): string {
  const sign = micro < 0n ? '-' : '';
  const abs = micro < 0n ? -micro : micro;
  const fraction = (abs % 1_000_000n).toString().padStart(6, '0').replace(/0+$/, '');
  return `${sign}${abs / 1_000_000n}${fraction ? `.${fraction}` : ''}`;
}
