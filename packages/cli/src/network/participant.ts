/** What a participant does: makes its keys, joins a hub with a token, and changes its keys. */
import type { KeyObject } from 'node:crypto';
import { existsSync, renameSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { TrustAnchor } from '@sparegrid/core/identity/statements';
import { verifyKeyChain } from '@sparegrid/core/identity/verify';
import { hubOf, isParticipantId } from '@sparegrid/core/units/ids';
import { replaceKey } from '@sparegrid/link/daemon/former-keys';
import { documentReader } from '@sparegrid/link/documents';
import { askToJoin, fetchAuthority } from '@sparegrid/link/identity/admission-client';
import { createRequest } from '@sparegrid/link/identity/certificates';
import { decodeToken } from '@sparegrid/link/identity/join-token';
import { memberFiles, renewMembership } from '@sparegrid/link/identity/membership';
import {
  generateKey,
  generateSealKey,
  publicKeyOf,
  saveKey,
  sealPublicKeyOf,
} from '@sparegrid/link/keys';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import type { Admitted } from '@sparegrid/link/schemas/admission';
import { keyChain } from '@sparegrid/link/schemas/identity';
import { RefusedError } from '@sparegrid/sdk/errors';
import { readContexts, writeContexts } from '../contexts.ts';
import { CliFault, InputRefused } from '../fault.ts';
import { print, say } from '../output/print.ts';
import {
  fingerprintOf,
  keysGrant,
  keysRequest,
  membershipFile,
  networkFile,
  newDirectory,
  readFileAs,
  readSealKey,
  readSignKey,
  writePublic,
  writeSecret,
} from './files.ts';

const TOLERANCE_MS = 600_000;

type Use = 'agent' | 'user';

const requestFile = (directory: string) => join(directory, 'keys.request.json');
const nextKeys = (directory: string) => ({
  sign: join(directory, 'node.next.key'),
  seal: join(directory, 'seal.next.key'),
});

/** Keys that never leave this directory, and a request for the organisation to vouch for them. */
export function initParticipant(directory: string, id: string, use: Use): void {
  if (!isParticipantId(id)) throw new CliFault('CLI_USAGE', '--id: <name>.<hub>, such as a1.h1.');
  const files = memberFiles(directory);
  newDirectory(directory, 'node.key');
  const [signKey, sealKey] = [generateKey(), generateSealKey()];
  saveKey(files.signKey, signKey);
  saveKey(files.sealKey, sealKey);
  writeRequest(directory, id, use, [signKey, sealKey]);
}

function writeRequest(
  directory: string,
  subject: string,
  use: Use,
  [sign, seal]: [KeyObject, KeyObject],
): void {
  const signKey = publicKeyOf(sign);
  const request = { kind: 'keys', subject, use, signKey, sealKey: sealPublicKeyOf(seal) };
  writePublic(requestFile(directory), keysRequest.parse(request));
  say(`Have your organisation sign it. ${subject}: key ${fingerprintOf(signKey)}`);
  print(requestFile(directory));
}

/** What the organisation signed, checked down from the operator's key, for exactly these keys. */
function readGrant(grantFile: string, directory: string, keys: [KeyObject, KeyObject]) {
  const grant = readFileAs(grantFile, keysGrant);
  const { subject, use } = readFileAs(requestFile(directory), keysRequest);
  const env = { crypto: nodeCrypto(keys[0]), documents: documentReader };
  const time = { wallMs: Date.now(), toleranceMs: TOLERANCE_MS };
  const verified = verifyKeyChain(env, grant, grant.chain, { subject, kinds: [use] }, time);
  if (!verified.ok) throw new InputRefused(verified);
  const { signKey, sealKey } = verified.value.keys;
  if (signKey !== publicKeyOf(keys[0]) || sealKey !== sealPublicKeyOf(keys[1])) {
    throw new CliFault('CLI_FILE_MALFORMED', `${grantFile}: about other keys than these.`);
  }
  return { grant, subject, use, organization: verified.value.organization.organization };
}

export interface JoinOptions {
  keys: string;
  runtime: 'process' | 'docker' | 'podman';
  offerCpu: string;
  offerMemory: string;
  follow: 'load' | 'fixed';
  cpuPrice: string;
  memoryPrice: string;
  context?: string;
  url?: string;
}

/** Exit code 1 with the hub's code when it refuses; the token is then as good as before. */
export async function joinHub(
  token: string,
  directory: string,
  options: JoinOptions,
): Promise<void> {
  const known = decodeToken(token);
  const files = memberFiles(directory);
  const own: [KeyObject, KeyObject] = [readSignKey(files.signKey), readSealKey(files.sealKey)];
  const { grant, subject, use, organization } = readGrant(options.keys, directory, own);
  if (hubOf(subject) !== known.hub) {
    const hint = `The token is of hub ${known.hub}; ${subject} belongs to ${hubOf(subject)}.`;
    throw new InputRefused({ ok: false, code: 'ADMISSION_NOT_HERE', hint });
  }
  const authority = await fetchAuthority(known);
  const { request, key } = await createRequest(subject);
  const { hub, host, port, secret } = known;
  const asked = { participant: subject, chain: grant.chain, request, signKey: own[0] };
  const answer = await askToJoin({ hub, host, port, authority }, secret, asked);
  if (!answer.ok) throw new RefusedError(answer.code, answer.hint);
  writePublic(files.hubAuthority, authority);
  writeSecret(files.linkKey, key);
  writePublic(files.linkCert, answer.certificate);
  writePublic(files.chain, grant.chain);
  const { network, operatorKey } = grant;
  writePublic(files.network, { network, operatorKey });
  writePublic(files.membership, { hub, host, port });
  const anchor = { name: network, operatorKey };
  const shown = { organization, network: anchor };
  if (use === 'agent') {
    writeConfig(directory, answer, { ...shown, ...lendingOf(directory, options) });
    const { config } = files;
    say(
      `${subject} is admitted. Look at ${config}, then: sparegrid agent start --config ${config}`,
    );
    print(config);
  }
  if (use === 'user') {
    writeConfig(directory, answer, { ...shown, role: 'lessee' });
    addContext(directory, answer, { network, operatorKey }, options);
  }
}

/** A first configuration of an agent, to be edited; one that is there already stays. */
function writeConfig(directory: string, { participant, hub }: Admitted, more: object): void {
  const { config } = memberFiles(directory);
  if (existsSync(config)) return;
  writePublic(config, {
    id: participant,
    keyFile: 'node.key',
    store: 'data/agent.db',
    membership: '.',
    hub: {
      id: hub.id,
      publicKey: hub.publicKey,
      socket: hub.local,
      tls: { certFile: 'link.pem', keyFile: 'link.key', caFile: 'hub-authority.pem' },
    },
    ...more,
  });
}

function lendingOf(directory: string, options: JoinOptions): object {
  const { sealKey, chain } = memberFiles(directory);
  const { runtime: kind, offerCpu, offerMemory, follow, cpuPrice, memoryPrice } = options;
  return {
    sealing: { keyFile: basename(sealKey), chainFile: basename(chain) },
    offer: {
      cpu: offerCpu,
      memory: offerMemory,
      follow,
      asks: { cpuPerCoreHour: cpuPrice, memoryPerGibHour: memoryPrice },
    },
    runtime: { kind, directory: 'containers' },
  };
}

function addContext(
  directory: string,
  { participant, hub }: Admitted,
  network: TrustAnchor,
  options: JoinOptions,
): void {
  const url = options.url ?? hub.http;
  if (url === null) {
    const { signKey } = memberFiles(directory);
    const hint = `${participant} is admitted, but its hub has no HTTP door (hub init --http-port), or tells no URL of it. Ask its operator for one, then: sparegrid context add ${participant} --url URL --hub ${hub.id} --participant ${participant} --key ${signKey} --network ${network.network} --operator-key ${network.operatorKey}`;
    throw new CliFault('CLI_NO_CONTEXT', hint);
  }
  const name = options.context ?? participant;
  const { current, contexts } = readContexts();
  const keyFile = resolve(memberFiles(directory).signKey);
  contexts[name] = { url, hub: hub.id, participant, keyFile, network };
  writeContexts({ current: current ?? name, contexts });
  say(`${participant} is admitted. sparegrid context use ${name}`);
  const { config } = memberFiles(directory);
  say(`To release the keys of its tasks unattended: sparegrid agent start --config ${config}`);
  print(name);
}

/** New keys beside the present ones, and a request for the organisation. */
export function requestNewKeys(directory: string): void {
  const next = nextKeys(directory);
  const { subject, use } = readFileAs(requestFile(directory), keysRequest);
  const keys: [KeyObject, KeyObject] = [generateKey(), generateSealKey()];
  saveKey(next.sign, keys[0]);
  saveKey(next.seal, keys[1]);
  writeRequest(directory, subject, use === 'agent' ? 'agent' : 'user', keys);
}

/** Renews the certificate; with `keys`, what the organisation signed, changes the keys as well. */
export async function renew(directory: string, { keys }: { keys?: string }): Promise<void> {
  const files = memberFiles(directory);
  const next = nextKeys(directory);
  const membership = readFileAs(files.membership, membershipFile);
  const present = readSignKey(files.signKey);
  const isChange = keys !== undefined && existsSync(next.sign);
  const future: [KeyObject, KeyObject] = isChange
    ? [readSignKey(next.sign), readSealKey(next.seal)]
    : [present, readSealKey(files.sealKey)];
  const grant = keys === undefined ? null : readGrant(keys, directory, future).grant;
  const chain = grant?.chain ?? readFileAs(files.chain, keyChain);
  const { subject: participant, use } = readFileAs(requestFile(directory), keysRequest);
  const renewal = { directory, participant, membership, chain, present, next: future[0] };
  const answer = await renewMembership(renewal, Date.now());
  if (!answer.ok) throw new RefusedError(answer.code, answer.hint);
  if (grant) {
    writePublic(files.chain, grant.chain);
    writePublic(
      files.network,
      networkFile.parse({ network: grant.network, operatorKey: grant.operatorKey }),
    );
  }
  if (isChange) {
    renameSync(next.seal, files.sealKey);
    say('The former key stays good for an hour.');
    if (use === 'agent') {
      renameSync(next.sign, files.signKey);
      say('Start the agent again before that.');
    } else {
      const kept = replaceKey(files.signKey, next.sign);
      say(`Kept: ${kept}. It opens what was sealed with it: move it along with ${files.signKey}.`);
    }
  }
  print(files.linkCert);
}
