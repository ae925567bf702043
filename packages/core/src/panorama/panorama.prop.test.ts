import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amounts, lot, lotGpu, resourceSpec, sellOrder } from '../../test/fixtures.ts';
import { keysOf } from '../../test/keys.ts';
import { HubPart } from './hub-part.ts';
import { Names } from './names.ts';
import { Panorama } from './panorama.ts';
import type { DeltaMessage, LeaseRow, PanoramaRow, SnapshotMessage } from './row.ts';

const { crypto } = keysOf('h1');
const who = fc.constantFrom('ann.h1', 'bea.h1', 'cid.h1');

type Event =
  | { do: 'resource' | 'lease'; who: string; size: number | null }
  | { do: 'tell' | 'copy' | 'restart' }
  | { do: 'vote'; who: string }
  | { do: 'deliver' | 'repeat' | 'lose'; at: number };

const size = fc.option(fc.integer({ min: 1, max: 3 }));
const at = fc.nat({ max: 20 });
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('resource', 'lease'), who, size }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('tell', 'tell', 'copy') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('vote' as const), who }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('deliver', 'repeat', 'lose'), at }) },
);

type Vote = { type: 'vote'; epoch: number; row: LeaseRow };
type InFlight = DeltaMessage | SnapshotMessage | Vote;

const keyOf = (row: PanoramaRow) => `${row.kind} ${row.participant}`;
const isPresent = (row: PanoramaRow) => (row.kind === 'lease' ? row.offer : row.spec) !== null;

/** Owner, follower, what is on the way, and every row the owner ever published. */
class Pair {
  owner = new Panorama('h1', 1, ['h2'], crypto);
  readonly follower = new Panorama('h2', 1, ['h1'], crypto);
  readonly inFlight: InFlight[] = [];
  readonly #history = new Map<string, PanoramaRow>();
  #seen = { epoch: 0, revision: 0 };
  readonly #rowsSeen = new Map<string, number>();

  happen(event: Event): void {
    switch (event.do) {
      case 'resource': {
        const spec = event.size && resourceSpec(event.who, { revision: event.size });
        this.owner.publishResource(event.who, spec || null);
        return this.#note();
      }
      case 'lease': {
        // Numbers of all lengths: rows that grow find no room where they were.
        const cpuMillicores = 1000 ** (event.size ?? 0);
        const devices = [lotGpu('g1'), lotGpu('g2', 250 * (event.size ?? 0))];
        const lots = [lot('m1', { amounts: amounts({ cpuMillicores }), devices })];
        this.owner.publishLease(event.who, event.size ? sellOrder(event.who, { lots }) : null);
        return this.#note();
      }
      case 'tell':
        return void this.inFlight.push(...structuredClone(this.owner.takeDeltas(() => 2)));
      case 'copy':
        return void this.inFlight.push(...structuredClone(this.owner.snapshot(() => 2)));
      case 'vote': {
        const row = structuredClone(this.owner.lease(event.who));
        if (row) this.inFlight.push({ type: 'vote', epoch: this.owner.own.epoch, row });
        return;
      }
      case 'restart': {
        const { own } = this.owner;
        const rows = [...own.resources.values()];
        this.owner = new Panorama('h1', own.epoch + 1, ['h2'], crypto);
        for (const { participant, spec } of rows) {
          this.owner.publishResource(participant, spec);
          this.#note();
        }
        return;
      }
      default: {
        const chosen = event.at % Math.max(1, this.inFlight.length);
        const message =
          event.do === 'repeat' ? this.inFlight[chosen] : this.inFlight.splice(chosen, 1)[0];
        if (message && event.do !== 'lose') this.#deliver(message);
      }
    }
  }

