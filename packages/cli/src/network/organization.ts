/** What an organisation does: it has itself vouched for, and vouches for keys of its own. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { signKeys } from '@sparegrid/core/identity/statements';
import { verifyOrganization } from '@sparegrid/core/identity/verify';
import type { Organization } from '@sparegrid/core/order/resource-spec';
import { documentReader } from '@sparegrid/link/documents';
import { publicKeyOf } from '@sparegrid/link/keys';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import { z } from 'zod';
import { CliFault, InputRefused } from '../fault.ts';
import { print, say } from '../output/print.ts';
import {
  fingerprintOf,
  keysGrant,
  keysRequest,
  makeSignKey,
  newDirectory,
  organizationGrant,
  organizationRequest,
  readFileAs,
  readSignKey,
  writePublic,
  writeSecret,
} from './files.ts';

const DAY_MS = 86_400_000;
const TOLERANCE_MS = 600_000;

const revisionsFile = z.record(z.string(), z.int().min(0));

const at = (directory: string) => ({
  key: join(directory, 'organization.key'),
  request: join(directory, 'organization.request.json'),
  grant: join(directory, 'organization.grant.json'),
  revisions: join(directory, 'revisions.json'),
});

export function initOrganization(directory: string, organization: Organization): void {
  const files = at(directory);
  const request = organizationRequest.shape.organization.safeParse(organization);
  if (!request.success) throw new CliFault('CLI_USAGE', '--id, --name or --kind is not valid.');
  newDirectory(directory, 'organization.key');
  const signKey = publicKeyOf(makeSignKey(files.key));
  writePublic(files.request, { kind: 'organization', organization, signKey });
  say(`Send the file to the operator. ${organization.id}: key ${fingerprintOf(signKey)}`);
  print(files.request);
}

/** Takes the operator's word, if it is about this organisation and its key. */
export function acceptOrganization(directory: string, grantFile: string): void {
  const files = at(directory);
  const grant = readFileAs(grantFile, organizationGrant);
  const key = readSignKey(files.key);
  const { signKey } = readGrant(grant, key);
  if (signKey !== publicKeyOf(key)) {
    throw new CliFault('CLI_FILE_MALFORMED', `${grantFile}: about another key than ${files.key}.`);
  }
  writePublic(files.grant, grant);
  say(`operator of ${grant.network}: key ${fingerprintOf(grant.operatorKey)}`);
  print(files.grant);
}

function readGrant(grant: z.infer<typeof organizationGrant>, key: ReturnType<typeof readSignKey>) {
  const env = { crypto: nodeCrypto(key), documents: documentReader };
  const time = { wallMs: Date.now(), toleranceMs: TOLERANCE_MS };
  const verified = verifyOrganization(env, grant, grant.statement, time);
  if (!verified.ok) throw new InputRefused(verified);
  return verified.value;
}

/** Vouches for the keys of an agent, user or device. @throws InputRefused when the own statement ended */
export function signKeysRequest(
  directory: string,
  requestFile: string,
  { out, days }: { out: string; days: number },
): void {
  const files = at(directory);
  if (!existsSync(files.grant)) {
    const hint = `${files.grant}: first sparegrid org accept what the operator signed.`;
    throw new CliFault('CLI_FILE_UNREADABLE', hint);
  }
  const grant = readFileAs(files.grant, organizationGrant);
  const key = readSignKey(files.key);
  const { organization, notAfterMs } = readGrant(grant, key);
  const { subject, use, signKey, sealKey } = readFileAs(requestFile, keysRequest);
  const known = existsSync(files.revisions) ? readFileAs(files.revisions, revisionsFile) : {};
  const name = `${use} ${subject}`;
  const revision = (known[name] ?? 0) + 1;
  const nowMs = Date.now();
  const document = signKeys(nodeCrypto(key), {
    network: grant.network,
    organization: organization.id,
    subject,
    kind: use,
    signKey,
    sealKey,
    revision,
    notBeforeMs: nowMs,
    // Keys cannot be vouched for longer than whoever vouches is.
    notAfterMs: Math.min(nowMs + days * DAY_MS, notAfterMs),
  });
  writeSecret(files.revisions, { ...known, [name]: revision });
  const { network, operatorKey, statement } = grant;
  const chain = { organization: statement, key: document };
  writePublic(out, keysGrant.parse({ kind: 'keys-grant', network, operatorKey, chain }));
  say(`${subject} (${use}): key ${fingerprintOf(signKey)}`);
  print(out);
}
