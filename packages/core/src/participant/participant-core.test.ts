import { describe, expect, it } from 'vitest';
import { AgentBench, container } from '../../test/agent-bench.ts';
import { resourceSpec, sellOrder } from '../../test/fixtures.ts';

const running = { running: true };

describe('the desired set', () => {
  it('is converged to: what is new starts, what is gone stops', () => {
    const bench = new AgentBench().desire(1, [container('a.0'), container('a.1')]);
    expect(bench.agent.running).toEqual(['a.0', 'a.1']);
    bench.desire(2, [container('a.1')]);
    expect(bench.agent.running).toEqual(['a.1']);
    bench.wait(1_500);
    expect(bench.agent.core.containers.has('a.0')).toBe(false);
  });

  it('does not make the agent forget a container before its hub knows of the exit', () => {
    const bench = new AgentBench().desire(1, [container('a.0')]);
    bench.acknowledges = false;
    bench.desire(2, []).wait(5_000);
    expect(bench.agent.core.containers.has('a.0')).toBe(true);
    bench.acknowledges = true;
    bench.wait(1_500);
    expect(bench.agent.core.containers.has('a.0')).toBe(false);
  });

  it('of an older revision or epoch changes nothing', () => {
    const bench = new AgentBench().desire(5, [container('a.0')], 2);
    bench.desire(4, [], 2).desire(9, [], 1);
    expect(bench.agent.running).toEqual(['a.0']);
    bench.desire(0, [], 3);
    expect(bench.agent.running).toEqual([]);
  });

  it('goes on from a version that was applied by what changed since', () => {
    const bench = new AgentBench().desire(1, [container('a.0'), container('b.0')]);
    bench.change(1, 3, [container('c.0')], ['a.0', 'never.0']);
    expect(bench.agent.running).toEqual(['b.0', 'c.0']);
    // The same since an older version, as long as the hub does not know how far this agent is.
    bench.change(1, 4, [container('c.0'), container('d.0')], ['a.0']);
    expect(bench.agent.running).toEqual(['b.0', 'c.0', 'd.0']);
  });

  it('does not go on from a version that never came: the next report says so', () => {
    const bench = new AgentBench().desire(1, [container('a.0')]);
    bench.take();
    bench.change(2, 3, [container('b.0')], ['a.0']);
    bench.change(1, 9, [], ['a.0'], 2);
    expect(bench.agent.running).toEqual(['a.0']);
    expect(bench.take()).toContainEqual(expect.objectContaining({ type: 'status', revision: 1 }));
  });

  it('may come twice', () => {
    const bench = new AgentBench().desire(1, [container('a.0')]).desire(1, [container('a.0')]);
    expect(bench.agent.started).toHaveLength(1);
  });

  it('is reported with its version and the state of every container until the hub knows it', () => {
    const bench = new AgentBench(() => ({ runMs: 500, exitCode: 3 }));
    const lastReport = () =>
      bench
        .wait(1_000)
        .take()
        .filter(({ type }) => type === 'status')
        .at(-1);
    const all = {
      ...{ epoch: 1, revision: 7, gone: [] },
      containers: [{ id: 'a.0', state: 'exited', exitCode: 3, reason: 'exit', started: true }],
    };
    bench.acknowledges = false;
    bench.desire(7, [container('a.0')]).wait(1_500);
    const told = lastReport();
    expect(told).toMatchObject({ ...all, since: null });
    if (told?.type !== 'status') throw new Error('no report');
    bench.tell({ type: 'status-ack', seq: told.seq });
    expect(lastReport()).toMatchObject({ revision: 7, since: told.seq, containers: [], gone: [] });
    bench.tell({ type: 'welcome', hub: 'h1', epoch: 1, collect: 'push' });
    expect(lastReport()).toMatchObject({ ...all, since: null });
  });

  it('holds after a restart, and starts nothing again', () => {
    const bench = new AgentBench().desire(1, [container('a.0')]).restartAgent();
    bench.desire(1, [container('a.0')]).desire(2, [container('a.0')]);
    expect(bench.agent.started).toHaveLength(1);
    bench.desire(1, []);
    expect(bench.agent.running).toEqual(['a.0']);
  });

  it('never starts a container again that ended, not even after a restart', () => {
    const bench = new AgentBench().desire(1, [container('a.0')]).desire(2, []);
    bench.restartAgent().desire(3, [container('a.0')]);
    expect(bench.agent.started).toHaveLength(1);
    expect(bench.agent.running).toEqual([]);
  });

  it('tells of a container that could not start', () => {
    const bench = new AgentBench(() => ({ starts: false })).desire(1, [container('a.0')]);
    expect(bench.stateOf('a.0')).toBe('start-failed');
  });
});

