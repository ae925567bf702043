import { describe, expect, it } from 'vitest';
import { Bench, type Wire } from '../../test/agreement-bench.ts';
import { keysOf } from '../../test/keys.ts';
import { preAuthEncoding, signDocument } from '../units/document.ts';
import { costOf } from '../units/money.ts';
import type { PartRecord } from './records.ts';
import { DEFAULT_TIMING } from './timing.ts';

const BOTH = { h2: 2, h3: 2 };

const to = (hub: string) => (wire: Wire) => wire.to === hub;
const isType = (type: string) => (wire: Wire) => wire.message.type === type;

/** An agreement over both target hubs that runs since now. */
function running(options = {}) {
  const bench = new Bench();
  const agreement = bench.start('a', BOTH, options);
  bench.settle().agentsCatchUp();
  return { bench, agreement };
}

describe('a decision', () => {
  it('waits for every vote, is durable, and then leaves as ACTIVATE', () => {
    const bench = new Bench();
    const agreement = bench.start('a', BOTH);
    expect(bench.onWires).toEqual(['prepare', 'prepare']);
    bench.settle(isType('activate'));
    expect(agreement.state).toBe('committed');
    const { log } = bench.first;
    expect(log.indexOf('put agreement committed')).toBeLessThan(log.indexOf('send activate'));
    expect(bench.first.hooked).toEqual(['answered', 'answered', 'committed']);
  });

  it('to abort is told to every target hub, which gives the quantity back', () => {
    const bench = new Bench();
    bench.start('b', { h3: 3 });
    bench.settle();
    const agreement = bench.start('a', BOTH);
    bench.settle();
    expect(agreement).toMatchObject({ state: 'aborted', code: 'AGREEMENT_ABORTED' });
    expect(bench.target('h2').freeMillicores).toBe(4000);
    expect(bench.target('h3').freeMillicores).toBe(1000);
    expect(bench.first.hooked.at(-1)).toBe('aborted, 1 lost');
  });

  it('does not wait longer than the vote time-out, and takes back a late yes', () => {
    const bench = new Bench();
    const agreement = bench.start('a', BOTH);
    bench.settle(to('h3'));
    bench.wait(DEFAULT_TIMING.voteTimeoutMs);
    expect(agreement).toMatchObject({ state: 'aborted', code: 'AGREEMENT_NO_ANSWER' });
    bench.settle();
    expect(bench.target('h2').freeMillicores).toBe(4000);
    expect(bench.target('h3').freeMillicores).toBe(4000);
  });

  it('of a partial order goes on with those that voted yes', () => {
    const bench = new Bench();
    const agreement = bench.start('a', BOTH, { atomic: false, minReplicas: 2 });
    bench.settle(to('h3'));
    bench.wait(DEFAULT_TIMING.voteTimeoutMs);
    expect(agreement.state).toBe('committed');
    bench.settle().agentsCatchUp();
    expect(agreement.state).toBe('running');
    expect(agreement.parts.map(({ status }) => status)).toEqual(['running', 'closed']);
  });

  it('of a partial order is to abort when too few voted yes', () => {
    const bench = new Bench();
    const agreement = bench.start('a', BOTH, { atomic: false, minReplicas: 3 });
    bench.settle(to('h3'));
    bench.wait(DEFAULT_TIMING.voteTimeoutMs);
    expect(agreement.state).toBe('aborted');
  });

  it('is not made by a vote that another hub signed', () => {
    const bench = new Bench();
    const agreement = bench.start('a', { h2: 1 });
    bench.wires = [];
    const { terms, document } = agreement.parts[0] as (typeof agreement.parts)[0];
    const row = bench.target('h2').row(terms.lessor);
    const { payloadType, payload } = document;
    const forged = keysOf('h3').crypto.sign(preAuthEncoding(payloadType, payload));
    bench.first.handle('h2', {
      type: 'vote-yes',
      agreement: 'a',
      part: 0,
      signature: forged,
      epoch: 1,
      row,
      keys: null,
    });
    expect(agreement.state).toBe('aborted');
    expect(agreement.parts[0]?.outcome).toBe('AGREEMENT_SIGNATURE');
  });

  it('is not made by votes of a hub that was not asked', () => {
    const bench = new Bench();
    const agreement = bench.start('a', { h2: 1 });
    const row = bench.target('h3').row('cat.h3');
    const hint = '';
    const code = 'AGREEMENT_LOST_RACE';
    bench.first.handle('h3', {
      type: 'vote-no',
      agreement: 'a',
      part: 0,
      code,
      hint,
      epoch: 1,
      row,
    });
    expect(agreement.state).toBe('preparing');
  });

  it('to abort is told again when a yes from before it comes late, until that is confirmed', () => {
    const bench = new Bench();
    const agreement = bench.start('a', { h2: 1 });
    bench.settle(({ message }) => message.type === 'vote-yes');
    bench.wait(DEFAULT_TIMING.voteTimeoutMs);
    const { document, terms } = bench.target('h2').parts.parts.get('a.0') as PartRecord;
    bench.settle().wait(DEFAULT_TIMING.retryMaxMs).settle();
    expect(agreement.parts[0]?.status).toBe('closed');
    const row = bench.target('h2').row(terms.lessor);
    const signature = document.signatures[1]?.signature ?? '';
    const late = { agreement: 'a', part: 0, signature, epoch: 1, row, keys: null };
    bench.first.handle('h2', { type: 'vote-yes', ...late });
    bench.wires = [];
    bench.wait(DEFAULT_TIMING.retryMaxMs).settle();
    expect(agreement.parts[0]?.status).toBe('closed');
  });

  it('to abort stands: a yes that comes later is answered with ABORT', () => {
    const bench = new Bench();
    const agreement = bench.start('a', { h2: 1 });
    const late: Wire[] = [];
    bench.settle((wire) => isType('vote-yes')(wire) && late.push(wire) > 0);
    bench.first.agreements.abort(agreement, 'ORDER_CANCELLED');
    bench.settle();
    for (const wire of late) bench.deliver(wire);
    expect(bench.onWires).toEqual(['abort']);
  });
});

