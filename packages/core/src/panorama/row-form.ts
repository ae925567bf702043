/** A row in two halves: its form, which the rows of many alike machines share, and its own numbers. */
import type { ParticipantId } from '../units/ids.ts';
import { isAmount } from '../units/quantity.ts';
import { areFiguresOf, type Figures, figuresOf, offerFrom, termsOf } from './figures.ts';
import type { LeaseRow, PanoramaRow, ResourceRow, RowForm } from './row.ts';

export interface Split {
  form: RowForm;
  figures: Figures;
}

/** Null for a row without content, and for one with numbers that are no figures: it stays whole. */
export function splitRow(row: PanoramaRow): Split | null {
  return row.kind === 'resource' ? splitResource(row) : splitLease(row);
}

function splitResource({ spec }: ResourceRow): Split | null {
  if (!spec || !isAmount(spec.revision)) return null;
  const { participant: _participant, revision, ...rest } = spec;
  return { form: { kind: 'resource', spec: rest }, figures: [revision] };
}

function splitLease({ offer }: LeaseRow): Split | null {
  const figures = offer && figuresOf(offer);
  return figures && { form: { kind: 'lease', terms: termsOf(offer as never) }, figures };
}

export function joinRow(
  participant: ParticipantId,
  revision: number,
  form: RowForm,
  figures: Figures,
): PanoramaRow {
  if (form.kind === 'lease') {
    const offer = offerFrom(participant, form.terms, figures);
    return { kind: 'lease', participant, revision, offer };
  }
  const spec = { participant, revision: figures[0]!, ...form.spec };
  return { kind: 'resource', participant, revision, spec };
}

/** True when these may be the figures of a row of that form. */
export function suits(form: RowForm | undefined, figures: Figures): boolean {
  if (!form) return false;
  if (form.kind === 'lease') return areFiguresOf(form.terms, figures);
  return figures.length === 1 && isAmount(figures[0]!);
}
