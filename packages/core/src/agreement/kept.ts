/** What of agreements and parts goes on changing, apart from the terms that were signed. */
import type { SignedDocument } from '../units/document.ts';
import type { Kept } from '../units/kept.ts';
import type { AgreementPart, AgreementRecord, PartRecord } from './records.ts';

export const KEPT_PART: Kept<PartRecord, Omit<PartRecord, 'terms' | 'document'>> = {
  table: 'part',
  progressOf: ({ terms, document, ...progress }) => progress,
  withProgress: (whole, progress) => ({ ...whole, ...progress }),
};

interface AgreementProgress extends Omit<AgreementRecord, 'parts'> {
  parts: (Omit<AgreementPart, 'terms' | 'document'> & Pick<SignedDocument, 'signatures'>)[];
}

/** A countersignature comes with the vote, over the text that is on record. */
export const KEPT_AGREEMENT: Kept<AgreementRecord, AgreementProgress> = {
  table: 'agreement',
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
