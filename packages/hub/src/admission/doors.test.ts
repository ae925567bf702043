/** The admission door and the control door: real sockets, certificates and a real core behind them. */
import { hash, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { DEFAULT_TIMING } from '@sparegrid/core/agreement/timing';
import { DEFAULT_LIMITS } from '@sparegrid/core/hub/config';
import { HubCore } from '@sparegrid/core/hub/hub-core';
import { type KeyChain, signKeys, signOrganization } from '@sparegrid/core/identity/statements';
import { documentReader } from '@sparegrid/link/documents';
import { askToJoin, askToRenew, fetchAuthority } from '@sparegrid/link/identity/admission-client';
import {
  type Certified,
  createAuthority,
  createRequest,
  factsOf,
  issue,
} from '@sparegrid/link/identity/certificates';
import { tokenDigest } from '@sparegrid/link/identity/join-token';
import { generateKey, publicKeyOf } from '@sparegrid/link/keys';
import { freePorts } from '@sparegrid/link/nats/free-ports';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AdmissionDoor } from './admission-door.ts';
import { AdmissionPort } from './admission-port.ts';
import { ControlDoor } from './control-door.ts';
import { controlHub } from './control-hub.ts';
import { Issuer } from './issuer.ts';

const DAY_MS = 86_400_000;
const acme = { id: 'acme', name: 'Acme', kind: 'company' } as const;

const directory = mkdtempSync(join(tmpdir(), 'sg-doors-'));
const at = (name: string): string => join(directory, name);

const [hubKey, operatorKey, acmeKey, memberKey] = [1, 2, 3, 4].map(generateKey) as [
  KeyObject,
  KeyObject,
  KeyObject,
  KeyObject,
];

function chainOf(subject: string, key: KeyObject, revision = 1): KeyChain {
  const dates = { notBeforeMs: Date.now() - DAY_MS, notAfterMs: Date.now() + DAY_MS };
  const base = { network: 'net', revision, ...dates };
  const keys = {
    ...base,
    organization: 'acme',
    subject,
    kind: 'agent',
    signKey: publicKeyOf(key),
    sealKey: `${'_'.repeat(42)}E`,
  } as const;
  const upper = { ...base, organization: acme, signKey: publicKeyOf(acmeKey) };
  return {
    organization: signOrganization(nodeCrypto(operatorKey), upper),
    key: signKeys(nodeCrypto(acmeKey), keys),
  };
}

/** A core whose steps are answered at once. */
function newPort(): AdmissionPort {
  const config = {
    id: 'h1',
    peers: [{ id: 'h1', publicKey: publicKeyOf(hubKey) }],
    participants: [],
    network: { network: 'net', operatorKey: publicKeyOf(operatorKey) },
    timing: DEFAULT_TIMING,
    limits: DEFAULT_LIMITS,
  };
  const env = { crypto: nodeCrypto(hubKey), documents: documentReader };
  const now = () => ({ elapsedMs: Math.floor(performance.now()), wallMs: Date.now() });
  const core = new HubCore(config, env, now(), []);
  const port = new AdmissionPort(async (input) => {
    for (const effect of core.step(now(), [input]).effects) {
      if (effect.kind === 'answer') port.answered(effect.ticket, effect.answer);
    }
  });
  return port;
}

