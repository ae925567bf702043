import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogSender } from './log-sender.ts';

const WINDOW = 16;

const events = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.constant({ do: 'write' as const, ahead: 0 }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('ack' as const), ahead: fc.nat({ max: 30 }) }),
    },
    { weight: 1, arbitrary: fc.constant({ do: 'resend' as const, ahead: 0 }) },
  ),
  { maxLength: 150 },
);

describe('the log sender', () => {
  it('safety: sends chunks in order, and never more than its window ahead of the store', () => {
    fc.assert(
      fc.property(events, (history) => {
        const sender = new LogSender();
        let written = 0;
        let sent = 0;
        let stored = 0;
        const send = (seq: number) => {
          expect(seq).toBeLessThanOrEqual(Math.min(written, stored + WINDOW));
          if (seq > sent) expect(seq).toBe(sent + 1);
          sent = Math.max(sent, seq);
        };
        for (const { do: what, ahead } of history) {
          if (what === 'write') {
            written += 1;
            const chunk = sender.add('c', 'stdout', String(written));
            if (chunk) send(chunk.seq);
          } else if (what === 'ack') {
            // Only what was sent can be stored; acknowledgements may be old or come twice.
            const seq = Math.max(1, Math.min(sent, stored - 3 + ahead));
            const { isNew, more } = sender.acknowledge('c', seq);
            expect(isNew).toBe(seq > stored && seq <= written);
            if (isNew) stored = seq;
            for (const chunk of more) send(chunk.seq);
          } else {
            for (const message of sender.unacknowledged())
              if (message.type === 'log') send(message.seq);
          }
          expect(sender.waits('c')).toBe(written > stored);
        }
      }),
    );
  });

  it('liveness: everything is stored once every sent chunk is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), (count) => {
        const sender = new LogSender();
        for (let one = 0; one < count; one += 1) sender.add('c', 'stdout', String(one));
        for (let round = 0; sender.waits('c') && round < 100; round += 1) {
          for (const message of sender.unacknowledged()) {
            if (message.type === 'log') sender.acknowledge('c', message.seq);
          }
        }
        expect(sender.isEmpty).toBe(true);
      }),
    );
  });

  it('goes on after a restart from what was stored', () => {
    const sender = new LogSender();
    sender.restore('c', { acked: 7 });
    expect(sender.add('c', 'stdout', 'x')?.seq).toBe(8);
  });

  it('forgets a container', () => {
    const sender = new LogSender();
    sender.add('c', 'stdout', 'x');
    sender.forget('c');
    expect(sender.isEmpty).toBe(true);
  });
});
