import { describe, expect, it } from 'vitest';
import { Bench, type TargetSide } from '../../test/agreement-bench.ts';
import { lot, sellOrder } from '../../test/fixtures.ts';
import { keysOf } from '../../test/keys.ts';
import type { RefusalCode } from '../refusals.ts';
import { isSignedBy, signDocument } from '../units/document.ts';
import type { JsonValue } from '../units/json.ts';
import type { AgreementMessage } from './messages.ts';
import type { AgreementPartTerms, PartRecord } from './records.ts';
import { DEFAULT_TIMING } from './timing.ts';

type Over = Partial<AgreementPartTerms>;

/** Asks the target hub for a part of `replicas` one-core replicas and returns what it answers. */
function ask(bench: Bench, id: string, replicas = 2, over: Over = {}, signer = 'h1') {
  const [terms] = bench.terms(id, { h2: replicas }, over);
  const document = signDocument(
    keysOf(signer).crypto,
    'h1',
    'agreement-part',
    terms as unknown as JsonValue,
  );
  return tell(bench, { type: 'prepare', document });
}

/** Delivers one message to the target hub and returns the answers. */
function tell(bench: Bench, message: AgreementMessage, from = 'h1'): AgreementMessage[] {
  bench.wires = [];
  bench.deliver({ from, to: 'h2', message });
  return bench.wires.map((wire) => wire.message);
}

function answerTo(messages: AgreementMessage[]): string {
  const [message] = messages;
  return message?.type === 'vote-no' ? message.code : (message?.type ?? 'nothing');
}

function partOf(target: TargetSide, id: string): PartRecord {
  return target.parts.parts.get(`${id}.0`) as PartRecord;
}

const of = (id: string) => ({ agreement: id, part: 0 });

