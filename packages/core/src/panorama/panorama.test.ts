import { describe, expect, it } from 'vitest';
import { amounts, lot, lotGpu, resourceSpec, sellOrder } from '../../test/fixtures.ts';
import { keysOf } from '../../test/keys.ts';
import { Panorama } from './panorama.ts';
import type { DeltaMessage, LeaseRow, SnapshotMessage } from './row.ts';

const ALL = (rows: readonly unknown[]) => rows.length;
const ONE = () => 1;
const { crypto } = keysOf('h1');

/** The owner of the rows, and another hub that follows it. */
function pair() {
  const owner = new Panorama('h1', 1, ['h2'], crypto);
  const other = new Panorama('h2', 1, ['h1'], crypto);
  const follow = () => owner.takeDeltas(ALL).map((delta) => other.applyDelta('h1', delta));
  const copy = () => owner.snapshot(ALL).map((chunk) => other.applySnapshot('h1', chunk));
  return { owner, other, follow, copy };
}

const heartbeat = (owner: Panorama) => ({ version: owner.own.version() }) as const;

describe('a panorama', () => {
  it('has nothing to tell while nothing changed', () => {
    const { owner } = pair();
    owner.publishResource('ann.h1', resourceSpec('ann.h1'));
    expect(owner.takeDeltas(ALL)).toHaveLength(1);
    expect(owner.takeDeltas(ALL)).toEqual([]);
  });

  it('tells each row once, in its last form, however often it changed', () => {
    const { owner } = pair();
    owner.publishLease('ann.h1', sellOrder('ann.h1'));
    owner.publishLease('bea.h1', sellOrder('bea.h1'));
    owner.publishLease('ann.h1', null);
    const [delta] = owner.takeDeltas(ALL);
    expect(delta).toMatchObject({ from: 0, to: 3 });
    expect(delta?.rows.map(({ participant, revision }) => [participant, revision])).toEqual([
      ['bea.h1', 2],
      ['ann.h1', 3],
    ]);
  });

  it('tells many rows in several deltas that follow each other', () => {
    const { owner, other, copy } = pair();
    copy();
    owner.publishLease('ann.h1', sellOrder('ann.h1'));
    owner.publishLease('bea.h1', sellOrder('bea.h1'));
    const deltas = owner.takeDeltas(ONE);
    expect(deltas.map(({ from, to }) => [from, to])).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(deltas.map((delta) => other.applyDelta('h1', delta))).toEqual(['applied', 'applied']);
  });

  it('asks for a snapshot when a delta is missing, and takes each delta once', () => {
    const { owner, other, copy } = pair();
    copy();
    owner.publishLease('ann.h1', sellOrder('ann.h1'));
    const [first] = owner.takeDeltas(ALL) as [DeltaMessage];
    owner.publishLease('ann.h1', null);
    const [second] = owner.takeDeltas(ALL) as [DeltaMessage];
    expect(other.applyDelta('h1', second)).toBe('gap');
    expect(other.applyDelta('h1', first)).toBe('applied');
    expect(other.applyDelta('h1', second)).toBe('applied');
    expect(other.applyDelta('h1', first)).toBe('old');
    expect(other.lease('ann.h1')?.offer).toBe(null);
  });

  it('asks for a snapshot of an owner that begins a new epoch', () => {
    const { owner, other, copy } = pair();
    copy();
    const reborn = new Panorama('h1', 2, ['h2'], crypto);
    reborn.publishLease('ann.h1', sellOrder('ann.h1'));
    const [delta] = reborn.takeDeltas(ALL) as [DeltaMessage];
    expect(other.applyDelta('h1', delta)).toBe('gap');
    expect(reborn.snapshot(ALL).map((chunk) => other.applySnapshot('h1', chunk))).toEqual([
      'applied',
    ]);
    expect(owner.snapshot(ALL).map((chunk) => other.applySnapshot('h1', chunk))).toEqual(['old']);
    expect(other.lease('ann.h1')?.offer).not.toBe(null);
  });

  it('takes a snapshot only when all of its chunks are there', () => {
    const { owner, other } = pair();
    owner.publishLease('ann.h1', sellOrder('ann.h1'));
    owner.publishLease('bea.h1', sellOrder('bea.h1'));
    const [first, second] = owner.snapshot(ONE);
    if (!first || !second) throw new Error('expected two chunks');
    other.applySnapshot('h1', second);
    expect(other.lease('bea.h1')).toBe(undefined);
    other.applySnapshot('h1', first);
    expect(other.lease('bea.h1')?.offer).not.toBe(null);
  });

  it('takes the row of a vote at once, and no older one afterwards', () => {
    const { owner, other, copy } = pair();
    owner.publishLease('ann.h1', sellOrder('ann.h1'));
    copy();
    const lots = [lot('m1', { amounts: amounts({ cpuMillicores: 1000 }) })];
    owner.publishLease('ann.h1', sellOrder('ann.h1', { lots }));
    const row = structuredClone(owner.lease('ann.h1'));
    const [late] = owner.takeDeltas(ALL) as [DeltaMessage];
    owner.publishLease('ann.h1', null);
    const newest = structuredClone(owner.lease('ann.h1'));
    if (!row || !newest) throw new Error('no row');
    other.applyRow('h1', 1, row);
    expect(other.lease('ann.h1')).toEqual(row);
    other.applyRow('h1', 1, newest);
    other.applyRow('h1', 1, row);
    expect(other.applyDelta('h1', late)).toBe('applied');
    expect(other.lease('ann.h1')).toEqual(newest);
  });

  it('takes no row of a vote from another epoch, nor of a participant of another hub', () => {
    const { owner, other, copy } = pair();
    copy();
    owner.publishLease('ann.h1', sellOrder('ann.h1'));
    const row = owner.lease('ann.h1');
    if (!row) throw new Error('no row');
    other.applyRow('h1', 2, row);
    other.applyRow('h1', 1, { ...row, participant: 'ann.h2' });
    expect(other.lease('ann.h1')).toBe(undefined);
    expect(other.lease('ann.h2')).toBe(undefined);
  });

  it('knows whose rows are whose', () => {
    const { owner } = pair();
    owner.publishLease('ann.h1', sellOrder('ann.h1'));
    const rows = owner.own.rows();
    expect(owner.ownsRows('h1', rows)).toBe(true);
    expect(owner.ownsRows('h2', rows)).toBe(false);
  });

  it('finds a difference by the digest in a heartbeat', () => {
    const { owner, other, copy } = pair();
    owner.publishLease('ann.h1', sellOrder('ann.h1'));
    expect(other.checkHeartbeat('h1', heartbeat(owner))).toBe('gap');
    copy();
    expect(other.checkHeartbeat('h1', heartbeat(owner))).toBe('applied');
    const forged = { ...heartbeat(owner) };
    forged.version = { ...forged.version, digest: '0000000000000000' };
    expect(other.checkHeartbeat('h1', forged)).toBe('gap');
    owner.publishLease('ann.h1', null);
    owner.publishLease('ann.h1', sellOrder('ann.h1'));
    expect(other.checkHeartbeat('h1', heartbeat(owner))).toBe('gap');
  });

  it('tells whether the subnet is complete', () => {
    const { owner, other, copy } = pair();
    owner.setComplete(true);
    copy();
    expect(other.parts.get('h1')?.complete).toBe(true);
    owner.setComplete(false);
    other.checkHeartbeat('h1', heartbeat(owner));
    expect(other.parts.get('h1')?.complete).toBe(false);
  });

  it('resolves a participant to its hub while its resources are known', () => {
    const { owner, other, copy } = pair();
    owner.publishResource('ann.h1', resourceSpec('ann.h1'));
    copy();
    expect(other.resolve('ann.h1')).toBe('h1');
    expect(other.resolve('zoe.h1')).toBe(undefined);
    owner.publishResource('ann.h1', null);
    copy();
    expect(other.resolve('ann.h1')).toBe(undefined);
  });
});

