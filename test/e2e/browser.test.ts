/** The SDK in a real browser: a page behind the same address as the hub's HTTP door orders, follows and fetches. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';
import { sendSignal } from '../send-signal.ts';
import { RunningDevnet } from './running-devnet.ts';

const PAGE = fileURLToPath(new URL('./fixtures/browser-page.ts', import.meta.url));
const HTML =
  '<!doctype html><meta charset="utf-8"><body></body><script type="module" src="/page.js"></script>';

const chromium = spawnSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).stdout.trim();

/** Everything that the page needs in one file; modules of Node are not to be had there. */
async function bundle(): Promise<string> {
  const bundled = await rolldown({ input: PAGE, platform: 'browser', logLevel: 'silent' });
  const { output } = await bundled.generate({ format: 'esm' });
  expect(output).toHaveLength(1);
  return output[0].code;
}

/** What stands in front of a hub: serves the page, and passes the API on as it is. */
class Front {
  readonly #server: Server;
  readonly told = Promise.withResolvers<Record<string, string>>();

  constructor(files: Readonly<Record<string, [type: string, content: string]>>, hubUrl: string) {
    this.#server = createServer((ask, answer) => {
      const file = files[ask.url ?? ''];
      if (file) answer.setHeader('content-type', file[0]).end(file[1]);
      else if (ask.url === '/told') void this.#take(ask, answer);
      else if (ask.url?.startsWith('/v1/')) pass(ask, answer, hubUrl);
      else answer.writeHead(404).end();
    });
  }

  async open(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async #take(ask: IncomingMessage, answer: ServerResponse): Promise<void> {
    let text = '';
    for await (const piece of ask) text += piece;
    answer.end();
    this.told.resolve(JSON.parse(text));
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

function pass(ask: IncomingMessage, answer: ServerResponse, hubUrl: string): void {
  const { method, headers } = ask;
  const onward = request(new URL(ask.url ?? '', hubUrl), { method, headers }, (reply) => {
    answer.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(answer);
  });
  onward.on('error', () => answer.destroy());
  answer.on('close', () => onward.destroy());
  ask.pipe(onward);
}

function browse(url: string, folder: string): ChildProcess {
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
  const own = [`--user-data-dir=${folder}`, '--no-first-run', '--disable-extensions'];
  return spawn(chromium, [...flags, ...own, url], { stdio: 'ignore', detached: true });
}

test.skipIf(chromium === '')(
  'a page orders, follows the output, fetches the result, and stops to follow another one',
  async () => {
    const pageCode = await bundle();
    const devnet = await RunningDevnet.open();
    const folder = mkdtempSync('/tmp/sg-browser-test-');
    const context = devnet.context() as ReturnType<RunningDevnet['context']> & { url: string };
    const { hub, participant, network, keyFile, url } = context;
    const key = readFileSync(keyFile, 'utf8');
    const settings = JSON.stringify({ hub: hub.id, participant, key, network });
    const front = new Front(
      {
        '/': ['text/html', HTML],
        '/page.js': ['text/javascript', pageCode],
        '/settings': ['application/json', settings],
      },
      url,
    );
    const browser = browse(await front.open(), folder);
    const ended = once(browser, 'exit').then(() => ({ error: 'the browser ended' }));
    try {
      const told = await Promise.race([front.told.promise, ended]);
      expect(told).toMatchObject({
        state: 'completed',
        shown: 'line 1\nline 2\nline 3\n',
        archive: expect.stringContaining('42\n'),
        left: 'up\n',
      });
    } finally {
      // With the processes of its pages.
      if (browser.pid !== undefined) sendSignal(-browser.pid, 'SIGKILL');
      await ended;
      front.close();
      await devnet.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    }
  },
  300_000,
);
