/** Certificates of nodes in tests and benchmarks: one authority whom everybody trusts on every link. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TlsFiles } from '../nats/nats-transport.ts';
import { type Certified, createAuthority, createRequest, issue } from './certificates.ts';

const DAYS = 2;

export class TestAuthority {
  readonly #directory: string;
  readonly #authority: Certified;

  private constructor(directory: string, authority: Certified) {
    this.#directory = directory;
    this.#authority = authority;
  }

  /** All files lie in `directory`. */
  static async open(directory: string): Promise<TestAuthority> {
    const authority = await createAuthority('network', DAYS, Date.now());
    writeFileSync(join(directory, 'ca.pem'), authority.cert);
    return new TestAuthority(directory, authority);
  }

  /** A new certificate of this node, for servers and clients at these hosts. */
  async tlsOf(node: string, hosts: string[]): Promise<TlsFiles> {
    const { request, key } = await createRequest(node);
    const file = (name: string) => join(this.#directory, name);
    const files = {
      certFile: file(`${node}.pem`),
      keyFile: file(`${node}.tls.key`),
      caFile: file('ca.pem'),
    };
    const leaf = { name: node, hosts, days: DAYS };
    writeFileSync(files.certFile, await issue(this.#authority, request, leaf, Date.now()));
    writeFileSync(files.keyFile, key, { mode: 0o600 });
    return files;
  }
}