describe('a change of a known offer', () => {
  const small = (cpuMillicores: number) =>
    sellOrder('ann.h1', {
      lots: [
        lot('m1', { amounts: amounts({ cpuMillicores }), devices: [lotGpu('g1'), lotGpu('g2')] }),
      ],
    });

  /** A follower that knows the offer, and the owner's next deltas. */
  function known() {
    const both = pair();
    both.owner.publishLease('ann.h1', small(8000));
    both.copy();
    both.owner.takeDeltas(ALL);
    return both;
  }

  it('says only what changed, and makes the same row of it', () => {
    const { owner, other } = known();
    const offer = small(3000);
    offer.lots[0]!.devices[1]!.milli = 250;
    owner.publishLease('ann.h1', { ...offer, revision: 2 });
    const [delta] = owner.takeDeltas(ALL) as [DeltaMessage];
    expect(delta.rows).toEqual([]);
    // Places: revision of the offer, cpu of the first lot, second device after 4 + 10 and one more.
    const figures = [1, 2, 4, 3000, 15, 250];
    expect(delta.changes).toEqual([{ participant: 'ann.h1', since: 1, revision: 2, figures }]);
    other.changed.clear();
    expect(other.applyDelta('h1', delta)).toBe('applied');
    expect(other.lease('ann.h1')).toEqual(owner.lease('ann.h1'));
    expect(other.checkHeartbeat('h1', heartbeat(owner))).toBe('applied');
    expect([[...other.changed], [...other.refigured.keys()]]).toEqual([[], ['ann.h1']]);
  });

  it('tells of prices and scores, too, and the whole row where anything else is other', () => {
    const { owner, other, follow } = known();
    const dear = small(8000);
    dear.lots[0]!.asks.cpuMicroPerCoreHour = 77n;
    dear.lots[0]!.performance.score = 99;
    owner.publishLease('ann.h1', { ...dear, termsRevision: 2 });
    const [delta] = owner.takeDeltas(ALL) as [DeltaMessage];
    expect(delta.changes).toMatchObject([{ figures: [2, 2, 8, 77, 13, 99] }]);
    other.applyDelta('h1', delta);
    expect(other.lease('ann.h1')).toEqual(owner.lease('ann.h1'));
    const moved = small(8000);
    moved.lots[0]!.labels = { region: 'r2' };
    owner.publishLease('ann.h1', moved);
    expect(follow()).toEqual(['applied']);
    expect(other.lease('ann.h1')).toEqual(owner.lease('ann.h1'));
  });

  it('names what changed and came back: it builds on what a vote brought in between, too', () => {
    const { owner, other } = known();
    owner.publishLease('ann.h1', small(1000));
    const early = structuredClone(owner.lease('ann.h1')) as LeaseRow;
    owner.publishLease('ann.h1', small(8000));
    const [delta] = owner.takeDeltas(ALL) as [DeltaMessage];
    expect(delta.changes).toMatchObject([{ since: 1, revision: 3, figures: [4, 8000] }]);
    other.applyRow('h1', 1, early);
    expect(other.lease('ann.h1')?.offer?.lots[0]?.amounts.cpuMillicores).toBe(1000);
    expect(other.applyDelta('h1', delta)).toBe('applied');
    expect(other.lease('ann.h1')).toEqual(owner.lease('ann.h1'));
    expect(other.checkHeartbeat('h1', heartbeat(owner))).toBe('applied');
  });

  it('goes whole where an ask is beyond plain numbers', () => {
    const { owner, other, follow } = known();
    const dear = small(8000);
    dear.lots[0]!.asks.cpuMicroPerCoreHour = 10n ** 25n;
    owner.publishLease('ann.h1', dear);
    expect(follow()).toEqual(['applied']);
    owner.publishLease('ann.h1', { ...dear, revision: 9 });
    expect(follow()).toEqual(['applied']);
    expect(other.lease('ann.h1')).toEqual(owner.lease('ann.h1'));
    expect(other.checkHeartbeat('h1', heartbeat(owner))).toBe('applied');
  });

  it('goes whole where a message cannot list as many numbers', () => {
    const { owner, other, copy } = known();
    const offerOf = (count: number, cpuMillicores: number) =>
      sellOrder('ann.h1', {
        lots: Array.from({ length: count }, (_, at) =>
          lot(`m${at}`, { amounts: amounts({ cpuMillicores }) }),
        ),
      });
    for (const [count, changes, shared] of [
      [1_600, 1, 1],
      [1_700, 0, 0],
    ] as const) {
      owner.publishLease('ann.h1', offerOf(count, 1));
      owner.takeDeltas(ALL);
      owner.publishLease('ann.h1', offerOf(count, 2));
      expect(owner.takeDeltas(ALL)[0]?.changes.length).toBe(changes);
      expect(owner.snapshot(ALL)[0]?.shared.length).toBe(shared);
      copy();
      expect(other.lease('ann.h1')).toEqual(owner.lease('ann.h1'));
      expect(other.checkHeartbeat('h1', heartbeat(owner))).toBe('applied');
    }
  });

  const change = { participant: 'ann.h1', since: 1, revision: 2, figures: [4, 3000] };
  it.each([
    ['an earlier base', { ...change, since: 0 }],
    ['a later base', { ...change, since: 2, revision: 3 }],
    ['an unknown row', { ...change, participant: 'zoe.h1' }],
    ['a row without an offer', { ...change, participant: 'bea.h1', since: 2, revision: 3 }],
    ['a place that is not there', { ...change, figures: [16, 1] }],
    ['how many lots there are', { ...change, figures: [0, 2] }],
    ['more than all of a device', { ...change, figures: [14, 1001] }],
    ['half a pair', { ...change, figures: [4] }],
  ])('on %s is not used, and a snapshot makes all equal', (_what, unfit) => {
    const { owner, other, copy } = known();
    owner.publishLease('bea.h1', sellOrder('bea.h1'));
    owner.publishLease('bea.h1', null);
    copy();
    owner.takeDeltas(ALL);
    const before = other.lease('ann.h1');
    const { revision } = owner.own;
    const base = { epoch: 1, from: revision, to: revision + 1, complete: false, rows: [] };
    expect(other.applyDelta('h1', { type: 'delta', ...base, changes: [unfit] })).toBe('unfit');
    expect(other.lease('ann.h1')).toEqual(before);
    expect(other.parts.get('h1')?.revision).toBe(revision);
    owner.publishLease('ann.h1', small(3000));
    owner.takeDeltas(ALL);
    expect(other.checkHeartbeat('h1', heartbeat(owner))).toBe('gap');
    copy();
    expect(other.checkHeartbeat('h1', heartbeat(owner))).toBe('applied');
  });

  it('that lies about what changed is found by the next digest', () => {
    const { owner, other, copy } = known();
    owner.publishLease('ann.h1', small(3000));
    const [delta] = owner.takeDeltas(ALL) as [DeltaMessage];
    const changes = [{ ...change, figures: [4, 4000] }];
    expect(other.applyDelta('h1', { ...delta, changes })).toBe('applied');
    expect(other.checkHeartbeat('h1', heartbeat(owner))).toBe('gap');
    copy();
    expect(other.checkHeartbeat('h1', heartbeat(owner))).toBe('applied');
    expect(other.lease('ann.h1')).toEqual(owner.lease('ann.h1'));
  });
});

