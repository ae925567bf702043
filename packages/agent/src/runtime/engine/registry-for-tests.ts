/** A registry of images on this machine's loopback that asks for a login: as much of OCI as a pull needs. */
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };
const TYPE = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
} as const;

export class TestRegistry {
  readonly login = { username: 'lea', password: 'secret' };
  readonly #server: Server;
  readonly #blobs = new Map<string, Buffer>();
  readonly #tags = new Map<string, string>();

  private constructor() {
    this.#server = createServer((request, response) => {
      const { username, password } = this.login;
      const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
      if (request.headers.authorization !== expected) {
        const challenge = { 'WWW-Authenticate': 'Basic realm="test"' };
        return response.writeHead(401, challenge).end('{"errors":[{"code":"UNAUTHORIZED"}]}');
      }
      const path = request.url ?? '';
      if (/^\/v2\/?$/.test(path)) return response.writeHead(200).end('{}');
      const [, kind, name = ''] = /^\/v2\/.+\/(manifests|blobs)\/([^/]+)$/.exec(path) ?? [];
      const digest = kind === 'manifests' ? (this.#tags.get(name) ?? name) : name;
      const blob = this.#blobs.get(digest);
      if (!blob) return response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}');
      response.writeHead(200, {
        'Content-Type': kind === 'manifests' ? TYPE.manifest : 'application/octet-stream',
        'Content-Length': blob.length,
        'Docker-Content-Digest': digest,
      });
      return response.end(request.method === 'HEAD' ? undefined : blob);
    });
  }

  static async start(): Promise<TestRegistry> {
    const registry = new TestRegistry();
    registry.#server.listen(0, '127.0.0.1');
    await once(registry.#server, 'listening');
    return registry;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** An image with a shell and this text in /text. @returns its digest */
  publish(tag: string, text: string): string {
    const folder = mkdtempSync(join(tmpdir(), 'sg-image-'));
    try {
      for (const name of ['bin', 'tmp', 'out', 'etc', 'proc', 'dev', 'sys']) {
        mkdirSync(join(folder, 'root', name), { recursive: true });
      }
      copyFileSync('/bin/busybox', join(folder, 'root/bin/sh'));
      chmodSync(join(folder, 'root/bin/sh'), 0o755);
      writeFileSync(join(folder, 'root/text'), `${text}\n`);
      const tar = join(folder, 'layer.tar');
      execFileSync('tar', ['-cf', tar, '-C', join(folder, 'root'), '.']);
      const diff = digestOf(readFileSync(tar));
      execFileSync('gzip', ['-n', '-1', tar]);
      const layer = this.#put(readFileSync(`${tar}.gz`), TYPE.layer);
      const config = {
        architecture: ARCHITECTURES[process.arch] ?? process.arch,
        os: 'linux',
        config: {},
        rootfs: { type: 'layers', diff_ids: [diff] },
      };
      const manifest = {
        schemaVersion: 2,
        mediaType: TYPE.manifest,
        config: this.#put(Buffer.from(JSON.stringify(config)), TYPE.config),
        layers: [layer],
      };
      const { digest } = this.#put(Buffer.from(JSON.stringify(manifest)), TYPE.manifest);
      this.#tags.set(tag, digest);
      return digest;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #put(blob: Buffer, mediaType: string) {
    const digest = digestOf(blob);
    this.#blobs.set(digest, blob);
    return { mediaType, size: blob.length, digest };
  }
}

function digestOf(blob: Buffer): string {
  return `sha256:${hash('sha256', blob, 'hex')}`;
}
