/** The text of a join token: whom to ask, how to know it, and the secret that lets in once. */
import { hash, randomBytes } from 'node:crypto';
import type { HubId } from '@sparegrid/core/units/ids';
import { z } from 'zod';
import { LinkFault } from '../fault.ts';
import { hubId } from '../schemas/scalars.ts';

const PREFIX = 'sgj1_';
const CHECK_LENGTH = 8;
const SECRET_BYTES = 24;

const contents = z.strictObject({
  hub: hubId,
  /** Of the hub's admission door. */
  host: z.string().min(1).max(253),
  port: z.int().min(1).max(65_535),
  /** SHA-256 of the hub's own authority (DER), hexadecimal: no other server is told the secret. */
  authority: z.string().regex(/^[0-9a-f]{64}$/),
  secret: z.string().regex(/^[A-Za-z0-9_-]{32}$/),
});

export type JoinToken = z.infer<typeof contents>;

export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** What the hub keeps of a token: it cannot be used to join. */
export function tokenDigest(secret: string): string {
  return `sha256:${hash('sha256', `sparegrid-join-token ${secret}`, 'hex')}`;
}

export function encodeToken(token: JoinToken): string {
  const body = Buffer.from(JSON.stringify(token)).toString('base64url');
  return `${PREFIX}${checkOf(body)}${body}`;
}

/** The hub that a token is for can be read without it. @throws LinkFault TOKEN_MALFORMED */
export function decodeToken(text: string): JoinToken {
  const trimmed = text.trim();
  if (!trimmed.startsWith(PREFIX)) {
    throw new LinkFault('TOKEN_MALFORMED', `Expected text that begins with ${PREFIX}.`);
  }
  const check = trimmed.slice(PREFIX.length, PREFIX.length + CHECK_LENGTH);
  const body = trimmed.slice(PREFIX.length + CHECK_LENGTH);
  if (check !== checkOf(body)) {
    throw new LinkFault('TOKEN_MALFORMED', 'It was cut off or altered: copy all of it.');
  }
  try {
    return contents.parse(JSON.parse(Buffer.from(body, 'base64url').toString()));
  } catch (cause) {
    throw new LinkFault('TOKEN_MALFORMED', 'Made by another version of the program?', { cause });
  }
}

/** For the hub of a token, in messages. */
export function doorOf({ hub, host, port }: Pick<JoinToken, 'hub' | 'host' | 'port'>): string {
  return `${hub as HubId} at ${host}:${port}`;
}

function checkOf(body: string): string {
  return hash('sha256', body, 'hex').slice(0, CHECK_LENGTH);
}
