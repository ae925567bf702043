/** Hubs that only elect: durable records, frames that get lost or come late, crashes, two clocks. */
import { Election, type ElectionRecord } from '../src/election/election.ts';
import type { ElectionMessage } from '../src/election/messages.ts';
import type { HubId } from '../src/units/ids.ts';
import { envOf } from './documents.ts';
import { keysOf } from './keys.ts';

export const LEAD_MS = 1_000;
export const PATIENCE_MS = 3_000;

interface Voter {
  id: HubId;
  election: Election;
  record: ElectionRecord | null;
  wakeMs: number;
  isUp: boolean;
}

export interface Letter {
  from: HubId;
  to: HubId;
  message: ElectionMessage;
}

export class ElectionNetwork {
  nowMs = 1_000_000;
  readonly voters = new Map<HubId, Voter>();
  /** On the way; tests deliver, lose and repeat them as they like. */
  letters: Letter[] = [];
  /** Whoever acted as leader, by term. */
  readonly leaders = new Map<number, Set<HubId>>();
  isCut: (from: HubId, to: HubId) => boolean = () => false;
  readonly #ids: HubId[];
  readonly #witnesses: readonly HubId[];

  constructor(count: number, witnesses: readonly HubId[] = []) {
    this.#ids = Array.from({ length: count }, (_, at) => `h${at + 1}`);
    this.#witnesses = witnesses;
    for (const id of this.#ids) this.start(id, null);
  }

  /** A life of the hub, from what was durable. */
  start(id: HubId, record: ElectionRecord | null): void {
    const voter: Omit<Voter, 'election'> = { id, record, wakeMs: Infinity, isUp: true };
    const election = new Election(
      {
        name: 'master',
        self: id,
        voters: () => this.#ids,
        witnesses: this.#witnesses,
        leadMs: LEAD_MS,
        patienceMs: PATIENCE_MS,
      },
      {
        crypto: envOf(id).crypto,
        now: () => ({ elapsedMs: this.nowMs, wallMs: 0 }),
        put: (_table, _key, record) => {
          voter.record = record as ElectionRecord;
        },
        send: (to, message) => this.#send(id, to, message),
        wakeAt: (_name, atMs) => {
          voter.wakeMs = atMs;
        },
        keysOf: (hub) => (this.#ids.includes(hub) ? [keysOf(hub).publicKey] : []),
      },
      record,
    );
    this.voters.set(id, Object.assign(voter, { election }));
  }

  #send(from: HubId, to: HubId, message: ElectionMessage): void {
    if (message.type === 'election-lead') {
      const known = this.leaders.get(message.term) ?? new Set();
      this.leaders.set(message.term, known.add(from));
    }
    if (!this.isCut(from, to)) this.letters.push({ from, to, message });
  }

  voter(id: HubId): Voter {
    return this.voters.get(id) as Voter;
  }

  kill(id: HubId): void {
    this.voter(id).isUp = false;
  }

  restart(id: HubId): void {
    this.start(id, this.voter(id).record);
  }

  deliver({ from, to, message }: Letter): void {
    const voter = this.voter(to);
    if (voter.isUp) voter.election.handle(from, message);
  }

  settle(): void {
    for (let next = this.letters.shift(); next; next = this.letters.shift()) this.deliver(next);
  }

  /** Lets time pass; `settles` delivers everything at once. */
  run(ms: number, settles = true): this {
    const endMs = this.nowMs + ms;
    for (;;) {
      const due = [...this.voters.values()].filter(({ isUp }) => isUp);
      const nextMs = Math.min(...due.map(({ wakeMs }) => wakeMs));
      if (nextMs > endMs) break;
      this.nowMs = Math.max(this.nowMs, nextMs);
      for (const voter of due) {
        if (voter.wakeMs > this.nowMs) continue;
        voter.wakeMs = Infinity;
        voter.election.wake();
      }
      if (settles) this.settle();
    }
    this.nowMs = endMs;
    return this;
  }

  /** Whom each hub that is up follows. */
  get followed(): (HubId | null)[] {
    return [...this.voters.values()].filter(({ isUp }) => isUp).map((one) => one.election.leader);
  }

  get leader(): HubId | null {
    const led = [...this.voters.values()].filter(({ isUp, election }) => isUp && election.isLeader);
    return led.length === 1 ? (led[0]?.id ?? null) : null;
  }
}
