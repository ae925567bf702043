/** Results reach the lessee's hub once, whole, and no larger than it keeps. */
import { describe, expect, it } from 'vitest';
import { buyOrder } from '../../test/fixtures.ts';
import { sealed } from '../../test/sealed.ts';
import { twoHubs, type World } from '../../test/world.ts';
import type { LogChunk, Request } from '../messages.ts';

function job(world = twoHubs()) {
  world.start().offer('bob.h2');
  const order = world.submit('lea.h1', buyOrder({ kind: 'job', durationMs: 60_000 }));
  const [container] = world.agent('bob.h2').running as [string];
  const leave = (texts: string[], stream: LogChunk['stream'] = 'result') => {
    for (const text of texts) {
      world.agent('bob.h2').step([{ kind: 'log', container, stream, text }]);
    }
    world.settle();
  };
  const ask = (request: Request) => {
    const id = world.lessee('lea.h1').ask(request);
    world.settle();
    return world.lessee('lea.h1').replyTo(id);
  };
  return { world, order, container, leave, ask };
}

const keptIn = (world: World, table: string) => world.hub('h1').store.keys(table);

describe('results', () => {
  it('are listed, also after a restart of the hub, and complete once the end came', () => {
    const { world, order, container, leave, ask } = job();
    leave([sealed(3), sealed(1)]);
    const list = { op: 'result.list', order } as const;
    expect(ask(list)).toMatchObject({ results: [{ container, bytes: 4, state: 'partial' }] });
    leave([sealed(0, 'end')]);
    world.restart(world.hub('h1'));
    world.settle();
    expect(ask(list)).toMatchObject({ results: [{ container, bytes: 4, state: 'complete' }] });
    expect(keptIn(world, 'result').length).toBe(3);
  });

  it('above the limit are not kept, and say so', () => {
    const { world, order, container, leave, ask } = job(twoHubs({ limits: { resultBytes: 5 } }));
    leave([sealed(3), sealed(3), sealed(3), sealed(0, 'end')]);
    expect(keptIn(world, 'result')).toEqual([]);
    const read = { op: 'result.read', order, container, after: 0 } as const;
    expect(ask(read)).toMatchObject({ ok: false, code: 'RESULT_TOO_LARGE' });
  });

  it('are gone when they were dropped, or when their time is over', () => {
    const { world, order, container, leave, ask } = job(
      twoHubs({ limits: { resultKeepMs: 90_000 } }),
    );
    leave([sealed(3), sealed(0, 'end')]);
    expect(ask({ op: 'result.drop', order, container })).toMatchObject({ ok: true });
    expect(keptIn(world, 'result')).toEqual([]);
    const again = ask({ op: 'result.drop', order, container });
    expect(again).toMatchObject({ ok: false, code: 'RESULT_UNKNOWN' });
    const other = job(twoHubs({ limits: { resultKeepMs: 5_000 } }));
    other.leave([sealed(3), sealed(0, 'end')]);
    other.world.run(6_000);
    expect(keptIn(other.world, 'result')).toEqual([]);
  });

  it('are nobody else’s business', () => {
    const { world, order, container, leave } = job(twoHubs({ lessees: ['lea.h1', 'len.h1'] }));
    leave([sealed(3), sealed(0, 'end')]);
    const reply = world.ask('len.h1', { op: 'result.read', order, container, after: 0 });
    expect(reply).toMatchObject({ ok: false, code: 'RESULT_UNKNOWN' });
  });
});

describe('records of a lease', () => {
  it('are kept by kind, each up to its own limit', () => {
    const { world, leave } = job(twoHubs({ limits: { logChunksPerContainer: 2 } }));
    leave(['1', '2', '3'], 'stdout');
    leave(['{}', '{}', '{}'], 'usage');
    leave(['{}'], 'life');
    const counts = ['log', 'usage', 'life'].map((table) => keptIn(world, table).length);
    expect(counts).toEqual([2, 2, 1]);
  });
});