describe('a snapshot', () => {
  it('says once in each chunk what rows have in common', () => {
    const { owner, other } = pair();
    const huge = sellOrder('dan.h1');
    huge.lots[0]!.asks.cpuMicroPerCoreHour = 10n ** 25n;
    for (const name of ['ann.h1', 'bea.h1', 'cid.h1']) {
      owner.publishResource(name, resourceSpec(name));
      const lots = [lot('m1', { amounts: amounts({ cpuMillicores: name.charCodeAt(0) }) })];
      owner.publishLease(name, sellOrder(name, { lots }));
    }
    owner.publishLease('dan.h1', huge);
    const [all, ...none] = owner.snapshot(ALL) as [SnapshotMessage];
    expect(none).toEqual([]);
    expect(all.forms.map(({ kind }) => kind)).toEqual(['resource', 'lease']);
    expect(all.shared.map(({ form }) => form)).toEqual([0, 0, 0, 1, 1, 1]);
    expect(all.rows.map(({ participant }) => participant)).toEqual(['dan.h1']);
    const chunks = owner.snapshot(() => 2);
    expect(chunks.map(({ forms, shared, rows }) => [forms, shared, rows].map(ALL))).toEqual([
      [1, 2, 0],
      [2, 2, 0],
      [1, 2, 0],
      [0, 0, 1],
    ]);
    for (const chunk of [...chunks].reverse()) other.applySnapshot('h1', chunk);
    expect(sorted(other)).toEqual(sorted(owner));
    expect(other.checkHeartbeat('h1', heartbeat(owner))).toBe('applied');
  });

  const sorted = (panorama: Panorama) =>
    (panorama.parts.get('h1')?.rows() ?? []).sort((a, b) => a.revision - b.revision);
});

