/** Certificates of the links: an authority, and what it issues to the nodes that it admitted. */
import 'reflect-metadata';
import { createPrivateKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import { LinkFault } from '../fault.ts';

x509.cryptoProvider.set(webcrypto);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** A clock that is a little behind shall not find a fresh certificate invalid. */
const BACKDATE_MS = 600_000;
const DAY_MS = 86_400_000;

/** PEM texts. */
export interface Certified {
  cert: string;
  /** PKCS #8; for its owner's eyes only (mode 0600). */
  key: string;
}

export interface Leaf {
  /** DNS name in the certificate, which is the node's id: servers take it for the user. */
  name: string;
  /** Further DNS names and IP addresses under which the node is reached. */
  hosts: readonly string[];
  days: number;
}

/** A new authority that signs nodes, but no further authorities. */
export async function createAuthority(
  name: string,
  days: number,
  nowMs: number,
): Promise<Certified> {
  const keys = await newKeys();
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=${name}`,
    ...validity(days, nowMs),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: cert.toString('pem'), key: await pemOf(keys.privateKey) };
}

/** A key pair and the request for its certificate: the private key never leaves its node. */
export async function createRequest(name: string): Promise<{ request: string; key: string }> {
  const keys = await newKeys();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: ALGORITHM,
  });
  return { request: request.toString('pem'), key: await pemOf(keys.privateKey) };
}

/**
 * Signs a request. Only its key is taken from it; names and validity are the authority's decision.
 *
 * @throws LinkFault CERTIFICATE_MALFORMED when the request is no PKCS #10 or not signed by its own key
 */
export async function issue(
  authority: Certified,
  request: string,
  leaf: Leaf,
  nowMs: number,
): Promise<string> {
  const asked = await readRequest(request);
  const issuer = new x509.X509Certificate(authority.cert);
  const cert = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: `CN=${leaf.name}`,
    issuer: issuer.subject,
    ...validity(leaf.days, nowMs),
    signingAlgorithm: ALGORITHM,
    publicKey: asked.publicKey,
    signingKey: await keyOf(authority.key),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: leaf.name },
        ...leaf.hosts.map((host) => ({ type: isIp(host) ? 'ip' : 'dns', value: host }) as const),
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      await x509.SubjectKeyIdentifierExtension.create(asked.publicKey),
    ],
  });
  return cert.toString('pem');
}

async function readRequest(request: string): Promise<x509.Pkcs10CertificateRequest> {
  try {
    const asked = new x509.Pkcs10CertificateRequest(request);
    if (await asked.verify()) return asked;
  } catch (cause) {
    throw new LinkFault('CERTIFICATE_MALFORMED', 'Expected a request in PEM.', { cause });
  }
  throw new LinkFault('CERTIFICATE_MALFORMED', 'The request is not signed by its own key.');
}

/** What a certificate says. `names` are its DNS names: servers take one of them for the user. */
export interface CertificateFacts {
  names: string[];
  /** Further names and addresses, as an authority was asked for. */
  hosts: string[];
  notAfterMs: number;
  /** Less than a third of its life is left: time for a new one. */
  isDue: boolean;
}

/** @throws LinkFault CERTIFICATE_MALFORMED */
export function factsOf(pem: string, nowMs: number): CertificateFacts {
  try {
    const cert = new x509.X509Certificate(pem);
    const names = cert.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
    const [fromMs, notAfterMs] = [cert.notBefore.getTime(), cert.notAfter.getTime()];
    return {
      names: names.filter(({ type }) => type === 'dns').map(({ value }) => value),
      hosts: names.slice(1).map(({ value }) => value),
      notAfterMs,
      isDue: notAfterMs - nowMs < (notAfterMs - fromMs) / 3,
    };
  } catch (cause) {
    throw new LinkFault('CERTIFICATE_MALFORMED', 'Expected PEM text.', { cause });
  }
}

/**
 * Hosts that may stand beside a node's name in its certificate: addresses, `localhost`, and names
 * with a dot. Any other name could be that of another hub, whom the servers would take it for.
 */
export function isHost(text: string): boolean {
  if (isIp(text) || text === 'localhost') return true;
  return /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(text);
}

/** The public half of two PEM texts is the same key: a certificate and its private key. */
export function isPair(cert: string, key: string): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, [
    'sign',
    'verify',
  ]) as Promise<webcrypto.CryptoKeyPair>;
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

async function keyOf(pem: string): Promise<webcrypto.CryptoKey> {
  const [der] = x509.PemConverter.decode(pem);
  if (!der) throw new Error('no private key in the text');
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
}

function validity(days: number, nowMs: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(nowMs - BACKDATE_MS), notAfter: new Date(nowMs + days * DAY_MS) };
}

/** Positive, as serial numbers must be. */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0] as number) & 0x7f;
  return bytes.toString('hex');
}

function isIp(host: string): boolean {
  return isIP(host) !== 0;
}
