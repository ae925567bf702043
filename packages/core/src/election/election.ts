/** Elects one of several hubs by votes with terms: at most one leader acts per term. */
import {
  type Crypto,
  isSignedByAny,
  type SignedDocument,
  signDocument,
} from '../units/document.ts';
import type { HubId } from '../units/ids.ts';
import { canonicalJson, type JsonValue } from '../units/json.ts';
import type { Now } from '../units/now.ts';
import type { ElectionMessage, Vote } from './messages.ts';

export interface ElectionSettings {
  /** What is elected; also the key of the record. */
  name: string;
  self: HubId;
  /**
   * Everybody whose vote counts, this hub included. The list may change at run time, one hub at a
   * time: then any two majorities still have a hub in common.
   */
  voters(): readonly HubId[];
  /** Voters that only vote and never stand. */
  witnesses: readonly HubId[];
  /** How often a leader says that it leads. */
  leadMs: number;
  /** A leader silent for so long may be replaced; one without a majority for so long steps down. */
  patienceMs: number;
}

export interface ElectionPorts {
  readonly crypto: Crypto;
  now(): Now;
  /** Must be durable before any message of the same step leaves. */
  put(table: string, key: string, record: object): void;
  send(to: HubId, message: ElectionMessage): void;
  wakeAt(name: string, atMs: number): void;
  /** Valid keys of that hub. */
  keysOf(hub: HubId): readonly string[];
}

/** Durable; table `election`, key the election's name. */
export interface ElectionRecord {
  term: number;
  /** Whom this hub gave its vote of `term`; null while it has not given it. */
  votedFor: HubId | null;
}

/** Voted for by a hub that may have given its vote of that term, and forgot it. */
export const NOBODY: HubId = '';

export type ElectionRole = 'follower' | 'trial' | 'candidate' | 'leader';

/** Nobody's unproven word raises the term by more: a liar must not use up all numbers. */
export const TERM_STEP_MAX = 1_000;

type Ask = Extract<ElectionMessage, { type: 'election-ask' }>;
type Answer = Extract<ElectionMessage, { type: 'election-vote' }>;
type Lead = Extract<ElectionMessage, { type: 'election-lead' }>;

/**
 * Only elapsed time counts. Who hears its leader votes for nobody else, and who stands asks on trial
 * first: so a hub that is cut off one way neither unseats a leader nor drives the terms up. Votes are
 * signed and a leader shows a majority of them: no hub can lead on its own word. A hub that votes
 * twice in one term can still make two leaders; whoever is first believed stays believed.
 *
 * @patent [0037] [0041] [0059] PAN-7 PAN-8 C2.3
 */
export class Election {
  readonly #settings: ElectionSettings;
  readonly #ports: ElectionPorts;
  #term = 0;
  #votedFor: HubId | null = null;
  #role: ElectionRole = 'follower';
  #leader: HubId | null = null;
  #ledAtMs: number;
  #tries = 0;
  readonly #granted = new Set<HubId>();
  /** Signed votes for this hub in `term`. */
  readonly #votes = new Map<HubId, SignedDocument>();
  /** When each follower last answered. */
  readonly #followedAtMs = new Map<HubId, number>();
  /** A follower knows of a later term: this leader must be elected anew to lead it, too. */
  #overtakenBy = 0;
  #electedAtMs = 0;

