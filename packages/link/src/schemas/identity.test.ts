/** Statements of the trust chain as text: what is read, and what is refused. */
import { canonicalJson } from '@sparegrid/core/units/json';
import { describe, expect, test } from 'vitest';
import { documentReader } from '../documents.ts';

const signKey = `${'A'.repeat(42)}E=`;
const sealKey = `${'_'.repeat(42)}E`;
const base = { network: 'net', revision: 1, notBeforeMs: 1, notAfterMs: 2 };
const organization = {
  ...base,
  organization: { id: '91110000MA01ABCD2X', name: '甲公司', kind: 'company' },
  signKey,
};
const keys = {
  ...base,
  organization: '91110000MA01ABCD2X',
  subject: 'a1.h1',
  kind: 'agent',
  signKey,
  sealKey,
};
const hub = { id: 'h1', signKeys: [signKey], mesh: ['nats://h1.example:4222'] };
const hubList = { network: 'net', revision: 1, hubs: [hub, { ...hub, id: 'h2' }] };

describe('a statement', () => {
  test('is read as it was written', () => {
    expect(documentReader.organization(canonicalJson(organization))).toEqual({
      ok: true,
      value: organization,
    });
    expect(documentReader.keys(canonicalJson(keys))).toEqual({ ok: true, value: keys });
    expect(documentReader.hubList(canonicalJson(hubList))).toEqual({ ok: true, value: hubList });
  });

  test.each([
    ['a subject that is a hub', { subject: 'h1' }, /^subject: /],
    ['a kind that does not exist', { kind: 'hub' }, /^kind: /],
    ['a sealing key of 31 bytes', { sealKey: sealKey.slice(2) }, /^sealKey: /],
    ['a sealing key in base64', { sealKey: `${'/'.repeat(42)}E` }, /^sealKey: /],
    ['a second text of one key', { sealKey: `${'_'.repeat(42)}F` }, /^sealKey: /],
    ['a second text of one signing key', { signKey: `${'A'.repeat(42)}F=` }, /^signKey: /],
    ['a field too many', { admin: true }, /^admin: /],
    ['no end', { notAfterMs: undefined }, /^notAfterMs: /],
    ['a network that is no name', { network: 'a b' }, /^network: /],
  ])('about keys is refused with %s', (_what, change, hint) => {
    expect(documentReader.keys(canonicalJson({ ...keys, ...change }))).toMatchObject({
      code: 'IDENTITY_MALFORMED',
      hint: expect.stringMatching(hint),
    });
  });

  test.each([
    ['one hub twice', [hub, hub]],
    ['a hub without a key', [{ ...hub, signKeys: [] }]],
    ['a hub with three keys', [{ ...hub, signKeys: [signKey, signKey, signKey] }]],
    ['a hub without an address', [{ ...hub, mesh: [] }]],
  ])('about hubs is refused with %s', (_what, hubs) => {
    expect(documentReader.hubList(canonicalJson({ ...hubList, hubs }))).toMatchObject({
      code: 'IDENTITY_MALFORMED',
    });
  });
});
