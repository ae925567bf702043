/** What a hub's operator does before the hub runs: its keys, its own authority, its configuration. */
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { verifyHubList } from '@sparegrid/core/identity/verify';
import { isHubId } from '@sparegrid/core/units/ids';
import { documentReader } from '@sparegrid/link/documents';
import {
  createAuthority,
  createRequest,
  factsOf,
  isHost,
  isPair,
  issue,
} from '@sparegrid/link/identity/certificates';
import { publicKeyOf } from '@sparegrid/link/keys';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import { signedDocument } from '@sparegrid/link/schemas/document';
import type { z } from 'zod';
import { CliFault, InputRefused } from '../fault.ts';
import { print, say } from '../output/print.ts';
import {
  fingerprintOf,
  hubGrant,
  hubRequest,
  makeSignKey,
  newDirectory,
  readFileAs,
  readSecret,
  readSignKey,
  writePublic,
  writeSecret,
} from './files.ts';

const AUTHORITY_DAYS = 3_650;
const LOCAL_DAYS = 30;

export interface HubPlace {
  id: string;
  host: string;
  listen: string;
  meshPort: number;
  localPort: number;
  admissionPort: number;
  httpPort?: number;
}

const at = (directory: string) => ({
  key: join(directory, 'hub.key'),
  nextKey: join(directory, 'hub.next.key'),
  config: join(directory, 'hub.json'),
  request: join(directory, 'hub.request.json'),
  hubs: join(directory, 'hubs.json'),
  networkAuthority: join(directory, 'network-authority.pem'),
  authorityCert: join(directory, 'authority.pem'),
  authorityKey: join(directory, 'authority.key'),
  meshCert: join(directory, 'mesh.pem'),
  meshKey: join(directory, 'mesh.key'),
  nextMeshKey: join(directory, 'mesh.next.key'),
  localCert: join(directory, 'local.pem'),
  localKey: join(directory, 'local.key'),
});

/** Keys, an authority of its own for its participants, a configuration, and a request. */
export async function initHub(directory: string, place: HubPlace): Promise<void> {
  const { id, host } = place;
  if (!isHubId(id)) throw new CliFault('CLI_USAGE', '--id: lower-case letters, digits and -.');
  if (!isHost(host)) {
    throw new CliFault('CLI_USAGE', '--host: an address, localhost, or a name with a dot.');
  }
  const files = at(directory);
  newDirectory(directory, 'hub.key');
  const nowMs = Date.now();
  const authority = await createAuthority(`sparegrid subnet of ${id}`, AUTHORITY_DAYS, nowMs);
  writePublic(files.authorityCert, authority.cert);
  writeSecret(files.authorityKey, authority.key);
  const { request, key } = await createRequest(id);
  const leaf = { name: id, hosts: hostsOf(host), days: LOCAL_DAYS };
  writePublic(files.localCert, await issue(authority, request, leaf, nowMs));
  writeSecret(files.localKey, key);
  makeSignKey(files.key);
  writePublic(files.config, configOf(place));
  await requestHub(directory, place);
}

/** The hub reaches its own servers by loopback. */
const hostsOf = (host: string): string[] => [...new Set([host, '127.0.0.1', 'localhost'])];

function configOf(place: HubPlace): object {
  const { id, host, listen, meshPort, localPort, admissionPort, httpPort } = place;
  const tls = (door: string, caFile: string) => ({
    certFile: `${door}.pem`,
    keyFile: `${door}.key`,
    caFile,
  });
  return {
    id,
    keyFile: 'hub.key',
    store: 'data/hub.db',
    control: 'control.sock',
    nats: {
      directory: 'nats',
      mesh: { host: listen, port: meshPort, tls: tls('mesh', 'network-authority.pem') },
      local: { host: listen, port: localPort, tls: tls('local', 'authority.pem') },
    },
    admission: {
      host: listen,
      port: admissionPort,
      publicHost: host,
      authority: { certFile: 'authority.pem', keyFile: 'authority.key' },
    },
    ...(httpPort && { http: { host: '127.0.0.1', port: httpPort } }),
    peers: [],
    participants: [],
  };
}

