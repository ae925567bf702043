/** Files that operators, organisations, hubs and participants of a network keep and hand each other. */
import { hash, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { refuseExposed, writePrivate, writeWhole } from '@sparegrid/link/identity/private-file';
import { generateKey, loadKey, loadSealKey, saveKey } from '@sparegrid/link/keys';
import { makeFolder } from '@sparegrid/link/make-folder';
import { signedDocument } from '@sparegrid/link/schemas/document';
import { keyChain, listedHub, sealKey, signKey } from '@sparegrid/link/schemas/identity';
import { organization } from '@sparegrid/link/schemas/resource-spec';
import { amount, hubId, list, name, participantId } from '@sparegrid/link/schemas/scalars';
import { z } from 'zod';
import { CliFault } from '../fault.ts';

const pem = z.string().min(1).max(16_384);

/** Public: what everybody knows of a network. */
export const networkFile = z.strictObject({ network: hubId, operatorKey: signKey });

/** The operator's own: what it vouched for so far. */
export const ledgerFile = z.strictObject({
  hubs: z.strictObject({ revision: amount, hubs: list(listedHub, 1_024) }),
  /** Revision of the last statement about each organisation. */
  organizations: z.record(name, amount),
});

export const hubRequest = z.strictObject({
  kind: z.literal('hub'),
  hub: listedHub,
  /** Names and addresses under which other hubs reach it. */
  hosts: list(name, 8).min(1),
  certificateRequest: pem,
});

export const hubGrant = z.strictObject({
  kind: z.literal('hub-grant'),
  ...networkFile.shape,
  hub: hubId,
  certificate: pem,
  /** The network's authority, which vouches for hubs towards each other. */
  authority: pem,
});

export const organizationRequest = z.strictObject({
  kind: z.literal('organization'),
  organization,
  signKey,
});

export const organizationGrant = z.strictObject({
  kind: z.literal('organization-grant'),
  ...networkFile.shape,
  statement: signedDocument,
});

export const keysRequest = z.strictObject({
  kind: z.literal('keys'),
  subject: participantId,
  use: z.enum(['agent', 'user', 'device']),
  signKey,
  sealKey,
});

export const keysGrant = z.strictObject({
  kind: z.literal('keys-grant'),
  ...networkFile.shape,
  chain: keyChain,
});

/** How a participant reaches its hub's admission door again. */
export const membershipFile = z.strictObject({
  hub: hubId,
  host: name,
  port: z.int().min(1).max(65_535),
});

/** @throws CliFault CLI_FILE_UNREADABLE, CLI_FILE_MALFORMED */
export function readFileAs<T>(path: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(readText(path));
  } catch (cause) {
    if (cause instanceof CliFault) throw cause;
    throw new CliFault('CLI_FILE_MALFORMED', `${path}: ${(cause as Error).message}`);
  }
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const where = issue?.path.map(String).join('.');
  const hint = `${path}: ${where ? `${where}: ` : ''}${issue?.message}`;
  throw new CliFault('CLI_FILE_MALFORMED', hint);
}

/** @throws CliFault CLI_FILE_UNREADABLE */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CliFault('CLI_FILE_UNREADABLE', `${path}: ${(cause as Error).message}`);
  }
}

/** A secret that only its owner may read. @throws CliFault; LinkFault KEY_EXPOSED */
export function readSecret(path: string): string {
  refuseExposed(path);
  return readText(path);
}

/** @throws LinkFault KEY_EXPOSED, KEY_UNREADABLE, KEY_MALFORMED */
export function readSignKey(path: string): KeyObject {
  refuseExposed(path);
  return loadKey(path);
}

/** @throws LinkFault KEY_EXPOSED, KEY_UNREADABLE, KEY_MALFORMED */
export function readSealKey(path: string): KeyObject {
  refuseExposed(path);
  return loadSealKey(path);
}

export function makeSignKey(path: string): KeyObject {
  const key = generateKey();
  saveKey(path, key);
  return key;
}

/** For others to read; made whole or not at all. */
export function writePublic(path: string, value: unknown): void {
  makeFolder(dirname(path), 0o700);
  writeWhole(path, typeof value === 'string' ? value : `${JSON.stringify(value, null, 2)}\n`);
}

export function writeSecret(path: string, value: unknown): void {
  writePrivate(path, typeof value === 'string' ? value : `${JSON.stringify(value, null, 2)}\n`);
}

/** @throws CliFault CLI_EXISTS: keys in there would be lost. */
export function newDirectory(path: string, mark: string): void {
  if (existsSync(join(path, mark))) {
    throw new CliFault('CLI_EXISTS', `${join(path, mark)}: take another directory.`);
  }
  makeFolder(path, 0o700);
  if ((statSync(path).mode & 0o022) !== 0) {
    throw new CliFault('CLI_EXISTS', `${path}: others may write there; chmod 700 it.`);
  }
}

/** To be compared over another way than the one that the file took. */
export function fingerprintOf(key: string): string {
  const hex = hash('sha256', key, 'hex').slice(0, 32);
  return (hex.match(/.{4}/g) ?? []).join(' ');
}