describe('the admission door', () => {
  let authority: Certified;
  let door: AdmissionDoor;
  let port: AdmissionPort;
  let address: { hub: string; host: string; port: number; authority: string };
  let secret: string;
  let control: ControlDoor;

  beforeAll(async () => {
    authority = await createAuthority('subnet of h1', 1, Date.now());
    const { request: asked, key } = await createRequest('h1');
    const leaf = { name: 'h1', hosts: ['127.0.0.1'], days: 1 };
    writeFileSync(at('authority.pem'), authority.cert);
    writeFileSync(at('authority.key'), authority.key, { mode: 0o600 });
    writeFileSync(at('local.pem'), await issue(authority, asked, leaf, Date.now()));
    writeFileSync(at('local.key'), key, { mode: 0o600 });
    port = newPort();
    const [free] = await freePorts(1);
    door = await AdmissionDoor.open({
      host: '127.0.0.1',
      port: free as number,
      tls: { certFile: at('local.pem'), keyFile: at('local.key'), caFile: at('authority.pem') },
      issuer: new Issuer(at('authority.pem'), at('authority.key')),
      crypto: nodeCrypto(hubKey),
      admissions: port,
      hub: { id: 'h1', publicKey: publicKeyOf(hubKey), local: ['nats://127.0.0.1:1'], http: null },
      wallMs: () => Date.now(),
    });
    address = { hub: 'h1', host: '127.0.0.1', port: door.port, authority: authority.cert };
    control = await ControlDoor.open(at('control.sock'), {
      ask: (asked) => port.ask(asked),
      reload: () => door.reload(),
    });
  });

  beforeEach(async () => {
    const answer = await controlHub(at('control.sock'), {
      op: 'token.create',
      ttlMs: 60_000,
      role: 'lessor',
      organization: { id: 'acme', kind: 'company' },
      participant: null,
    });
    if (!answer.ok || answer.op !== 'token.create') throw new Error(JSON.stringify(answer));
    secret = answer.secret;
  });

  afterAll(async () => {
    await control?.close();
    await door?.close();
    rmSync(directory, { recursive: true });
  });

  const pinOf = (cert: string): string => hash('sha256', new X509Certificate(cert).raw, 'hex');
  const token = () => ({ hub: 'h1', host: '127.0.0.1', port: door.port, secret });

  async function post(path: string, body: string, options: object = {}) {
    const asked = request({
      host: '127.0.0.1',
      port: door.port,
      path,
      method: 'POST',
      ca: authority.cert,
      servername: 'h1',
      agent: false,
      ...options,
    });
    const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
      asked.once('response', resolve);
      // Also after the answer: who is told that it says too much may still be saying it.
      asked.on('error', reject);
      asked.end(body);
    });
    const answer = JSON.parse(await text(response)) as { ok: boolean; code?: string };
    return { status: response.statusCode, ...answer };
  }

  test('shows its authority to whoever knows the digest of it, and to nobody else', async () => {
    const pin = pinOf(authority.cert);
    const found = await fetchAuthority({ ...token(), authority: pin });
    expect(pinOf(found)).toBe(pin);
    const other = fetchAuthority({ ...token(), authority: 'ab'.repeat(32) });
    await expect(other).rejects.toThrow(/ADMISSION_AUTHORITY/);
  });

  test('admits, certifies the admitted name only, and renews with other keys', async () => {
    const { request: asked } = await createRequest('somebody-else');
    const member = { participant: 'a1.h1', chain: chainOf('a1.h1', memberKey), request: asked };
    const joined = await askToJoin(address, secret, { ...member, signKey: memberKey });
    if (!joined.ok) throw new Error(joined.hint);
    expect(joined.hub.publicKey).toBe(publicKeyOf(hubKey));
    expect(factsOf(joined.certificate, Date.now()).names).toEqual(['a1.h1']);
    const issuer = new X509Certificate(authority.cert);
    expect(new X509Certificate(joined.certificate).verify(issuer.publicKey)).toBe(true);

    const next = generateKey();
    const later = { ...member, chain: chainOf('a1.h1', next, 2), signKey: next };
    const stranger = await askToRenew(address, later, generateKey(), Date.now());
    expect(stranger).toMatchObject({ ok: false, code: 'ADMISSION_PROOF' });
    expect(await askToRenew(address, later, memberKey, Date.now())).toMatchObject({ ok: true });
  });

  test('a request that cannot be certified does not use the token up', async () => {
    const key = generateKey();
    const member = { participant: 'a2.h1', chain: chainOf('a2.h1', key), signKey: key };
    const bad = await askToJoin(address, secret, { ...member, request: 'hello' });
    expect(bad).toMatchObject({ code: 'LINK_MALFORMED' });
    const { request: asked } = await createRequest('a2.h1');
    expect(await askToJoin(address, secret, { ...member, request: asked })).toMatchObject({
      ok: true,
    });
  });

  test('a certificate request of somebody else does not pass for the one that was signed', async () => {
    const key = generateKey();
    const [mine, thief] = [await createRequest('a3.h1'), await createRequest('a3.h1')];
    const crypto = nodeCrypto(key);
    const { joinText } = await import('@sparegrid/core/hub/admission');
    const signed = { participant: 'a3.h1', token: tokenDigest(secret) };
    const requestDigest = crypto.digest(mine.request);
    const proof = crypto.sign(joinText('h1', { ...signed, requestDigest }));
    const chain = chainOf('a3.h1', key);
    const body = { participant: 'a3.h1', secret, chain, request: thief.request, proof };
    expect(await post('/v1/join', JSON.stringify(body))).toMatchObject({
      ok: false,
      code: 'ADMISSION_PROOF',
    });
  });

  test.each([
    ['nothing', '/v1/join', '', 400, 'LINK_MALFORMED'],
    ['no JSON', '/v1/join', '{', 400, 'LINK_MALFORMED'],
    ['an empty object', '/v1/renew', '{}', 400, 'LINK_MALFORMED'],
    ['too much', '/v1/join', 'x'.repeat(100_000), 413, 'LINK_TOO_LARGE'],
    ['another path', '/v1/expel', '{}', 404, 'LINK_MALFORMED'],
  ])('answers %s with a code', async (_what, path, body, status, code) => {
    expect(await post(path, body)).toMatchObject({ ok: false, status, code });
  });

  test('speaks TLS 1.3 and nothing older', async () => {
    await expect(post('/v1/join', '{}', { maxVersion: 'TLSv1.2' })).rejects.toThrow();
  });

  test('who is not there is said to be unreachable', async () => {
    const [free] = await freePorts(1);
    const away = { ...address, port: free as number };
    const { request: asked } = await createRequest('a4.h1');
    const member = { participant: 'a4.h1', chain: chainOf('a4.h1', memberKey), request: asked };
    const joining = askToJoin(away, secret, { ...member, signKey: memberKey });
    await expect(joining).rejects.toMatchObject({ code: 'ADMISSION_UNREACHABLE', retryable: true });
  });

  test('the control door is for its owner only, and answers nonsense with a code', async () => {
    expect(statSync(at('control.sock')).mode & 0o777).toBe(0o600);
    for (const line of ['', 'hello', '{"op":"shutdown"}', '{"op":"participant.expel"}']) {
      const socket = connect(at('control.sock'));
      socket.end(`${line}\n`);
      expect(JSON.parse(await text(socket))).toMatchObject({ ok: false, code: 'LINK_MALFORMED' });
    }
    const unknown = { op: 'participant.expel', participant: 'nobody.h1' } as const;
    expect(await controlHub(at('control.sock'), unknown)).toMatchObject({
      code: 'ADMISSION_UNKNOWN',
    });
    expect(await controlHub(at('control.sock'), { op: 'reload' })).toMatchObject({ ok: true });
  });
});
