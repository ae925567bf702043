/** Promise 6: at most one hub acts as master per term, and every vote was durable before. */
import { type ElectionRecord, NOBODY } from '@sparegrid/core/election/election';
import type { HubMessage, PanoramaStatus } from '@sparegrid/core/messages';
import type { Send, Write } from '@sparegrid/core/step';
import type { HubId } from '@sparegrid/core/units/ids';
import type { Model } from './model.ts';
import { parseStored } from './stored-text.ts';

export class Elections {
  readonly #model: Model;
  /** Who acted as master, by term. */
  readonly #masters = new Map<number, HubId>();
  /** Who voted for whom, by term and candidate; two votes of a liar among them. */
  readonly #votes = new Map<string, Set<HubId>>();
  /** For whom each hub voted first, by hub and term. */
  readonly #voters = new Map<string, HubId>();
  /** Terms in which a hub voted twice: nobody can keep two from leading then. */
  readonly #doubled = new Set<number>();
  /** Committed records. */
  readonly #records = new Map<HubId, ElectionRecord>();

  constructor(model: Model) {
    this.#model = model;
  }

  /** How many terms had a master. */
  get terms(): number {
    return this.#masters.size;
  }

  remember(hub: HubId): ElectionRecord | undefined {
    return this.#records.get(hub);
  }

  /** An older record is on record again; that it voted later stays true. */
  putBack(hub: HubId, record: ElectionRecord | undefined): void {
    if (record) this.#records.set(hub, record);
    else this.#records.delete(hub);
  }

  committed(hub: HubId, writes: readonly Write[]): void {
    for (const { table, text } of writes) {
      if (table !== 'election' || text === null) continue;
      const after = parseStored<ElectionRecord>(text);
      this.#compare(hub, this.#records.get(hub), after);
      this.#records.set(hub, after);
      if (after.votedFor && after.votedFor !== NOBODY)
        this.#elects(hub, after.term, after.votedFor);
    }
  }

  /** One vote in each term, also of a hub that forgot it. */
  #elects(voter: HubId, term: number, candidate: HubId): void {
    const name = `${voter} ${term}`;
    const earlier = this.#voters.get(name);
    if (earlier !== undefined && earlier !== candidate) {
      this.#model.violate(
        'election.voted-twice',
        voter,
        `term ${term}`,
        `${earlier}, ${candidate}`,
      );
    }
    this.#voters.set(name, candidate);
    this.#voted(voter, term, candidate);
  }

  #voted(voter: HubId, term: number, candidate: HubId): void {
    const name = `${term} ${candidate}`;
    this.#votes.set(name, (this.#votes.get(name) ?? new Set()).add(voter));
  }

  /** A lying hub says that, whatever it voted before. */
  lied(voter: HubId, to: HubId, message: HubMessage): void {
    if (message.type !== 'election-vote' || message.trial || !message.granted) return;
    this.#doubled.add(message.term);
    this.#voted(voter, message.term, to);
  }

  /** Whoever is believed to lead has the votes of a majority, in that very term. */
  believes(hub: HubId, { master, term }: PanoramaStatus): void {
    if (master === null || master === hub) return;
    const votes = this.#votes.get(`${term} ${master}`)?.size ?? 0;
    if (2 * votes > this.#model.hubs.size) return;
    const detail = `believes ${master}, which had ${votes} votes`;
    this.#model.violate('election.unproven', hub, `term ${term}`, detail);
  }

  /** Terms only rise, and a vote that was given stays. */
  #compare(hub: HubId, before: ElectionRecord | undefined, after: ElectionRecord): void {
    if (!before) return;
    const detail = `${before.term} ${before.votedFor} -> ${after.term} ${after.votedFor}`;
    const isBack = after.term < before.term;
    // Who may have forgotten a vote gives none to anybody.
    const isGiven = before.votedFor !== null && after.votedFor !== NOBODY;
    const isOther = isGiven && after.votedFor !== before.votedFor;
    if (isBack) this.#model.violate('election.term-back', hub, 'master', detail);
    else if (after.term === before.term && isOther) {
      this.#model.violate('election.vote-changed', hub, 'master', detail);
    }
  }

  released(hub: HubId, sends: readonly Send[]): void {
    for (const { to, message } of sends) this.#check(hub, to, message as HubMessage);
  }

  #check(hub: HubId, to: HubId, message: HubMessage): void {
    if (message.type === 'election-lead') this.#acts(hub, message.term);
    else if (message.type === 'part-update') {
      const { owner } = parseStored<{ owner: HubId }>(message.document.payload);
      if (owner !== hub) this.#acts(hub, message.term);
    } else if (message.type === 'election-vote' && message.granted && !message.trial) {
      const record = this.#records.get(hub);
      const isKept = record?.term === message.term && record.votedFor === to;
      // A vote may be told again when its hub has gone on to a later term in the same step.
      if (!isKept && (record?.term ?? 0) <= message.term) {
        const detail = `told ${message.term}, on record ${record?.term} ${record?.votedFor}`;
        this.#model.violate('told.vote-not-durable', hub, to, detail);
      }
    }
  }

  #acts(hub: HubId, term: number): void {
    const known = this.#masters.get(term);
    if (known === undefined) this.#masters.set(term, hub);
    else if (known !== hub && !this.#doubled.has(term)) {
      this.#model.violate('election.two-masters', hub, `term ${term}`, `${known} acted before`);
    }
  }
}
