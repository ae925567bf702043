/** What of agreements and parts goes on changing, apart from the terms that were signed. */
import type { SignedDocument } from '../units/document.ts';
import { decodeStored } from '../units/json.ts';
import type { Kept } from '../units/kept.ts';
import type { AgreementPart, AgreementPartTerms, AgreementRecord, PartRecord } from './records.ts';

type Signed = Pick<PartRecord, 'terms' | 'document'>;
type Written<T extends Signed> = Omit<T, 'terms'> & { terms?: AgreementPartTerms };

/** A part that was lost and is known by number alone has terms that no text says. */
function withoutTerms<T extends Signed>(record: T): object {
  const { terms, ...rest } = record;
  return terms.placements.length === 0 ? record : rest;
}

/** Records of earlier versions have them beside the text. */
function withTerms<T extends Signed>(written: Written<T>): T {
  const terms = written.terms ?? decodeStored<AgreementPartTerms>(written.document.payload);
  return { ...written, terms } as T;
}

export const KEPT_PART: Kept<PartRecord, Omit<PartRecord, 'terms' | 'document'>> = {
  table: 'part',
  writtenOf: withoutTerms,
  readFrom: (written) => withTerms(written as Written<PartRecord>),
  progressOf: ({ terms, document, ...progress }) => progress,
  withProgress: (whole, progress) => ({ ...whole, ...progress }),
};

interface AgreementProgress extends Omit<AgreementRecord, 'parts'> {
  parts: (Omit<AgreementPart, 'terms' | 'document'> & Pick<SignedDocument, 'signatures'>)[];
}

/** A countersignature comes with the vote, over the text that is on record. */
export const KEPT_AGREEMENT: Kept<AgreementRecord, AgreementProgress> = {
  table: 'agreement',
  writtenOf: ({ parts, ...rest }) => ({ ...rest, parts: parts.map(withoutTerms) }),
  readFrom: (written) => {
    const { parts, ...rest } = written as Omit<AgreementRecord, 'parts'> & {
      parts: Written<AgreementPart>[];
    };
    return { ...rest, parts: parts.map((part) => withTerms(part)) };
  },
  progressOf: ({ parts, ...progress }) => ({
    ...progress,
    parts: parts.map(({ terms, document, ...part }) => ({
      ...part,
      signatures: document.signatures,
    })),
  }),
  withProgress: (whole, { parts, ...progress }) => ({
    ...whole,
    ...progress,
    parts: whole.parts.map((part, number) => {
      const known = parts[number];
      if (!known) return part;
      const { signatures, ...rest } = known;
      return { ...part, ...rest, document: { ...part.document, signatures } };
    }),
  }),
};
