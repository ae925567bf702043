/** Messages of elections: votes with terms, as in Raft, without a log. */
import type { SignedDocument } from '../units/document.ts';

/** `election` names what is elected: the master of the panoramas, or the primary hub of a lease. */
export type ElectionMessage =
  /** `trial`: would you vote for me in this term? Nobody's record changes. */
  | { type: 'election-ask'; election: string; term: number; trial: boolean }
  | {
      type: 'election-vote';
      election: string;
      term: number;
      trial: boolean;
      granted: boolean;
      /** The vote itself, signed by the voter; null in a trial and for a no. */
      vote: SignedDocument | null;
      /** Highest term that the voter knows of. */
      knownTerm: number;
    }
  /** `votes` are the proof: signed votes of a majority for this leader in this term. */
  | { type: 'election-lead'; election: string; term: number; votes: SignedDocument[] }
  /** What a voter answers to its leader; to a leader of the past, with the term that it knows. */
  | { type: 'election-follow'; election: string; term: number };

/** What a voter signs: that in this term it votes for this candidate and for nobody else. */
export interface Vote {
  election: string;
  term: number;
  voter: string;
  candidate: string;
}