  constructor(settings: ElectionSettings, ports: ElectionPorts, stored: ElectionRecord | null) {
    this.#settings = settings;
    this.#ports = ports;
    if (stored) [this.#term, this.#votedFor] = [stored.term, stored.votedFor];
    // When a leader was last heard is not known after a restart: nobody is replaced early.
    this.#ledAtMs = ports.now().elapsedMs;
    this.#wakeLater();
  }

  get term(): number {
    return this.#term;
  }

  get role(): ElectionRole {
    return this.#role;
  }

  /** Who leads in the present term, as far as this hub knows. */
  get leader(): HubId | null {
    return this.#leader;
  }

  get isLeader(): boolean {
    return this.#role === 'leader';
  }

  /** Every message may come twice, late or never; those of strangers are nothing. */
  handle(from: HubId, message: ElectionMessage): void {
    const { name, self, voters, witnesses } = this.#settings;
    if (message.election !== name || from === self || !voters().includes(from)) return;
    switch (message.type) {
      case 'election-ask':
        if (!witnesses.includes(from)) this.#asked(from, message);
        return;
      case 'election-vote':
        return this.#answered(from, message);
      case 'election-lead':
        if (!witnesses.includes(from)) this.#led(from, message);
        return;
      case 'election-follow':
        return this.#followed(from, message.term);
    }
  }

  // ---- as a voter ----

  #asked(from: HubId, { term, trial }: Ask): void {
    const granted = this.#wouldVote(from, term, trial);
    const { name } = this.#settings;
    if (granted && !trial && term > this.#term) {
      this.#enter(term, from);
      this.#becomeFollower(null);
    }
    const vote = granted && !trial ? this.#signVote(from) : null;
    const answer = { election: name, term, trial, granted, vote, knownTerm: this.#term };
    this.#ports.send(from, { type: 'election-vote', ...answer });
  }

  #wouldVote(candidate: HubId, term: number, trial: boolean): boolean {
    // Asked twice, or the answer got lost: the vote on record stands.
    if (!trial && term === this.#term) return this.#votedFor === candidate;
    if (term <= this.#term || term > this.#term + TERM_STEP_MAX) return false;
    return !this.#hearsLeader() || this.#leader === candidate;
  }

  #hearsLeader(): boolean {
    if (this.isLeader) return true;
    return this.#ports.now().elapsedMs < this.#ledAtMs + this.#settings.patienceMs;
  }

  #signVote(candidate: HubId): SignedDocument {
    const { name: election, self: voter } = this.#settings;
    const vote: Vote = { election, term: this.#term, voter, candidate };
    return signDocument(this.#ports.crypto, voter, 'vote', vote as unknown as JsonValue);
  }

  /** The leader's word, believed for its votes; the votes are looked at once per leader and term. */
  #led(from: HubId, { term, votes }: Lead): void {
    const { name } = this.#settings;
    const isKnown = term === this.#term && from === this.#leader;
    const isOld = term < this.#term || (term === this.#term && this.#leader !== null);
    if (!isKnown && (isOld || !this.#isProven(from, term, votes))) {
      // Who leads in an earlier term learns that it must be elected anew.
      if (term < this.#term) {
        this.#ports.send(from, { type: 'election-follow', election: name, term: this.#term });
      }
      return;
    }
    if (term > this.#term) this.#enter(term, null);
    this.#becomeFollower(from);
    this.#ports.send(from, { type: 'election-follow', election: name, term });
  }

  #isProven(candidate: HubId, term: number, votes: readonly SignedDocument[]): boolean {
    const valid = this.#settings
      .voters()
      .filter((voter) => votes.some((vote) => this.#isVote(vote, voter, candidate, term)));
    return this.#isMajority(valid.length);
  }

  #isVote(document: SignedDocument, voter: HubId, candidate: HubId, term: number): boolean {
    const { name: election } = this.#settings;
    const vote: Vote = { election, term, voter, candidate };
    const { crypto } = this.#ports;
    return (
      document.payload === canonicalJson(vote as unknown as JsonValue) &&
      isSignedByAny(crypto, document, 'vote', voter, this.#ports.keysOf(voter))
    );
  }

  #becomeFollower(leader: HubId | null): void {
    this.#role = 'follower';
    this.#leader = leader;
    this.#ledAtMs = this.#ports.now().elapsedMs;
    this.#tries = 0;
    this.#wakeLater();
  }

  // ---- as a candidate ----

  #answered(from: HubId, { term, trial, granted, vote, knownTerm }: Answer): void {
    const stands = this.#role === 'trial' || this.#role === 'candidate';
    // Whose term is behind could never win; it follows in bounded steps.
    if (stands && knownTerm > this.#term && knownTerm <= this.#term + TERM_STEP_MAX) {
      this.#enter(knownTerm, null);
      this.#role = 'follower';
      return;
    }
    if (!granted) return;
    if (trial && this.#role === 'trial' && term === this.#term + 1) {
      this.#granted.add(from);
      if (this.#isMajority(this.#granted.size)) this.#stand();
    } else if (!trial && this.#role === 'candidate' && term === this.#term && vote) {
      if (!this.#isVote(vote, from, this.#settings.self, term)) return;
      this.#votes.set(from, vote);
      if (this.#isMajority(this.#votes.size)) this.#lead();
    }
  }

  #try(): void {
    this.#role = 'trial';
    this.#leader = null;
    this.#tries += 1;
    this.#granted.clear();
    this.#granted.add(this.#settings.self);
    if (this.#isMajority(this.#granted.size)) return this.#stand();
    this.#ask(this.#term + 1, true);
    this.#wakeLater();
  }

  /** The own vote is as durable as any other before somebody hears of it. */
  #stand(): void {
    const { self } = this.#settings;
    this.#enter(Math.max(this.#term, this.#overtakenBy) + 1, self);
    this.#role = 'candidate';
    this.#leader = null;
    this.#overtakenBy = 0;
    this.#votes.clear();
    this.#votes.set(self, this.#signVote(self));
    if (this.#isMajority(this.#votes.size)) return this.#lead();
    this.#ask(this.#term, false);
    this.#wakeLater();
  }

  #ask(term: number, trial: boolean): void {
    const { name } = this.#settings;
    for (const voter of this.#others()) {
      this.#ports.send(voter, { type: 'election-ask', election: name, term, trial });
    }
  }

  // ---- as the leader ----

  #lead(): void {
    const { elapsedMs } = this.#ports.now();
    this.#role = 'leader';
    this.#leader = this.#settings.self;
    this.#electedAtMs = elapsedMs;
    this.#tries = 0;
    for (const voter of this.#settings.voters()) this.#followedAtMs.set(voter, elapsedMs);
    this.#sayThatItLeads();
  }

  #sayThatItLeads(): void {
    for (const voter of this.#others()) this.greet(voter);
    this.#wakeAt(this.#ports.now().elapsedMs + this.#settings.leadMs);
  }

  /** Tells one voter, which may have just started, that this hub leads, if it does. */
  greet(voter: HubId): void {
    if (!this.isLeader) return;
    const { name: election } = this.#settings;
    const votes = [...this.#votes.values()];
    this.#ports.send(voter, { type: 'election-lead', election, term: this.#term, votes });
  }

  #followed(from: HubId, term: number): void {
    if (!this.isLeader) return;
    if (term === this.#term) this.#followedAtMs.set(from, this.#ports.now().elapsedMs);
    else if (term > this.#term && term <= this.#term + TERM_STEP_MAX) this.#overtakenBy = term;
  }

  /** The deadline of the election came. */
  wake(): void {
    const { elapsedMs } = this.#ports.now();
    const { self, witnesses, patienceMs } = this.#settings;
    if (!this.isLeader) {
      if (!witnesses.includes(self)) return this.#try();
      this.#leader = null;
      return this.#wakeLater();
    }
    const reached = this.#settings
      .voters()
      .filter(
        (voter) => voter === self || elapsedMs < (this.#followedAtMs.get(voter) ?? 0) + patienceMs,
      );
    if (!this.#isMajority(reached.length)) return this.#becomeFollower(null);
    // At most once in a while: a liar that invents terms costs a vote now and then, not the leader.
    const mayRepeat = elapsedMs >= this.#electedAtMs + patienceMs;
    if (this.#overtakenBy > this.#term && mayRepeat) return this.#stand();
    this.#sayThatItLeads();
  }

  // ---- all ----

  #enter(term: number, votedFor: HubId | null): void {
    this.#term = term;
    this.#votedFor = votedFor;
    this.#leader = null;
    const record: ElectionRecord = { term, votedFor };
    this.#ports.put('election', this.#settings.name, record);
  }

  #others(): HubId[] {
    const { self, voters } = this.#settings;
    return voters().filter((voter) => voter !== self);
  }

  #isMajority(count: number): boolean {
    return 2 * count > this.#settings.voters().length;
  }

  /** Spread by name, term and try, so that two who stand at the same time do not do so again. */
  #wakeLater(): void {
    const { self, patienceMs, name } = this.#settings;
    const text = this.#ports.crypto.digest(`${name} ${self} ${this.#term} ${this.#tries}`);
    const spreadMs = Number.parseInt(text.slice(-6), 16) % patienceMs;
    this.#wakeAt(this.#ports.now().elapsedMs + patienceMs + spreadMs);
  }

  #wakeAt(atMs: number): void {
    this.#ports.wakeAt(`election ${this.#settings.name}`, atMs);
  }
}