describe('the start', () => {
  it('of billing is told only when every part has started', () => {
    const bench = new Bench();
    const agreement = bench.start('a', BOTH);
    bench.settle();
    bench.target('h2').agentCatchesUp();
    bench.settle();
    expect(agreement.state).toBe('committed');
    expect(bench.target('h2').parts.parts.get('a.0')?.state).toBe('active');
    bench.target('h3').agentCatchesUp();
    bench.settle();
    expect(agreement.state).toBe('running');
    expect(bench.target('h2').parts.parts.get('a.0')?.state).toBe('running');
  });

  it('that one part misses ends an atomic agreement, unbilled', () => {
    const bench = new Bench();
    const agreement = bench.start('a', BOTH);
    bench.settle();
    bench.target('h2').agentCatchesUp();
    bench.settle().wait(DEFAULT_TIMING.startGraceMs).settle().agentsCatchUp();
    expect(agreement.state).toBe('ended');
    expect(agreement.parts.map(({ settleMicro }) => settleMicro)).toEqual([0n, 0n]);
    expect(bench.target('h2').freeMillicores).toBe(4000);
  });
});

describe('the bill', () => {
  it('is what each target hub metered', () => {
    const { bench, agreement } = running();
    bench.wait(10_000).settle().agentsCatchUp();
    // Two cores each at one credit per core hour for 10 s.
    const cost = costOf(2_000_000n, 10_000);
    expect(agreement.state).toBe('ended');
    expect(agreement.parts.map(({ settleMicro }) => settleMicro)).toEqual([cost, cost]);
    for (const hub of ['h2', 'h3']) {
      const [part] = bench.target(hub).parts.parts.values();
      expect(part?.settledMicro).toBe(cost);
    }
  });

  it('is void for every part of an atomic agreement when one never ran', () => {
    const bench = new Bench();
    const agreement = bench.start('a', BOTH);
    bench.settle();
    bench.target('h2').agentCatchesUp();
    bench.target('h3').agentCatchesUp();
    bench.settle((wire) => to('h3')(wire) && isType('all-started')(wire));
    bench.wait(DEFAULT_TIMING.startGraceMs).settle().agentsCatchUp();
    expect(agreement.state).toBe('ended');
    const [ran] = bench.target('h2').parts.parts.values();
    expect(ran?.costMicro).toBeGreaterThan(0n);
    expect(ran?.settledMicro).toBe(0n);
    expect(agreement.parts.map(({ settleMicro }) => settleMicro)).toEqual([0n, 0n]);
  });

  it('covers what ran of a partial agreement', () => {
    const { bench, agreement } = running({ atomic: false });
    const target = bench.target('h3');
    for (const part of target.parts.ofLessor('cat.h3'))
      target.parts.stop(part, 'LEASE_TASK_FAILED');
    bench.agentsCatchUp().wait(10_000).settle().agentsCatchUp();
    expect(agreement.parts.map(({ settleMicro }) => settleMicro)).toEqual([
      costOf(2_000_000n, 10_000),
      costOf(2_000_000n, 1_000),
    ]);
  });

  it('is never more than the price for the agreed duration, whatever a target hub says', () => {
    const { bench, agreement } = running();
    const claim = { billedMs: 10 ** 9, costMicro: 10n ** 12n } as const;
    for (const [part, hub] of ['h2', 'h3'].entries()) {
      const meter = signDocument(keysOf(hub).crypto, hub, 'meter', { part: `a.${part}`, ...claim });
      const figures = { agreement: 'a', part, outcome: 'completed', ...claim, meter } as const;
      bench.first.handle(hub, { type: 'part-ended', ...figures, lingers: false });
    }
    const most = costOf(2_000_000n, 10_000);
    expect(agreement.parts.map(({ settleMicro }) => settleMicro)).toEqual([most, most]);
  });

  it('is nothing when the target hub did not sign the figures', () => {
    const bench = new Bench();
    const agreement = bench.start('a', { h2: 1 });
    bench.settle().agentsCatchUp();
    const claim = { billedMs: 10_000, costMicro: 2778n } as const;
    const meter = signDocument(keysOf('h2').crypto, 'h2', 'meter', {
      part: 'a.0',
      ...claim,
      billedMs: 9,
    });
    const figures = { agreement: 'a', part: 0, outcome: 'completed', ...claim, meter } as const;
    bench.first.handle('h2', { type: 'part-ended', ...figures, lingers: false });
    expect(agreement.parts[0]?.settleMicro).toBe(0n);
  });

  it('is nothing when ALL_STARTED was never said, whatever a target hub says', () => {
    const bench = new Bench();
    const agreement = bench.start('a', { h2: 1 });
    bench.settle();
    bench.first.handle('h2', {
      type: 'part-ended',
      agreement: 'a',
      part: 0,
      outcome: 'completed',
      billedMs: 10_000,
      costMicro: 2778n,
      lingers: false,
      meter: null,
    });
    expect(agreement.parts[0]?.settleMicro).toBe(0n);
  });
});

