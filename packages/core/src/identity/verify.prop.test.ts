import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { documents } from '../../test/documents.ts';
import { keysOf } from '../../test/keys.ts';
import { type SignedDocument, signDocument } from '../units/document.ts';
import {
  type HubList,
  type KeyChain,
  type KeyStatement,
  type OrganizationStatement,
  signHubList,
  signKeys,
  signOrganization,
} from './statements.ts';
import { type KeyWanted, verifyHubList, verifyKeyChain, verifyOrganization } from './verify.ts';

const operator = keysOf('the operator');
const acme = keysOf('acme');
const rival = keysOf('rival');
/** What a hub has: keys of its own, and everything that was ever signed for anybody. */
const hub = keysOf('h1');

const env = { crypto: hub.crypto, documents };
const anchor = { network: 'net', operatorKey: operator.publicKey };
const NOW = 1_800_000_000_000;
const time = { wallMs: NOW, toleranceMs: 600_000 };
const wanted: KeyWanted = { subject: 'a1.h1', kinds: ['agent'] };
const base = { network: 'net', revision: 3, notBeforeMs: NOW - 1_000, notAfterMs: NOW + 1_000 };

function organization(change: Partial<OrganizationStatement> = {}): OrganizationStatement {
  return {
    ...base,
    organization: { id: 'acme', name: 'Acme', kind: 'company' },
    signKey: acme.publicKey,
    ...change,
  };
}

function keys(change: Partial<KeyStatement> = {}): KeyStatement {
  return {
    ...base,
    organization: 'acme',
    subject: 'a1.h1',
    kind: 'agent',
    signKey: keysOf('a1.h1').publicKey,
    sealKey: 'x',
    ...change,
  };
}

function chainOf(upper: OrganizationStatement, lower: KeyStatement): KeyChain {
  return {
    organization: signOrganization(operator.crypto, upper),
    key: signKeys(acme.crypto, lower),
  };
}

const check = (chain: KeyChain, want = wanted, at = time) =>
  verifyKeyChain(env, anchor, chain, want, at);

describe('a chain of keys', () => {
  it('leads from the operator to the keys of an agent', () => {
    expect(check(chainOf(organization(), keys()))).toEqual({
      ok: true,
      value: { organization: organization(), keys: keys() },
    });
  });

  it.each<
    [string, string, Partial<OrganizationStatement>, Partial<KeyStatement>, Partial<KeyWanted>]
  >([
    ['organisation of another network', 'IDENTITY_NETWORK', { network: 'other' }, {}, {}],
    ['keys of another network', 'IDENTITY_NETWORK', {}, { network: 'other' }, {}],
    ['organisation of tomorrow', 'IDENTITY_NOT_YET', { notBeforeMs: NOW + 600_001 }, {}, {}],
    ['keys of tomorrow', 'IDENTITY_NOT_YET', {}, { notBeforeMs: NOW + 600_001 }, {}],
    ['organisation of yesterday', 'IDENTITY_EXPIRED', { notAfterMs: NOW - 600_001 }, {}, {}],
    ['keys of yesterday', 'IDENTITY_EXPIRED', {}, { notAfterMs: NOW - 600_001 }, {}],
    ['keys of another organisation', 'IDENTITY_ORGANIZATION', {}, { organization: 'rival' }, {}],
    ['an unexpected organisation', 'IDENTITY_ORGANIZATION', {}, {}, { organization: 'rival' }],
    ['keys of somebody else', 'IDENTITY_SUBJECT', {}, { subject: 'a2.h1' }, {}],
    ['keys of another hub’s participant', 'IDENTITY_SUBJECT', {}, { subject: 'a1.h2' }, {}],
    ['keys of another kind', 'IDENTITY_KIND', {}, { kind: 'user' }, {}],
    ['keys of an earlier revision', 'IDENTITY_OUTDATED', {}, {}, { revisionMin: 4 }],
  ])('is refused with %s', (_what, code, upper, lower, want) => {
    const chain = chainOf(organization(upper), keys(lower));
    expect(check(chain, { ...wanted, ...want })).toMatchObject({ ok: false, code });
  });

  it('is refused in the stated order: the organisation before the keys', () => {
    const chain = chainOf(organization({ notAfterMs: 0 }), keys({ network: 'other' }));
    expect(check(chain)).toMatchObject({ code: 'IDENTITY_EXPIRED' });
    const unread = { ...chain, key: signDocument(hub.crypto, 'organization', 'keys', 1) };
    expect(check(unread)).toMatchObject({ code: 'IDENTITY_EXPIRED' });
  });

  it('is refused when a signed link is not of the stated form', () => {
    const chain = chainOf(organization(), keys());
    const upper = signDocument(operator.crypto, 'operator', 'organization', { network: 'net' });
    const lower = signDocument(acme.crypto, 'organization', 'keys', { network: 'net' });
    expect(check({ ...chain, organization: upper })).toMatchObject({ code: 'IDENTITY_MALFORMED' });
    expect(check({ ...chain, key: lower })).toMatchObject({ code: 'IDENTITY_MALFORMED' });
  });

  it('is valid exactly within its dates, widened by the tolerance', () => {
    const offset = fc.integer({ min: -2_000, max: 2_000 });
    const edge = fc.constantFrom(NOW - 600_000, NOW + 600_000, NOW);
    fc.assert(
      fc.property(edge, offset, edge, offset, (from, before, until, after) => {
        const dates = { notBeforeMs: from + before, notAfterMs: until + after };
        const valid = NOW >= dates.notBeforeMs - 600_000 && NOW <= dates.notAfterMs + 600_000;
        expect(check(chainOf(organization(dates), keys())).ok).toBe(valid);
        expect(check(chainOf(organization(), keys(dates))).ok).toBe(valid);
      }),
    );
  });
});