describe('a container ends by the agent’s own clock', () => {
  it('a tenth before its duration is over, counted from when billing was seen to begin', () => {
    const bench = new AgentBench().desire(1, [container('a.0')]).wait(5_000);
    bench.desire(2, [container('a.0', running)]).wait(8_999);
    expect(bench.stateOf('a.0')).toBe('running');
    expect(bench.wait(1).stateOf('a.0')).toBe('duration');
    const stops = bench.agent.effects.filter((effect) => effect.kind === 'stop');
    expect(stops).toEqual([{ kind: 'stop', id: 'a.0', graceMs: 1_000 }]);
  });

  it('and is not begun again afterwards, however late the order to do so comes', () => {
    const bench = new AgentBench(() => ({ runMs: 500, exitCode: 3 }));
    bench.desire(1, [container('a.0', running)]).wait(10_000);
    bench.desire(2, [container('a.0', { ...running, attempt: 1 })]);
    expect(bench.agent.started).toHaveLength(1);
    expect(bench.agent.core.containers.get('a.0')).toMatchObject({
      desired: { attempt: 1 },
      state: 'exited',
      reason: 'duration',
    });
  });

  it('when it is not told in twice the start grace that the lease runs', () => {
    const bench = new AgentBench().desire(1, [container('a.0')]).wait(119_999);
    expect(bench.stateOf('a.0')).toBe('running');
    expect(bench.wait(1).stateOf('a.0')).toBe('grace');
  });

  it('when the hub is silent, counted from the last report that it acknowledged', () => {
    const bench = new AgentBench().desire(1, [
      container('a.0', { durationMs: 10 ** 9, running: true }),
    ]);
    bench.wait(30_000);
    bench.acknowledges = false;
    // The report that is acknowledged below is sent now; the answer comes ten seconds later.
    const sentAtMs = bench.elapsedMs + 1_000;
    bench.take();
    bench.wait(1_000);
    const report = bench.take().find(({ type }) => type === 'status');
    if (report?.type !== 'status') throw new Error('no report');
    bench.wait(10_000).tell({ type: 'status-ack', seq: report.seq });
    bench.wait(sentAtMs + 20_000 - 1 - bench.elapsedMs);
    expect(bench.stateOf('a.0')).toBe('running');
    expect(bench.wait(1).stateOf('a.0')).toBe('disconnect');
  });

  it('when the hub was silent while the agent was down, too', () => {
    const bench = new AgentBench().desire(1, [
      container('a.0', { durationMs: 10 ** 9, running: true }),
    ]);
    bench.wait(5_000);
    bench.acknowledges = false;
    bench.elapsedMs += 25_000;
    bench.restartAgent();
    expect(bench.stateOf('a.0')).toBe('disconnect');
  });

  it('not when only the connection is lost for a while', () => {
    const bench = new AgentBench().desire(1, [
      container('a.0', { durationMs: 10 ** 9, running: true }),
    ]);
    bench.wait(1_000);
    bench.agent.step([{ kind: 'hub-disconnected' }]);
    bench.acknowledges = false;
    bench.wait(15_000);
    bench.acknowledges = true;
    bench.agent.step([{ kind: 'hub-connected' }]);
    bench.tell({ type: 'welcome', hub: 'h1', epoch: 1, collect: 'push' }).wait(30_000);
    expect(bench.stateOf('a.0')).toBe('running');
  });
});