describe('PREPARE', () => {
  /** @patent C7.1 SIG-1 */
  it('freezes and records the part before the vote is announced', () => {
    const bench = new Bench();
    const [vote] = ask(bench, 'a');
    expect(bench.target('h2').log).toEqual(['publish', 'put part held', 'send vote-yes']);
    expect(bench.target('h2').freeMillicores).toBe(2000);
    expect(vote).toMatchObject({
      type: 'vote-yes',
      row: { offer: { lots: [{ amounts: { cpuMillicores: 2000 } }] } },
    });
  });

  it('is countersigned over the very bytes that the first hub signed', () => {
    const bench = new Bench();
    const [vote] = ask(bench, 'a');
    const { document } = bench.target('h2').parts.parts.get('a.0') as PartRecord;
    expect(vote).toMatchObject({ signature: document.signatures[1]?.signature });
    for (const hub of ['h1', 'h2']) {
      const { crypto, publicKey } = keysOf(hub);
      expect(isSignedBy(crypto, document, 'agreement-part', hub, publicKey)).toBe(true);
    }
  });

  it('brings the row again with a vote that is repeated, as the frame of the first was lost', () => {
    const bench = new Bench();
    bench.target('h2').tellsRowsItself = () => true;
    expect(ask(bench, 'a')).toMatchObject([{ type: 'vote-yes', row: null }]);
    expect(ask(bench, 'a')).toMatchObject([{ type: 'vote-yes', row: { participant: 'bob.h2' } }]);
  });

  /** @patent SIG-1 */
  it('for the same unit is won by exactly one of two agreements', () => {
    const bench = new Bench();
    expect(answerTo(ask(bench, 'a', 3))).toBe('vote-yes');
    expect(answerTo(ask(bench, 'b', 3))).toBe('AGREEMENT_LOST_RACE');
    expect(bench.target('h2').freeMillicores).toBe(1000);
  });

  it('that lost carries the row as it is now', () => {
    const bench = new Bench();
    ask(bench, 'a', 3);
    expect(ask(bench, 'b', 3)[0]).toMatchObject({
      row: { participant: 'bob.h2', offer: { lots: [{ amounts: { cpuMillicores: 1000 } }] } },
    });
  });

  it('sent again gets the recorded vote and freezes nothing more', () => {
    const bench = new Bench();
    ask(bench, 'a', 3);
    expect(answerTo(ask(bench, 'a', 3))).toBe('vote-yes');
    expect(bench.target('h2').freeMillicores).toBe(1000);
  });

  it('sent again after the part ended is told how it ended', () => {
    const bench = new Bench();
    ask(bench, 'a');
    bench.wait(DEFAULT_TIMING.holdMs);
    expect(answerTo(ask(bench, 'a'))).toBe('AGREEMENT_HOLD_EXPIRED');
    expect(bench.target('h2').freeMillicores).toBe(4000);
  });

  it('does not fail on sold stock as long as the rest suffices: terms stay the same', () => {
    const bench = new Bench();
    const [before] = bench.terms('b', { h2: 1 });
    ask(bench, 'a', 3);
    expect(answerTo(ask(bench, 'b', 1, { termsRevision: before?.termsRevision as number }))).toBe(
      'vote-yes',
    );
  });

  it('does not fail on a new sell order with the same termsRevision', () => {
    const bench = new Bench();
    bench.target('h2').stock.setOffer(sellOrder('bob.h2', { revision: 9 }));
    expect(answerTo(ask(bench, 'a'))).toBe('vote-yes');
  });

  it.each<[string, RefusalCode, Over]>([
    ['the terms changed', 'AGREEMENT_TERMS_CHANGED', { termsRevision: 0 }],
    ['the price is another one', 'AGREEMENT_PRICE', { priceMicroPerHour: 1n }],
    ['the hold is too long', 'AGREEMENT_MALFORMED', { holdMs: 11 * DEFAULT_TIMING.holdMs }],
    ['the grace is too long', 'AGREEMENT_MALFORMED', { startGraceMs: 10 ** 9 }],
    ['the part is none of the parts', 'AGREEMENT_MALFORMED', { partCount: 0 }],
    ['the lessor is of another hub', 'AGREEMENT_MALFORMED', { lessor: 'cat.h3' }],
    ['the lessee is of another hub', 'AGREEMENT_MALFORMED', { lessee: 'lea.h3' }],
    ['the lessor is unknown', 'AGREEMENT_OFFER_GONE', { lessor: 'zoe.h2' }],
  ])('is refused when %s', (_why, code, over) => {
    const bench = new Bench();
    expect(answerTo(ask(bench, 'a', 2, over))).toBe(code);
    expect(bench.target('h2').freeMillicores).toBe(4000);
    expect(bench.target('h2').log).toEqual(['send vote-no']);
  });

  it('is refused when another key signed it', () => {
    expect(answerTo(ask(new Bench(), 'a', 2, {}, 'h3'))).toBe('AGREEMENT_SIGNATURE');
  });

  it('is refused when nothing is offered any more', () => {
    const bench = new Bench();
    bench.target('h2').stock.setOffer(null);
    expect(answerTo(ask(bench, 'a'))).toBe('AGREEMENT_OFFER_GONE');
  });

  it('is refused when the lot is no longer offered', () => {
    const bench = new Bench();
    bench.target('h2').stock.setOffer(sellOrder('bob.h2', { lots: [lot('m2')] }));
    const placements = [{ lotId: 'm1', replicas: 1, devices: [[]] }];
    expect(answerTo(ask(bench, 'a', 1, { placements }))).toBe('AGREEMENT_LOST_RACE');
  });

  it('is refused while the agent is away', () => {
    const bench = new Bench();
    bench.target('h2').connected = false;
    expect(answerTo(ask(bench, 'a'))).toBe('AGREEMENT_LESSOR_AWAY');
  });

  it('in the name of another hub gets no answer', () => {
    const bench = new Bench();
    const [terms] = bench.terms('a', { h2: 1 });
    const value = terms as unknown as JsonValue;
    const document = signDocument(keysOf('h3').crypto, 'h3', 'agreement-part', value);
    expect(tell(bench, { type: 'prepare', document }, 'h3')).toEqual([]);
  });
});