describe('the loss of a running part', () => {
  it.each([
    ['terminate', 'ended'],
    ['continue', 'running'],
  ] as const)('of an atomic agreement: %s', (onLoss, state) => {
    const bench = new Bench();
    const disconnect = { stopAfterMs: 20_000, onLoss };
    const base = { id: 'a', order: 'o', attempt: 1, atomic: true, minReplicas: 4 };
    const agreement = bench.first.agreements.start(base, bench.terms('a', BOTH, { disconnect }));
    bench.settle().agentsCatchUp();
    const target = bench.target('h3');
    for (const part of target.parts.ofLessor('cat.h3'))
      target.parts.stop(part, 'LEASE_TASK_FAILED');
    bench.agentsCatchUp().agentsCatchUp();
    expect(agreement.state).toBe(state);
  });
});

describe('an unknown agreement', () => {
  it('is buried before it is denied', () => {
    const bench = new Bench();
    bench.first.handle('h2', { type: 'started', agreement: 'x', part: 0 });
    expect(bench.first.log).toEqual(['put tombstone', 'send end']);
    expect(bench.wires[0]?.message).toMatchObject({ type: 'end', code: 'AGREEMENT_UNKNOWN' });
  });

  it('that a target hub holds is aborted there', () => {
    const bench = new Bench();
    bench.start('a', { h2: 1 });
    const reborn = new Bench();
    bench.settle((wire) => {
      if (wire.to === 'h1') reborn.first.handle(wire.from, wire.message);
      return wire.to === 'h1';
    });
    for (const wire of reborn.wires) bench.deliver(wire);
    expect(bench.target('h2').freeMillicores).toBe(4000);
  });

  it('is forgotten in the end', () => {
    const bench = new Bench();
    bench.first.handle('h2', { type: 'running', agreement: 'x', part: 0 });
    bench.wait(DEFAULT_TIMING.retainMs);
    expect(bench.first.agreements.tombstones.size).toBe(0);
  });
});
