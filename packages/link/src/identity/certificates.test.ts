/** What an authority puts into certificates, whatever it is asked, and what is read of them. */
import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type Certified,
  createAuthority,
  createRequest,
  factsOf,
  isHost,
  isPair,
  issue,
} from './certificates.ts';

const NOW = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;

describe('a certificate', () => {
  let authority: Certified;
  beforeAll(async () => {
    authority = await createAuthority('hub h1', 100, NOW);
  });

  test('has the name that the authority decided, not the one of the request', async () => {
    const { request, key } = await createRequest('h2');
    const leaf = { name: 'a1.h1', hosts: [], days: 30 };
    const cert = await issue(authority, request, leaf, NOW);
    expect(factsOf(cert, NOW).names).toEqual(['a1.h1']);
    expect(new X509Certificate(cert).subject).toBe('CN=a1.h1');
    expect(new X509Certificate(cert).verify(new X509Certificate(authority.cert).publicKey)).toBe(
      true,
    );
    expect(isPair(cert, key)).toBe(true);
    expect(isPair(cert, (await createRequest('a1.h1')).key)).toBe(false);
    expect(isPair('no certificate', key)).toBe(false);
  });

  test('is due when a third of its life is left', async () => {
    const { request } = await createRequest('h1');
    const leaf = { name: 'h1', hosts: ['127.0.0.1', 'hub.example'], days: 30 };
    const cert = await issue(authority, request, leaf, NOW);
    const { hosts, notAfterMs, isDue } = factsOf(cert, NOW);
    expect(hosts).toEqual(['127.0.0.1', 'hub.example']);
    expect(notAfterMs).toBe(NOW + 30 * DAY_MS);
    expect(isDue).toBe(false);
    expect(factsOf(cert, NOW + 19 * DAY_MS).isDue).toBe(false);
    expect(factsOf(cert, NOW + 21 * DAY_MS).isDue).toBe(true);
    expect(factsOf(cert, NOW + 31 * DAY_MS).isDue).toBe(true);
  });

  test('is not made of anything but a request that its own key signed', async () => {
    const leaf = { name: 'a1.h1', hosts: [], days: 30 };
    const { request } = await createRequest('a1.h1');
    const half = request.slice(0, request.length / 2);
    for (const bad of ['', 'hello', authority.cert, half]) {
      await expect(issue(authority, bad, leaf, NOW)).rejects.toThrow(/CERTIFICATE_MALFORMED/);
    }
    expect(() => factsOf('hello', NOW)).toThrow(/CERTIFICATE_MALFORMED/);
  });
});

test.each(['127.0.0.1', '::1', 'localhost', 'hub1.example.org', 'a-b.example'])(
  '%s may stand beside a name in a certificate',
  (host) => expect(isHost(host)).toBe(true),
);

test.each(['h2', 'H2', 'hub', '', '.', 'a..b', 'a b.c', '*.example.org', 'a_b.example'])(
  '%j may not: it could be a hub',
  (host) => expect(isHost(host)).toBe(false),
);
