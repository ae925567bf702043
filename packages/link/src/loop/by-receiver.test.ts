/** Bundling what one step sends. */
import type { Send } from '@sparegrid/core/step';
import { describe, expect, it } from 'vitest';
import { byReceiver } from './by-receiver.ts';

function send(to: string, session: string | null, payload: string): Send {
  return { to, session, message: { type: 'relayed', from: 'p1.h1', payload } };
}

describe('bundling by receiver', () => {
  it('makes one bundle per receiver and connection, in order', () => {
    const bundles = byReceiver([
      send('h2', null, '1'),
      send('l1.h1', 'a', '2'),
      send('h2', null, '3'),
      send('l1.h1', 'b', '4'),
      send('l1.h1', 'a', '5'),
    ]);
    const texts = bundles.map(({ to, session, messages }) => [
      to,
      session,
      messages.map((message) => (message.type === 'relayed' ? message.payload : '')).join(),
    ]);
    expect(texts).toEqual([
      ['h2', null, '1,3'],
      ['l1.h1', 'a', '2,5'],
      ['l1.h1', 'b', '4'],
    ]);
  });
});