describe('reports', () => {
  const { participant, revision, ...spec } = resourceSpec('ann.h1');
  const { termsRevision, ...offered } = sellOrder('ann.h1');
  const offer = (({ participant: _p, revision: _r, ...rest }) => rest)(offered);

  it('of resources are sent once found, and never again while they stay the same', () => {
    const bench = new AgentBench();
    bench.take();
    bench.agent.step([{ kind: 'resource', spec }]);
    expect(bench.take().map(({ type }) => type)).toContain('resource');
    bench.tell({ type: 'accepted', what: 'resource', revision: 1 });
    bench.agent.step([{ kind: 'resource', spec }]);
    bench.acknowledges = false;
    bench.wait(60_000);
    expect(bench.take().map(({ type }) => type)).not.toContain('resource');
  });

  it('are sent again until the hub answered, and after each reconnection', () => {
    const bench = new AgentBench();
    bench.acknowledges = false;
    bench.agent.step([{ kind: 'offer', offer }]);
    bench.take();
    bench.wait(5_000);
    expect(bench.take().filter(({ type }) => type === 'offer').length).toBeGreaterThan(2);
    bench.tell({ type: 'accepted', what: 'offer', revision: 1 });
    bench.take();
    bench.wait(5_000);
    expect(bench.take().map(({ type }) => type)).not.toContain('offer');
    bench.restartAgent();
    expect(bench.take().map(({ type }) => type)).toContain('offer');
  });

  it('of an offer raise its revision each time, its termsRevision only with the terms', () => {
    const bench = new AgentBench();
    const sent = () => {
      const [message] = bench.take().filter(({ type }) => type === 'offer');
      if (message?.type !== 'offer') return null;
      const { revision, termsRevision } = JSON.parse(message.document.payload);
      return [revision, termsRevision];
    };
    const [lot] = offer.lots as [(typeof offer.lots)[0]];
    bench.take();
    bench.agent.step([{ kind: 'offer', offer }]);
    expect(sent()).toEqual([1, 1]);
    bench.agent.step([{ kind: 'offer', offer }]);
    expect(sent()).toBe(null);
    const amounts = { ...lot.amounts, cpuMillicores: 1 };
    bench.agent.step([{ kind: 'offer', offer: { ...offer, lots: [{ ...lot, amounts }] } }]);
    expect(sent()).toEqual([2, 1]);
    const labels = { region: 'eu' };
    bench.agent.step([{ kind: 'offer', offer: { ...offer, lots: [{ ...lot, labels }] } }]);
    expect(sent()).toEqual([3, 2]);
  });

  it('that the hub rejects are told to the operator and not repeated', () => {
    const bench = new AgentBench();
    bench.acknowledges = false;
    bench.agent.step([{ kind: 'offer', offer }]);
    const rejected = { type: 'rejected', what: 'offer', hint: '', revision: 1 } as const;
    bench.tell({ ...rejected, code: 'OFFER_ABOVE_SPEC', knownRevision: 0 });
    bench.take();
    bench.wait(5_000);
    expect(bench.take().map(({ type }) => type)).not.toContain('offer');
    expect(bench.agent.effects.at(-1)).toMatchObject({
      kind: 'rejected',
      code: 'OFFER_ABOVE_SPEC',
    });
  });

  it('that lost their store go on above the revision that the hub remembers', () => {
    const bench = new AgentBench();
    bench.acknowledges = false;
    bench.agent.step([{ kind: 'offer', offer }]);
    bench.take();
    const rejected = { type: 'rejected', what: 'offer', hint: '', revision: 1 } as const;
    bench.tell({ ...rejected, code: 'OFFER_REVISION', knownRevision: 41 });
    const [again] = bench.take().filter((message) => message.type === 'offer');
    const { revision, termsRevision } = JSON.parse(again?.document.payload ?? '{}');
    expect([revision, termsRevision]).toEqual([42, 42]);
  });

  it('are not sent again when only what was said before is rejected', () => {
    const bench = new AgentBench();
    bench.acknowledges = false;
    bench.agent.step([{ kind: 'offer', offer }]);
    bench.agent.step([{ kind: 'offer', offer: { ...offer, validUntilMs: 10 ** 12 } }]);
    bench.take();
    const rejected = { type: 'rejected', what: 'offer', hint: '', revision: 1 } as const;
    bench.tell({ ...rejected, code: 'OFFER_REVISION', knownRevision: 2 });
    expect(bench.take().map(({ type }) => type)).not.toContain('offer');
  });
});

describe('an agent', () => {
  it('says hello until it is welcomed', () => {
    const bench = new AgentBench();
    bench.acknowledges = false;
    bench.agent.step([{ kind: 'hub-connected' }]);
    bench.wait(3_000);
    expect(bench.take().filter(({ type }) => type === 'hello').length).toBeGreaterThan(2);
  });

  it('has another session in each life', () => {
    const bench = new AgentBench();
    const { session } = bench.agent.core;
    expect(bench.restartAgent().agent.core.session).not.toBe(session);
  });

  it('tells why its hub refused a frame of it', () => {
    const refused = {
      type: 'refused',
      code: 'LINK_FENCED',
      hint: 'epoch 7',
      knownEpoch: 7,
    } as const;
    const bench = new AgentBench().tell(refused);
    const told = { kind: 'frame-refused', from: 'h1', code: 'LINK_FENCED', hint: 'epoch 7' };
    expect(bench.agent.effects.at(-1)).toEqual({ ...told, nonce: null });
  });

  it('ignores what only hubs say to each other', () => {
    const bench = new AgentBench().tell({ type: 'snapshot-request', of: 'h1' });
    expect(bench.agent.effects.at(-1)).toMatchObject({ code: 'LINK_NOT_ALLOWED' });
  });
});