/** A new key for the mesh and a request for its certificate: for the first time, or to renew it. */
export async function requestHub(
  directory: string,
  place?: Pick<HubPlace, 'id' | 'host' | 'meshPort'>,
): Promise<void> {
  const files = at(directory);
  const { hub, hosts } = place
    ? {
        hub: { id: place.id, mesh: [`nats://${place.host}:${place.meshPort}`] },
        hosts: hostsOf(place.host),
      }
    : readFileAs(files.request, hubRequest);
  const signKey = publicKeyOf(readSignKey(existsSync(files.nextKey) ? files.nextKey : files.key));
  const { request: certificateRequest, key } = await createRequest(hub.id);
  writeSecret(files.nextMeshKey, key);
  const request = { kind: 'hub', hub: { ...hub, signKeys: [signKey] }, hosts, certificateRequest };
  writePublic(files.request, hubRequest.parse(request));
  say(`Send the file to the network's operator. ${hub.id}: key ${fingerprintOf(signKey)}`);
  print(files.request);
}

/** A signing key beside the present one, which goes on until the operator has listed both. */
export async function requestNewKey(directory: string): Promise<void> {
  const files = at(directory);
  readSignKey(files.key);
  makeSignKey(files.nextKey);
  await requestHub(directory);
}

/** Takes what the operator signed, and the list of hubs when it came along. */
export function acceptHub(directory: string, grantFile: string, hubsFile?: string): void {
  const files = at(directory);
  const grant = readFileAs(grantFile, hubGrant);
  const config = JSON.parse(readFileSync(files.config, 'utf8')) as {
    id: string;
    network?: { name?: string; operatorKey?: string };
  };
  const key = existsSync(files.nextMeshKey) ? files.nextMeshKey : files.meshKey;
  const isOurs =
    grant.hub === config.id &&
    factsOf(grant.certificate, Date.now()).names[0] === config.id &&
    isPair(grant.certificate, readSecret(key));
  if (!isOurs) {
    throw new CliFault('CLI_FILE_MALFORMED', `${grantFile}: not for the request of this hub.`);
  }
  const operatorKey = config.network?.operatorKey;
  if (operatorKey && operatorKey !== grant.operatorKey) {
    throw new CliFault('CLI_FILE_MALFORMED', `${grantFile}: of another operator than before.`);
  }
  const listed = hubsFile === undefined ? null : readHubs(directory, hubsFile, grant);
  writePublic(files.networkAuthority, grant.authority);
  writeSecret(files.meshKey, readSecret(key));
  writePublic(files.meshCert, grant.certificate);
  rmSync(files.nextMeshKey, { force: true });
  if (listed) writePublic(files.hubs, listed.document);
  const network = {
    name: grant.network,
    operatorKey: grant.operatorKey,
    ...(existsSync(files.hubs) && { hubs: 'hubs.json' }),
  };
  writePublic(files.config, { ...config, network });
  say(`operator of ${grant.network}: key ${fingerprintOf(grant.operatorKey)}`);
  if (existsSync(files.nextKey)) takeNewKey(directory, listed?.signKeys ?? []);
  print(files.config);
}

/** The operator's list in that file, and the keys of this hub in it. */
function readHubs(
  directory: string,
  file: string,
  { hub, network, operatorKey }: z.infer<typeof hubGrant>,
) {
  const document = readFileAs(file, signedDocument);
  const env = { crypto: nodeCrypto(readSignKey(at(directory).key)), documents: documentReader };
  const read = verifyHubList(env, { network, operatorKey }, document, 0);
  if (!read.ok) throw new InputRefused({ ...read, hint: `${file}: ${read.hint}` });
  const own = read.value.hubs.find(({ id }) => id === hub);
  if (!own) throw new CliFault('CLI_FILE_MALFORMED', `${file}: ${hub} is not listed in it.`);
  return { document, signKeys: own.signKeys };
}

/** Only once it is listed: with any other key the hub would be heard by nobody. */
function takeNewKey(directory: string, signKeys: readonly string[]): void {
  const files = at(directory);
  if (signKeys.includes(publicKeyOf(readSignKey(files.nextKey)))) {
    renameSync(files.nextKey, files.key);
    say('It has its new signing key. Start the hub again; until then the former one signs.');
  } else {
    const hint = 'hub accept again, with the --hubs that the operator signed with --replace-key';
    say(`${files.nextKey} is not in use: ${hint}.`);
  }
}
