/** What the operator of a network does: it vouches for hubs and organisations. */
import { join } from 'node:path';
import { type HubList, signHubList, signOrganization } from '@sparegrid/core/identity/statements';
import { createAuthority, isHost, issue } from '@sparegrid/link/identity/certificates';
import { publicKeyOf } from '@sparegrid/link/keys';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import { CliFault } from '../fault.ts';
import { print, say } from '../output/print.ts';
import {
  fingerprintOf,
  hubGrant,
  hubRequest,
  ledgerFile,
  makeSignKey,
  networkFile,
  newDirectory,
  organizationGrant,
  organizationRequest,
  readFileAs,
  readSecret,
  readSignKey,
  readText,
  writePublic,
  writeSecret,
} from './files.ts';

const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3_650;
/** Names that mean something else on every machine. */
const RESERVED = new Set(['localhost', 'operator', 'organization']);

const at = (directory: string) => ({
  key: join(directory, 'operator.key'),
  authorityCert: join(directory, 'authority.pem'),
  authorityKey: join(directory, 'authority.key'),
  network: join(directory, 'network.json'),
  ledger: join(directory, 'ledger.json'),
  hubs: join(directory, 'hubs.json'),
});

export async function initOperator(directory: string, network: string): Promise<void> {
  if (!networkFile.shape.network.safeParse(network).success) {
    throw new CliFault('CLI_USAGE', '--network: lower-case letters, digits and -.');
  }
  const files = at(directory);
  newDirectory(directory, 'operator.key');
  const authority = await createAuthority(`sparegrid ${network}`, AUTHORITY_DAYS, Date.now());
  writePublic(files.authorityCert, authority.cert);
  writeSecret(files.authorityKey, authority.key);
  const operatorKey = publicKeyOf(makeSignKey(files.key));
  writeSecret(files.ledger, { hubs: { revision: 0, hubs: [] }, organizations: {} });
  writePublic(files.network, { network, operatorKey });
  say(`Keep ${directory} secret and backed up, but for network.json.`);
  say(`operator's key: ${fingerprintOf(operatorKey)}`);
  print(files.network);
}

/** A certificate for the mesh, and a place in the list of hubs; a known hub keeps its key. */
export async function signHub(
  directory: string,
  requestFile: string,
  { out, days, replaceKey }: { out: string; days: number; replaceKey?: true },
): Promise<void> {
  const files = at(directory);
  const { hub, hosts, certificateRequest } = readFileAs(requestFile, hubRequest);
  if (RESERVED.has(hub.id))
    throw new CliFault('CLI_FIELD_RANGE', `${hub.id} is no name for a hub.`);
  const bad = hosts.find((host) => !isHost(host));
  // On the mesh a certificate's names are users: a bare one could be another hub's.
  if (bad !== undefined) {
    const hint = `${bad}: expected an address, localhost, or a name with a dot.`;
    throw new CliFault('CLI_FIELD_RANGE', hint);
  }
  const ledger = readFileAs(files.ledger, ledgerFile);
  const known = ledger.hubs.hubs.find(({ id }) => id === hub.id);
  const isOther = known !== undefined && !known.signKeys.includes(hub.signKeys[0] as string);
  if (isOther && !replaceKey) {
    const hint = `${hub.id} is listed with another key; is it the same hub? Then --replace-key.`;
    throw new CliFault('CLI_DUPLICATE', hint);
  }
  const authority = {
    cert: readText(files.authorityCert),
    key: readSecret(files.authorityKey),
  };
  const leaf = { name: hub.id, hosts, days };
  const certificate = await issue(authority, certificateRequest, leaf, Date.now());
  // The former key stays good beside the new one until the next signing.
  const signKeys = isOther
    ? [hub.signKeys[0] as string, known.signKeys[0] as string]
    : hub.signKeys.slice(0, 1);
  const others = ledger.hubs.hubs.filter(({ id }) => id !== hub.id);
  const hubs = [...others, { ...hub, signKeys }].sort((a, b) => (a.id < b.id ? -1 : 1));
  saveHubs(directory, hubs);
  const network = readFileAs(files.network, networkFile);
  const grant = {
    kind: 'hub-grant',
    ...network,
    hub: hub.id,
    certificate,
    authority: authority.cert,
  };
  writePublic(out, hubGrant.parse(grant));
  say(`${hub.id}: key ${fingerprintOf(hub.signKeys[0] as string)}, at ${hub.mesh.join(', ')}`);
  print(out);
}

export function removeHub(directory: string, hub: string): void {
  const { hubs } = readFileAs(at(directory).ledger, ledgerFile);
  if (!hubs.hubs.some(({ id }) => id === hub)) {
    throw new CliFault('CLI_FIELD_UNKNOWN', `${hub}: listed are ${hubs.hubs.map(({ id }) => id)}`);
  }
  saveHubs(
    directory,
    hubs.hubs.filter(({ id }) => id !== hub),
  );
  print(at(directory).hubs);
}

/** Signs the list anew, under the next revision. */
function saveHubs(directory: string, hubs: HubList['hubs']): void {
  const files = at(directory);
  const ledger = readFileAs(files.ledger, ledgerFile);
  const { network } = readFileAs(files.network, networkFile);
  const revision = ledger.hubs.revision + 1;
  const crypto = nodeCrypto(readSignKey(files.key));
  // First of all: no revision may be signed twice, whatever cannot be written then.
  writeSecret(files.ledger, { ...ledger, hubs: { revision, hubs } });
  writePublic(files.hubs, signHubList(crypto, { network, revision, hubs }));
}

export function signOrganizationRequest(
  directory: string,
  requestFile: string,
  { out, days }: { out: string; days: number },
): void {
  const files = at(directory);
  const { organization, signKey } = readFileAs(requestFile, organizationRequest);
  const ledger = readFileAs(files.ledger, ledgerFile);
  const network = readFileAs(files.network, networkFile);
  const revision = (ledger.organizations[organization.id] ?? 0) + 1;
  const nowMs = Date.now();
  const statement = signOrganization(nodeCrypto(readSignKey(files.key)), {
    network: network.network,
    revision,
    notBeforeMs: nowMs,
    notAfterMs: nowMs + days * DAY_MS,
    organization,
    signKey,
  });
  const organizations = { ...ledger.organizations, [organization.id]: revision };
  writeSecret(files.ledger, { ...ledger, organizations });
  writePublic(out, organizationGrant.parse({ kind: 'organization-grant', ...network, statement }));
  say(`${organization.id} (${organization.kind}): key ${fingerprintOf(signKey)}`);
  print(out);
}
