/** A whole part in chunks: what rows have in common is written once in each. */
import { canonicalJson, type JsonValue } from '../units/json.ts';
import type { PanoramaRow, RowForm, SharedRow } from './row.ts';
import { splitRow } from './row-form.ts';

export interface Chunk {
  rows: PanoramaRow[];
  forms: RowForm[];
  shared: SharedRow[];
}

/** How many of the first items fit one message: at least one. */
export type Fitting = (items: readonly unknown[]) => number;

/** More rows are in no chunk. */
const CHUNK_ROWS_MAX = 8_192;
/** After all forms. */
const NO_FORM = Number.MAX_SAFE_INTEGER;

/** A row with its form's number among all forms of the part. */
interface Sorted {
  row: PanoramaRow;
  form: number;
  figures: number[];
}

/** At least one chunk, empty when there are no rows. */
export function chunksOf(rows: readonly PanoramaRow[], fitting: Fitting): Chunk[] {
  const { forms, sorted } = sort(rows);
  const chunks: Chunk[] = [];
  for (let from = 0; from < rows.length; ) {
    const next = sorted.slice(from, from + CHUNK_ROWS_MAX);
    const { chunk, items } = chunkOf(next, forms);
    const count = fitting(items);
    chunks.push(count === next.length ? chunk : chunkOf(next.slice(0, count), forms).chunk);
    from += count;
  }
  return chunks.length > 0 ? chunks : [{ rows: [], forms: [], shared: [] }];
}

function sort(rows: readonly PanoramaRow[]): { forms: RowForm[]; sorted: Sorted[] } {
  const forms: RowForm[] = [];
  const numbers = new Map<string, number>();
  const sorted = rows.map((row) => {
    const split = splitRow(row);
    if (!split) return { row, form: NO_FORM, figures: [] };
    const text = canonicalJson(split.form as unknown as JsonValue);
    let form = numbers.get(text);
    if (form === undefined) {
      form = forms.push(split.form) - 1;
      numbers.set(text, form);
    }
    return { row, form, figures: [...split.figures] };
  });
  // Rows of one form side by side: it stands in few chunks.
  sorted.sort((a, b) => a.form - b.form);
  return { forms, sorted };
}

/** The chunk of these rows, and what each of them adds to it. */
function chunkOf(rows: readonly Sorted[], forms: readonly RowForm[]) {
  const chunk: Chunk = { rows: [], forms: [], shared: [] };
  const numbers = new Map<number, number>();
  const items = rows.map(({ row, form, figures }) => {
    if (form === NO_FORM) {
      chunk.rows.push(row);
      return row;
    }
    const known = numbers.get(form);
    const number = known ?? chunk.forms.length;
    const { participant, revision } = row;
    const shared = { participant, revision, form: number, figures };
    chunk.shared.push(shared);
    if (known !== undefined) return shared;
    numbers.set(form, number);
    chunk.forms.push(forms[form]!);
    return [forms[form], shared];
  });
  return { chunk, items };
}
