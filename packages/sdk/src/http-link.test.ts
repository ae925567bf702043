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

function linkWith(ask: HttpAsk, urls = ['http://hub']): HttpLink {
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

const HUB_AND_STANDBY = ['http://a', 'http://b'];
const LIST = { op: 'order.list', after: null } as const;
const LISTED = { ok: true, op: 'order.list', orders: [], next: null } as const;

function silence(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}

test('a hub that froze is left as soon as its standby serves', async () => {
  let isFrozen = false;
  let looks = 0;
  const asked: string[] = [];
  const ask: HttpAsk = async (url, { signal }) => {
    const { origin, pathname } = new URL(url);
    if (isFrozen && origin === 'http://a') return silence(signal);
    if (pathname !== '/v1/health') {
      asked.push(origin);
      isFrozen = true;
      return origin === 'http://a' ? silence(signal) : answerOf(LISTED);
    }
    if (origin === 'http://a') return answerOf({ hub: 'h1', epoch: 1 });
    // It does not serve yet when it is looked for after the first silence.
    if (isFrozen) looks += 1;
    if (looks < 2) throw new Error('refused');
    return answerOf({ hub: 'h1', epoch: 2 });
  };
  const link = linkWith(ask, HUB_AND_STANDBY);
  expect(await link.request(LIST, {})).toEqual(LISTED);
  expect(asked).toEqual(['http://a', 'http://b']);
  await link.close();
});

test('a hub that is only slow is asked once', async () => {
  let looks = 0;
  const isSlow = Promise.withResolvers<void>();
  const asked: string[] = [];
  const ask: HttpAsk = async (url) => {
    const { origin, pathname } = new URL(url);
    if (pathname !== '/v1/health') {
      asked.push(origin);
      await isSlow.promise;
      return answerOf(LISTED);
    }
    if (origin === 'http://a') return answerOf({ hub: 'h1', epoch: 1 });
    looks += asked.length;
    if (looks === 2) isSlow.resolve();
    throw new Error('refused');
  };
  const link = linkWith(ask, HUB_AND_STANDBY);
  expect(await link.request(LIST, {})).toEqual(LISTED);
  expect(asked).toEqual(['http://a']);
  await link.close();
});

test('who serves is found while another address says nothing at all', async () => {
  let looks = 0;
  const ask: HttpAsk = async (url, { signal }) => {
    const { origin, pathname } = new URL(url);
    if (origin === 'http://a') return silence(signal);
    if (pathname !== '/v1/health') return answerOf(LISTED);
    looks += 1;
    if (looks < 3) throw new Error('refused');
    return answerOf({ hub: 'h1', epoch: 2 });
  };
  const link = linkWith(ask, HUB_AND_STANDBY);
  expect(await link.request(LIST, {})).toEqual(LISTED);
  await link.close();
});