describe('a hub', () => {
  /** Every document that a hub may have: true ones of all sorts, and whatever it signs itself. */
  const signers = [operator, acme, rival, hub];
  const rivalOrganization = organization({
    organization: { id: 'rival', name: 'Rival', kind: 'company' },
    signKey: rival.publicKey,
  });
  const truth = chainOf(organization(), keys());
  const pool: SignedDocument[] = [
    truth.organization,
    truth.key,
    signOrganization(operator.crypto, rivalOrganization),
    signKeys(rival.crypto, keys({ organization: 'rival', sealKey: 'rival' })),
    signKeys(rival.crypto, keys({ sealKey: 'rival' })),
    signKeys(acme.crypto, keys({ subject: 'a2.h1', sealKey: 'other' })),
    signKeys(acme.crypto, keys({ kind: 'user', sealKey: 'other' })),
    signOrganization(hub.crypto, organization({ signKey: hub.publicKey })),
    signKeys(hub.crypto, keys({ sealKey: 'hub' })),
    // Somebody's signature under a text that it never saw as a statement about keys.
    signDocument(acme.crypto, 'organization', 'meter', { ...keys({ sealKey: 'hub' }) }),
    signHubList(operator.crypto, { network: 'net', revision: 1, hubs: [] }),
  ];
  const tamper = (document: SignedDocument, how: number): SignedDocument => {
    const { payload, payloadType, signatures } = document;
    if (how === 1) return { ...document, payload: payload.replace('"x"', '"hub"') };
    if (how === 2) return { ...document, payloadType: 'application/vnd.sparegrid.keys+json' };
    if (how === 3) {
      return {
        payload,
        payloadType,
        signatures: signatures.map((one) => ({ ...one, keyId: 'h1' })),
      };
    }
    if (how === 4) return { payload, payloadType, signatures: [] };
    return document;
  };
  const documentOf = fc
    .tuple(fc.constantFrom(...pool), fc.nat({ max: 4 }))
    .map(([document, how]) => tamper(document, how));

  it('cannot make anybody believe in other keys, whatever it combines', () => {
    let believed = 0;
    fc.assert(
      fc.property(documentOf, documentOf, (upper, lower) => {
        const checked = check(
          { organization: upper, key: lower },
          { ...wanted, organization: 'acme' },
        );
        if (!checked.ok) return;
        believed += 1;
        expect(checked.value.keys).toEqual(keys());
      }),
      { numRuns: 3_000 },
    );
    expect(believed).toBeGreaterThan(0);
  });

  it('cannot put its own key in the place of any signer', () => {
    for (const signer of signers) {
      for (const key of signers) {
        const upper = signOrganization(signer.crypto, organization({ signKey: key.publicKey }));
        const lower = signKeys(hub.crypto, keys({ sealKey: 'hub' }));
        const mayPass = signer === operator && key === hub;
        expect(check({ organization: upper, key: lower }).ok).toBe(mayPass);
      }
    }
  });
});

describe('an organisation’s statement', () => {
  it('is believed when the operator signed it', () => {
    const document = signOrganization(operator.crypto, organization());
    expect(verifyOrganization(env, anchor, document, time)).toMatchObject({ ok: true });
    const forged = signOrganization(acme.crypto, organization());
    expect(verifyOrganization(env, anchor, forged, time)).toMatchObject({
      code: 'IDENTITY_SIGNATURE',
    });
  });
});

describe('a list of hubs', () => {
  const list = (change: Partial<HubList> = {}): HubList => ({
    network: 'net',
    revision: 5,
    hubs: [{ id: 'h1', signKeys: [hub.publicKey], mesh: ['nats://h1:4222'] }],
    ...change,
  });
  const checkList = (document: SignedDocument, known = 4) =>
    verifyHubList(env, anchor, document, known);

  it('is taken when the operator signed it and it is newer', () => {
    expect(checkList(signHubList(operator.crypto, list()))).toEqual({ ok: true, value: list() });
  });

  it.each([5, 6, 7])('is refused when revision %i is in use', (known) => {
    expect(checkList(signHubList(operator.crypto, list()), known)).toMatchObject({
      code: 'IDENTITY_OUTDATED',
    });
  });

  it('is refused from anybody else, and of another network', () => {
    expect(checkList(signHubList(hub.crypto, list()))).toMatchObject({
      code: 'IDENTITY_SIGNATURE',
    });
    const other = signHubList(operator.crypto, list({ network: 'other' }));
    expect(checkList(other)).toMatchObject({ code: 'IDENTITY_NETWORK' });
    const empty = signDocument(operator.crypto, 'operator', 'hub-list', {});
    expect(checkList(empty)).toMatchObject({ code: 'IDENTITY_MALFORMED' });
  });
});
