/** Calls share what they learn of their hub, and nothing of each other's ends. */
import { expect, test } from 'vitest';
import { UnavailableError } from './errors.ts';
import type { HttpAnswer, HttpAsk } from './http-ask.ts';
import { HttpLink } from './http-link.ts';

const SIGNER = { sign: async () => 'c2ln', digest: async () => 'ZGln' };
const STATUS = { op: 'hub.status' } as const;

function answerOf(value: unknown): HttpAnswer {
  const text = JSON.stringify(value);
  const pieces = async function* () {
    yield new TextEncoder().encode(text);
  };
  return { ok: true, status: 200, text: async () => text, pieces };
}

function linkWith(ask: HttpAsk): HttpLink {
  const urls = ['http://hub'];
  return new HttpLink({ urls, hub: 'h1', participant: 'lea.h1', signer: SIGNER, ask });
}

test('a call that gives up while it looks for the hub takes no other one with it', async () => {
  let looks = 0;
  const looked = Promise.withResolvers<void>();
  const link = linkWith((url, { signal }) => {
    if (!url.endsWith('/v1/health'))
      return Promise.reject(new UnavailableError('SDK_BAD_ANSWER', 'asked'));
    looks += 1;
    if (looks > 1) return Promise.resolve(answerOf({ ok: true, hub: 'h1', epoch: 1 }));
    looked.resolve();
    return new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason)),
    );
  });
  const leaving = new AbortController();
  const first = link.request(STATUS, { signal: leaving.signal });
  await looked.promise;
  const second = link.request(STATUS, {});
  const reason = new UnavailableError('SDK_CLOSED', 'the first one left');
  leaving.abort(reason);
  await expect(first).rejects.toBe(reason);
  await expect(second).rejects.toThrow('asked');
  expect(looks).toBe(2);
});

test('a call whose signal has aborted before asks nobody', async () => {
  let asked = 0;
  const link = linkWith(async () => {
    asked += 1;
    return answerOf({ ok: true, hub: 'h1', epoch: 1 });
  });
  const reason = new Error('never mind');
  await expect(link.request(STATUS, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(asked).toBe(0);
});
