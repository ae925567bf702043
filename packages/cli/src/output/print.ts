/** Where words go: answers to stdout, everything said about them to stderr. */
import { encodeStored } from '@sparegrid/core/units/json';
import { asTyped } from './as-typed.ts';
import { printable } from './printable.ts';

export type Format = 'table' | 'json' | 'yaml' | 'name';

/** An answer line. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** One JSON document; money as decimal strings. */
export function printJson(value: unknown): void {
  print(encodeStored(value));
}

/** A word to whoever watches. */
export function say(text: string): void {
  process.stderr.write(`${asTyped(text)}\n`);
}

/** Columns padded to their widest cell; cells come from hubs, so control characters are taken out. */
export function tableText(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows].map((row) =>
    row.map((cell) => printable(cell).replace(/\s+/g, ' ')),
  );
  const widths = header.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
