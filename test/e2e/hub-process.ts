/** One hub with an HTTP door as a process, and the keys of those that may talk to it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { encodeKey, generateKey, publicKeyOf, saveKey } from '@sparegrid/link/keys';
import { freePorts } from '@sparegrid/link/nats/free-ports';

const MAIN = fileURLToPath(new URL('../../packages/hub/src/main.ts', import.meta.url));
const ORGANIZATION = { id: 'acme', name: 'Acme', kind: 'company' };

export class HubProcess {
  readonly folder = mkdtempSync('/tmp/sg-http-test-');
  readonly keys = { lea: generateKey(), lou: generateKey() };
  url = '';
  epoch = 0;
  #child: ChildProcess | null = null;
  #port: number | null = null;

  async start(): Promise<void> {
    await this.#configure();
    const args = [MAIN, '--config', join(this.folder, 'h1.json')];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the hub ended with ${code}`);
    });
    ended.catch(() => {});
    const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
    const ready = JSON.parse(line);
    this.url = ready.http;
    this.epoch = ready.epoch;
  }

  async #configure(): Promise<void> {
    const key = join(this.folder, 'h1.key');
    if (this.#port === null) {
      // The same address in every life, as configured hubs have it.
      [this.#port = 0] = await freePorts(1);
      mkdirSync(join(this.folder, 'run'), { mode: 0o700 });
      saveKey(key, generateKey());
    }
    const participants = Object.entries(this.keys).map(([name, own]) => ({
      id: `${name}.h1`,
      publicKey: publicKeyOf(own),
      organization: ORGANIZATION,
      lends: false,
    }));
    const config = {
      id: 'h1',
      keyFile: 'h1.key',
      store: 'h1.db',
      sockets: { mesh: 'run/mesh.sock', local: 'run/local.sock' },
      http: { port: this.#port },
      peers: [],
      participants,
    };
    writeFileSync(join(this.folder, 'h1.json'), JSON.stringify(config));
  }

  pem(name: 'lea' | 'lou'): string {
    return encodeKey(this.keys[name]);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