  #deliver(message: InFlight): void {
    if (message.type === 'delta') this.follower.applyDelta('h1', message);
    else if (message.type === 'snapshot') this.follower.applySnapshot('h1', message);
    else this.follower.applyRow('h1', message.epoch, message.row);
  }

  #note(): void {
    const { own } = this.owner;
    for (const row of [...own.resources.values(), ...own.leases.values()]) {
      this.#history.set(`${own.epoch} ${row.revision} ${keyOf(row)}`, structuredClone(row));
    }
  }

  get known() {
    return this.follower.parts.get('h1') as HubPart;
  }

  /** The newest row of that name that the owner had published at the revision. */
  #at(epoch: number, revision: number, key: string): PanoramaRow | undefined {
    for (let one = revision; one > 0; one -= 1) {
      const row = this.#history.get(`${epoch} ${one} ${key}`);
      if (row) return row;
    }
    return undefined;
  }

  /** Epoch and revision never go back, no row does, and each row is one the owner published. */
  check(): void {
    const { epoch, revision } = this.known;
    if (epoch === this.#seen.epoch) expect(revision).toBeGreaterThanOrEqual(this.#seen.revision);
    else this.#rowsSeen.clear();
    expect(epoch).toBeGreaterThanOrEqual(this.#seen.epoch);
    this.#seen = { epoch, revision };
    for (const name of ['ann.h1', 'bea.h1', 'cid.h1']) {
      for (const [kind, table] of [
        ['resource', this.known.resources],
        ['lease', this.known.leases],
      ] as const) {
        const key = `${kind} ${name}`;
        const row = table.get(name);
        const due = this.#at(epoch, revision, key);
        const atLeast = Math.max(due?.revision ?? 0, this.#rowsSeen.get(key) ?? 0);
        if (row) {
          expect(row).toEqual(this.#at(epoch, row.revision, key));
          expect(row.revision).toBeGreaterThanOrEqual(atLeast);
          this.#rowsSeen.set(key, row.revision);
        } else expect(due && isPresent(due), `${key} is missing`).toBeFalsy();
      }
    }
  }
}

const sorted = (part: HubPart) =>
  part.rows().sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0));

describe('a panorama that follows another hub', () => {
  const events = fc.array(event, { maxLength: 60 });

  /** @patent LSE-5 */
  it('safety: holds only rows that the owner published, and never goes back', () => {
    fc.assert(
      fc.property(events, (history) => {
        const pair = new Pair();
        for (const one of history) {
          pair.happen(one);
          pair.check();
        }
      }),
      { numRuns: 500 },
    );
  });

  it('holds the names of whom it has rows, and after the next snapshot no others', () => {
    fc.assert(
      fc.property(events, (history) => {
        const pair = new Pair();
        for (const one of history) pair.happen(one);
        const { owner, follower } = pair;
        const rows = new Set([...pair.known.resources.keys(), ...pair.known.leases.keys()]);
        for (const name of rows) expect(follower.names.find(name)).toBeGreaterThanOrEqual(0);
        for (const chunk of owner.snapshot(() => 2)) follower.applySnapshot('h1', chunk);
        const names = [...pair.known.resources.keys(), ...pair.known.leases.keys()];
        expect(follower.names.held).toBe(new Set(names).size);
      }),
      { numRuns: 300 },
    );
  });

  it('liveness: agrees with the owner after one heartbeat and the snapshot it asks for', () => {
    fc.assert(
      fc.property(events, (history) => {
        const pair = new Pair();
        for (const one of history) pair.happen(one);
        const { owner, follower } = pair;
        owner.takeDeltas(() => 1);
        const beat = { version: owner.own.version() } as const;
        if (follower.checkHeartbeat('h1', beat) === 'gap') {
          for (const chunk of owner.snapshot(() => 2)) follower.applySnapshot('h1', chunk);
        }
        expect(follower.checkHeartbeat('h1', beat)).toBe('applied');
        expect(sorted(pair.known)).toEqual(sorted(owner.own));
      }),
      { numRuns: 300 },
    );
  });
});

describe('the digest of a part', () => {
  const rows = fc.array(
    fc.record({ who, revision: fc.integer({ min: 1, max: 4 }), size: fc.option(fc.constant(1)) }),
    { maxLength: 8 },
  );

  function partOf(list: { who: string; revision: number; size: number | null }[]): HubPart {
    const part = new HubPart('h1', crypto, false, new Names());
    for (const { who: participant, revision, size: offered } of list) {
      const offer = offered === null ? null : sellOrder(participant, { revision });
      part.putInOrder({ kind: 'lease', participant, revision, offer });
      // Asked for in between or not: the result is the same.
      if (revision % 2 === 0) part.digest();
    }
    return part;
  }

  it('is equal if and only if the rows are', () => {
    fc.assert(
      fc.property(rows, rows, (some, others) => {
        const [a, b] = [partOf(some), partOf(others)];
        const same = JSON.stringify(sorted(a), bigints) === JSON.stringify(sorted(b), bigints);
        expect(a.digest() === b.digest()).toBe(same);
      }),
    );
  });

  it('does not depend on the order in which rows came', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(
          rows.map(([one]) => one).filter((one) => one !== undefined),
          {
            selector: (one) => one.who,
          },
        ),
        (list) => {
          expect(partOf(list).digest()).toBe(partOf([...list].reverse()).digest());
        },
      ),
    );
  });
});

function bigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