describe('a hold', () => {
  it('that expired is final: ACTIVATE comes too late', () => {
    const bench = new Bench();
    ask(bench, 'a');
    bench.wait(DEFAULT_TIMING.holdMs);
    expect(
      tell(bench, { type: 'activate', ...of('a'), taskPrivate: null, release: null }),
    ).toMatchObject([
      { type: 'part-ended', outcome: 'AGREEMENT_HOLD_EXPIRED', billedMs: 0, costMicro: 0n },
    ]);
    expect(partOf(bench.target('h2'), 'a').state).toBe('ended');
  });

  it('is not ended by time once ACTIVATE came', () => {
    const bench = new Bench();
    ask(bench, 'a');
    tell(bench, { type: 'activate', ...of('a'), taskPrivate: null, release: null });
    bench.wait(DEFAULT_TIMING.holdMs);
    expect(partOf(bench.target('h2'), 'a').state).toBe('active');
  });

  it('is released once by ABORT, however often it comes', () => {
    const bench = new Bench();
    ask(bench, 'a');
    for (let times = 0; times < 3; times += 1) {
      const answers = tell(bench, { type: 'abort', ...of('a'), code: 'AGREEMENT_ABORTED' });
      expect(answers.at(-1)?.type).toBe('aborted');
      expect(bench.target('h2').freeMillicores).toBe(4000);
    }
  });

  it('is not ended by a hub that is not its first hub', () => {
    const bench = new Bench();
    ask(bench, 'a');
    tell(bench, { type: 'abort', ...of('a'), code: 'AGREEMENT_ABORTED' }, 'h3');
    tell(bench, { type: 'end', ...of('a'), code: 'ORDER_CANCELLED' }, 'h3');
    tell(bench, { type: 'activate', ...of('a'), taskPrivate: null, release: null }, 'h3');
    expect(partOf(bench.target('h2'), 'a').state).toBe('held');
  });

  it('ended by END is confirmed to the first hub, each time it asks', () => {
    const bench = new Bench();
    ask(bench, 'a');
    for (let times = 0; times < 2; times += 1) {
      expect(tell(bench, { type: 'end', ...of('a'), code: 'ORDER_CANCELLED' })).toMatchObject([
        { type: 'part-ended', outcome: 'ORDER_CANCELLED', billedMs: 0 },
      ]);
    }
    expect(bench.target('h2').freeMillicores).toBe(4000);
  });
});

describe('ABORT before PREPARE', () => {
  it('leaves a tombstone that the late PREPARE meets', () => {
    const bench = new Bench();
    tell(bench, { type: 'abort', ...of('a'), code: 'AGREEMENT_NO_ANSWER' });
    expect(answerTo(ask(bench, 'a'))).toBe('AGREEMENT_ABORTED');
    expect(bench.target('h2').freeMillicores).toBe(4000);
  });

  it('by a hub that is not the first hub stops nothing: a target hub cannot shut out another', () => {
    const bench = new Bench();
    tell(bench, { type: 'abort', ...of('a'), code: 'AGREEMENT_ABORTED' }, 'h3');
    expect(answerTo(ask(bench, 'a'))).toBe('vote-yes');
  });

  it('is forgotten when no PREPARE can be on the way any more', () => {
    const bench = new Bench();
    tell(bench, { type: 'abort', ...of('a'), code: 'AGREEMENT_NO_ANSWER' });
    bench.wait(DEFAULT_TIMING.retainMs);
    expect(bench.target('h2').parts.tombstones.size).toBe(0);
    expect(bench.target('h2').log.at(-1)).toBe('retire tombstone');
  });
});

/** A part that runs since now. */
function running(over: Over = {}): Bench {
  const bench = new Bench();
  ask(bench, 'a', 2, over);
  tell(bench, { type: 'activate', ...of('a'), taskPrivate: null, release: null });
  bench.target('h2').agentCatchesUp();
  tell(bench, { type: 'all-started', ...of('a') });
  return bench;
}

/** Ends the part and returns how it is reported. */
function ended(bench: Bench) {
  bench.wires = [];
  bench.target('h2').agentCatchesUp();
  const reports = bench.wires.map(({ message }) => message);
  return reports.find((message) => message.type === 'part-ended');
}