describe('a hub that falls silent', () => {
  it('counts as improved when it is heard again', () => {
    const { owner, other, copy } = pair();
    owner.publishLease('ann.h1', sellOrder('ann.h1'));
    copy();
    other.heard('h1', 5);
    other.improved.clear();
    other.heard('h1', 6);
    expect(other.improved.size).toBe(0);
    other.markStale('h1');
    expect(other.parts.get('h1')?.stale).toBe(true);
    other.heard('h1', 7);
    expect(other.parts.get('h1')?.stale).toBe(false);
    expect([...other.improved]).toEqual(['ann.h1']);
  });
});

describe('an offer counts as improved', () => {
  const small = sellOrder('ann.h1', {
    lots: [lot('m1', { amounts: amounts({ cpuMillicores: 1 }) })],
  });
  const large = sellOrder('ann.h1');
  const dearer = sellOrder('ann.h1', { termsRevision: 2 });
  const two = sellOrder('ann.h1', { lots: [lot('m1'), lot('m2')] });

  it.each([
    ['when it is new', null, large, true],
    ['when it is larger', small, large, true],
    ['when it has another lot', large, two, true],
    ['when its terms changed', large, dearer, true],
    ['not when it is smaller', large, small, false],
    ['not when it is the same', large, large, false],
    ['not when it is gone', large, null, false],
  ])('%s', (_when, before, after, improved) => {
    for (const followed of [false, true]) {
      const { owner, other, copy, follow } = pair();
      copy();
      const watched = followed ? other : owner;
      owner.publishLease('ann.h1', before);
      follow();
      watched.improved.clear();
      owner.publishLease('ann.h1', after);
      follow();
      expect(watched.improved.has('ann.h1')).toBe(improved);
    }
  });
});
