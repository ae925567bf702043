/** The fields of one part of an order file: known ones only, each read as what it shall be. */
import { parseCredits } from '@sparegrid/core/units/money';
import { isAmount, parseQuantity } from '@sparegrid/core/units/quantity';
import { parseDuration } from './duration.ts';
import type { Place } from './yaml-file.ts';

export class Fields<Name extends string> {
  readonly #place: Place;
  readonly #members: Map<string, Place>;

  /** @throws CliFault CLI_FIELD_UNKNOWN: a misspelt field must not be passed over. */
  constructor(place: Place, known: readonly Name[]) {
    this.#place = place;
    this.#members = place.members();
    for (const [name, member] of this.#members) {
      if (known.some((one) => one === name)) continue;
      throw member.fault('CLI_FIELD_UNKNOWN', `known are ${known.join(', ')}.`);
    }
  }

  /** The field, when it is there. */
  maybe(name: Name): Place | undefined {
    return this.#members.get(name);
  }

  /** @throws CliFault CLI_FIELD_MISSING */
  need(name: Name): Place {
    const found = this.#members.get(name);
    if (found) return found;
    throw this.#place.fault('CLI_FIELD_MISSING', `no field ${name}.`);
  }
}

/** A quantity such as `500m` or `4Gi` in whole `1/scale` units. */
export function quantity(place: Place, scale: number): number {
  const text = place.text();
  const read = parseQuantity(text, scale);
  if (!read.ok) throw place.malformed(read.hint);
  if (isAmount(read.value)) return read.value;
  throw place.fault('CLI_FIELD_RANGE', `${text} is more than anything can have.`);
}

export function credits(place: Place): bigint {
  const read = parseCredits(place.text());
  if (read.ok) return read.micro;
  throw place.malformed(read.hint);
}

export function whole(place: Place, min: number, max: number): number {
  const text = place.text();
  if (!/^\d{1,16}$/.test(text)) throw place.malformed(`expected a whole number, got ${text}`);
  const value = Number(text);
  if (value >= min && value <= max) return value;
  throw place.fault('CLI_FIELD_RANGE', `expected ${min} to ${max}, got ${text}`);
}

export function duration(place: Place): number {
  const read = parseDuration(place.text());
  if (read !== undefined && isAmount(read)) return read;
  throw place.malformed(`expected a duration such as 10m or 1h30m, got ${place.text()}`);
}

export function oneOf<T extends string>(place: Place, values: readonly T[]): T {
  const found = values.find((value) => value === place.text());
  if (found !== undefined) return found;
  throw place.malformed(`expected ${values.join(' or ')}, got ${place.text()}`);
}

export function flag(place: Place): boolean {
  return oneOf(place, ['true', 'false']) === 'true';
}

export function textMap(place: Place): Record<string, string> {
  return Object.fromEntries([...place.members()].map(([name, value]) => [name, value.text()]));
}