describe('a part', () => {
  it('is told STARTED again until ALL_STARTED comes', () => {
    const bench = new Bench();
    ask(bench, 'a');
    tell(bench, { type: 'activate', ...of('a'), taskPrivate: null, release: null });
    bench.target('h2').agentCatchesUp();
    bench.wires = [];
    bench.wait(DEFAULT_TIMING.retryMs);
    expect(bench.onWires).toEqual(['started']);
  });

  it('without ALL_STARTED stops itself after the start grace, unbilled', () => {
    const bench = new Bench();
    ask(bench, 'a');
    tell(bench, { type: 'activate', ...of('a'), taskPrivate: null, release: null });
    bench.target('h2').agentCatchesUp();
    bench.wait(DEFAULT_TIMING.startGraceMs);
    expect(ended(bench)).toMatchObject({ outcome: 'LEASE_START_GRACE', billedMs: 0 });
    expect(bench.target('h2').freeMillicores).toBe(4000);
  });

  it('stays frozen while it stops', () => {
    const bench = running().wait(10_000);
    expect(partOf(bench.target('h2'), 'a').state).toBe('stopping');
    expect(bench.target('h2').freeMillicores).toBe(2000);
  });

  it('ends on time, billed as agreed, while its agent goes on telling of it; nobody gets its stock', () => {
    const bench = running().wait(10_000);
    const target = bench.target('h2');
    const tellsThatItIs = (state: 'up' | 'all-exited') => {
      bench.wires = [];
      target.parts.confirmStopped('bob.h2', Infinity, () => ({ state, endedAgoMs: 0 }));
      return bench.wires.map(({ message }) => message);
    };
    const { stopTimeMs, frameTtlMs } = DEFAULT_TIMING;
    bench.wait(stopTimeMs + frameTtlMs - 1);
    expect(tellsThatItIs('up')).toEqual([]);
    bench.wait(1);
    expect(tellsThatItIs('up')).toMatchObject([
      { type: 'part-ended', outcome: 'completed', billedMs: 10_000, lingers: true },
    ]);
    expect(target.freeMillicores).toBe(2000);
    tell(bench, { type: 'part-ended-ack', ...of('a') });
    tell(bench, { type: 'settle', ...of('a'), costMicro: partOf(target, 'a').costMicro });
    bench.wait(2 * DEFAULT_TIMING.retainMs);
    expect(partOf(target, 'a')).toMatchObject({ state: 'ended', lingers: true });
    expect(tellsThatItIs('up')).toEqual([]);
    expect(tellsThatItIs('all-exited')).toEqual([]);
    expect(target.freeMillicores).toBe(4000);
    expect(partOf(target, 'a').billedMs).toBe(10_000);
    tellsThatItIs('all-exited');
    expect(target.freeMillicores).toBe(4000);
  });

  it('lingers over a restart of its hub, and until its agent is lost', () => {
    const bench = running().wait(10_000 + DEFAULT_TIMING.stopTimeMs + DEFAULT_TIMING.frameTtlMs);
    const up = () => ({ state: 'up', endedAgoMs: 0 }) as const;
    bench.target('h2').parts.confirmStopped('bob.h2', Infinity, up);
    const lingering = structuredClone(partOf(bench.target('h2'), 'a'));
    const later = new Bench();
    later.nowMs = bench.nowMs;
    const target = later.target('h2');
    target.parts.restore(lingering);
    expect(target.freeMillicores).toBe(2000);
    target.heardMs = bench.nowMs;
    later.wait(lingering.terms.disconnect.stopAfterMs + DEFAULT_TIMING.stopTimeMs + 3_000);
    expect(target.freeMillicores).toBe(4000);
  });

  it('is billed from ALL_STARTED for the time it ran, with a signed meter', () => {
    const bench = running().wait(2_500);
    tell(bench, { type: 'end', ...of('a'), code: 'ORDER_CANCELLED' });
    const report = ended(bench);
    // Two cores at one credit per core hour for 2.5 s.
    expect(report).toMatchObject({
      billedMs: 2_500,
      costMicro: (2_000_000n * 25n + 35_999n) / 36_000n,
    });
    const { crypto, publicKey } = keysOf('h2');
    const meter = report?.meter;
    expect(meter && isSignedBy(crypto, meter, 'meter', 'h2', publicKey)).toBe(true);
  });

  it('is billed for one second at least, and for the agreed duration at most', () => {
    const short = running();
    tell(short, { type: 'end', ...of('a'), code: 'ORDER_CANCELLED' });
    expect(ended(short)?.billedMs).toBe(1_000);
    expect(ended(running().wait(60_000))).toMatchObject({ outcome: 'completed', billedMs: 10_000 });
  });

  it('of a job that outlasts its duration did not complete', () => {
    const bench = running({ kind: 'job' }).wait(10_000);
    expect(ended(bench)?.outcome).toBe('LEASE_DURATION_OVER');
  });

  it('whose lessor is lost is given up when the agent must have stopped by itself', () => {
    const bench = running({ durationMs: 10 ** 9 });
    bench.target('h2').heardMs = bench.nowMs;
    const { stopTimeMs, heartbeatMs } = DEFAULT_TIMING;
    bench.wait(20_000 + stopTimeMs + 2 * heartbeatMs - 1);
    expect(partOf(bench.target('h2'), 'a').state).toBe('running');
    bench.wait(1);
    expect(partOf(bench.target('h2'), 'a')).toMatchObject({
      state: 'ended',
      outcome: 'LEASE_LESSOR_LOST',
    });
    expect(bench.target('h2').freeMillicores).toBe(4000);
  });

  it('whose lessor was lost before its end is neither done nor billed beyond its last word', () => {
    for (const kind of ['job', 'service'] as const) {
      const bench = running({ kind, durationMs: 10_000 });
      const target = bench.target('h2');
      bench.wait(3_000);
      target.heardMs = bench.nowMs;
      const { stopTimeMs, heartbeatMs } = DEFAULT_TIMING;
      bench.wait(20_000 + stopTimeMs + 2 * heartbeatMs - 1);
      expect(partOf(target, 'a').state).toBe('stopping');
      expect(target.freeMillicores).toBe(2000);
      bench.wait(1);
      expect(partOf(target, 'a')).toMatchObject({
        state: 'ended',
        outcome: 'LEASE_LESSOR_LOST',
        billedMs: 3_000,
      });
      expect(target.freeMillicores).toBe(4000);
    }
  });

  it('that was cancelled stays cancelled when its lessor is lost', () => {
    const bench = running({ durationMs: 10 ** 9 }).wait(2_000);
    const target = bench.target('h2');
    target.heardMs = bench.nowMs;
    bench.wait(1_000);
    tell(bench, { type: 'end', ...of('a'), code: 'ORDER_CANCELLED' });
    bench.wait(20_000 + DEFAULT_TIMING.stopTimeMs + 2 * DEFAULT_TIMING.heartbeatMs);
    expect(partOf(target, 'a')).toMatchObject({ outcome: 'ORDER_CANCELLED', billedMs: 2_000 });
  });

  it('reports its end until the first hub has it on record', () => {
    const bench = running().wait(10_000);
    ended(bench);
    bench.wires = [];
    bench.wait(DEFAULT_TIMING.retryMs);
    expect(bench.onWires).toEqual(['part-ended']);
    tell(bench, { type: 'part-ended-ack', ...of('a') });
    bench.wires = [];
    bench.wait(DEFAULT_TIMING.retryMaxMs);
    expect(bench.onWires).toEqual([]);
  });

  it('is never settled above its meter, and settled once', () => {
    const bench = running().wait(10_000);
    ended(bench);
    const part = partOf(bench.target('h2'), 'a');
    tell(bench, { type: 'settle', ...of('a'), costMicro: part.costMicro + 1n });
    expect(part.settledMicro).toBe(null);
    tell(bench, { type: 'settle', ...of('a'), costMicro: part.costMicro });
    expect(part.settledMicro).toBe(part.costMicro);
    tell(bench, { type: 'settle', ...of('a'), costMicro: 0n });
    expect(part.settledMicro).toBe(part.costMicro);
  });

  it('is not settled by a hub that is not its first hub', () => {
    const bench = running().wait(10_000);
    ended(bench);
    tell(bench, { type: 'settle', ...of('a'), costMicro: 0n }, 'h3');
    expect(partOf(bench.target('h2'), 'a').settledMicro).toBe(null);
  });

  it('leaves memory when it is settled and old', () => {
    const bench = running().wait(10_000);
    ended(bench);
    tell(bench, { type: 'settle', ...of('a'), costMicro: 0n });
    bench.wait(2 * DEFAULT_TIMING.retainMs);
    expect(bench.target('h2').parts.parts.size).toBe(0);
  });
});
