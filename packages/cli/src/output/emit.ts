/** One answer in the form that was asked for: a table for people, or JSON, YAML, or names alone. */
import { encodeStored } from '@sparegrid/core/units/json';
import { type Format, print } from './print.ts';

export interface Shapes {
  /** For people. */
  table(): string;
  /** One line each. */
  names(): readonly string[];
}

export async function emit(
  format: Format,
  value: unknown,
  { table, names }: Shapes,
): Promise<void> {
  switch (format) {
    case 'table':
      return print(table());
    case 'json':
      return print(encodeStored(value));
    case 'yaml': {
      const { stringify } = await import('yaml');
      return print(stringify(JSON.parse(encodeStored(value))).trimEnd());
    }
    case 'name':
      for (const name of names()) print(name);
  }
}
