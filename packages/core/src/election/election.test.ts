import { describe, expect, it } from 'vitest';
import { ElectionNetwork, PATIENCE_MS } from '../../test/election-network.ts';
import type { SignedDocument } from '../units/document.ts';
import { TERM_STEP_MAX } from './election.ts';

const ROUND_MS = 4 * PATIENCE_MS;

function elected(count = 3, witnesses: string[] = []) {
  const network = new ElectionNetwork(count, witnesses).run(ROUND_MS);
  const leader = network.leader;
  if (!leader) throw new Error('nobody leads');
  const others = [...network.voters.keys()].filter((id) => id !== leader);
  return { network, leader, others, term: network.voter(leader).election.term };
}

describe('an election', () => {
  /** @patent PAN-7 */
  it('gives all hubs one leader', () => {
    const { network, leader } = elected(5);
    expect(network.followed).toEqual(Array(5).fill(leader));
  });

  it('of one voter is won at once', () => {
    expect(elected(1).leader).toBe('h1');
  });

  /** @patent PAN-8 */
  it('is held again when the leader is lost, in a higher term', () => {
    const { network, leader, term } = elected();
    network.kill(leader);
    network.run(ROUND_MS);
    expect(network.leader).not.toBeNull();
    expect(network.leader).not.toBe(leader);
    const next = network.voter(network.leader as string).election;
    expect(next.term).toBeGreaterThan(term);
  });

  it('has no winner without a majority, and a leader without one steps down', () => {
    const { network, leader, others } = elected();
    for (const other of others) network.kill(other);
    network.run(ROUND_MS);
    expect(network.voter(leader).election.isLeader).toBe(false);
    network.restart(others[0] as string);
    network.run(2 * ROUND_MS);
    expect(network.leader).not.toBeNull();
  });

  it('never makes a witness lead, but counts its vote', () => {
    const { network, leader } = elected(3, ['h3']);
    expect(leader).not.toBe('h3');
    network.kill(leader);
    network.run(2 * ROUND_MS);
    expect(network.leader).toBe(leader === 'h1' ? 'h2' : 'h1');
  });

  it('is not disturbed by a hub that hears nobody: its term stays', () => {
    const { network, leader, others, term } = elected();
    const deaf = others[0] as string;
    network.isCut = (_from, to) => to === deaf;
    network.run(10 * ROUND_MS);
    expect(network.voter(deaf).election.term).toBe(term);
    network.isCut = () => false;
    network.run(ROUND_MS);
    expect(network.followed).toEqual([leader, leader, leader]);
    expect(network.voter(leader).election.term).toBe(term);
  });

  it('gives one vote per term, also after a restart, and gives the same again when asked twice', () => {
    const network = new ElectionNetwork(3);
    network.run(PATIENCE_MS - 1, false);
    network.nowMs += PATIENCE_MS;
    network.letters = [];
    const ask = { type: 'election-ask', election: 'master', term: 7, trial: false } as const;
    network.deliver({ from: 'h1', to: 'h3', message: ask });
    network.restart('h3');
    network.deliver({ from: 'h2', to: 'h3', message: ask });
    network.deliver({ from: 'h1', to: 'h3', message: ask });
    const answers = network.letters.map(({ to, message }) => [
      to,
      'granted' in message && message.granted,
    ]);
    expect(answers).toEqual([
      ['h1', true],
      ['h2', false],
      ['h1', true],
    ]);
  });

  it('is heard of a hub that went on to a later term: the leader is elected anew', () => {
    const { network, leader, others } = elected();
    const ahead = others[0] as string;
    network.kill(ahead);
    network.start(ahead, { term: 9, votedFor: ahead });
    network.run(ROUND_MS);
    expect(network.followed).toEqual([leader, leader, leader]);
    expect(network.voter(leader).election.term).toBeGreaterThan(9);
  });
});

describe('a liar', () => {
  it('does not lead without the votes of a majority', () => {
    const { network, leader, others, term } = elected();
    const [liar, victim] = others as [string, string];
    const lead = { type: 'election-lead', election: 'master', term: term + 1 } as const;
    network.deliver({ from: liar, to: victim, message: { ...lead, votes: [] } });
    expect(network.voter(victim).election.leader).toBe(leader);
  });

  it('does not lead with votes for somebody else, of another term, or twice the same', () => {
    const { network, others, term } = elected();
    const [liar, victim] = others as [string, string];
    let stolen: SignedDocument[] = [];
    network.run(PATIENCE_MS, false);
    for (const { message } of network.letters) {
      if (message.type === 'election-lead') stolen = [...message.votes, ...message.votes];
    }
    expect(stolen.length).toBeGreaterThan(2);
    for (const claimed of [term, term + 1]) {
      network.deliver({
        from: liar,
        to: victim,
        message: {
          type: 'election-lead',
          election: 'master',
          term: claimed,
          votes: stolen as never,
        },
      });
    }
    expect(network.voter(victim).election.leader).not.toBe(liar);
  });

  it('cannot use up the terms', () => {
    const { network, others, term } = elected();
    const [liar, victim] = others as [string, string];
    network.nowMs += 2 * PATIENCE_MS;
    const ask = { type: 'election-ask', election: 'master', trial: false } as const;
    const far = Number.MAX_SAFE_INTEGER - 1;
    network.deliver({ from: liar, to: victim, message: { ...ask, term: far } });
    network.deliver({
      from: liar,
      to: victim,
      message: { ...ask, term: term + TERM_STEP_MAX + 1 },
    });
    expect(network.voter(victim).election.term).toBe(term);
  });

  it('that invents terms costs the leader no more than a vote now and then', () => {
    const { network, leader, others, term } = elected();
    const liar = others[0] as string;
    for (let told = 0; told < 50; told += 1) {
      const at = network.voter(leader).election.term;
      const message = { type: 'election-follow', election: 'master', term: at + 1 } as const;
      network.deliver({ from: liar, to: leader, message });
      network.run(100);
    }
    expect(network.leader).toBe(leader);
    expect(network.voter(leader).election.term).toBeLessThan(term + 10);
  });

  it('that is no voter is not heard', () => {
    const { network, leader, term } = elected();
    const ask = { type: 'election-ask', election: 'master', term: term + 1, trial: false } as const;
    network.voter(leader).election.handle('h9', ask);
    network.nowMs += 2 * PATIENCE_MS;
    network.voter('h2').election.handle('h9', ask);
    expect(network.letters.filter(({ to }) => to === 'h9')).toEqual([]);
  });
});
