/**
 * Builds all packages and writes their tarballs: `node scripts/pack.mjs [folder]`, or ./tarballs.
 *
 * In development packages export their sources; a tarball holds `dist` only, exports it, and pins
 * the packages of this repository to the versions packed with it.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const NAMES = ['core', 'link', 'solver', 'hub', 'agent', 'sdk', 'sim', 'cli'];

/**
 * @typedef {object} Manifest
 * @property {string} name
 * @property {string} version
 * @property {unknown} exports
 * @property {string[]} [files]
 * @property {Record<string, string>} [dependencies]
 */

/**
 * Builds and packs every package.
 *
 * @param {string} folder where the tarballs go; created when missing.
 * @returns {string[]} paths of the tarballs, in the order of dependencies.
 */
export function packAll(folder) {
  build();
  mkdirSync(folder, { recursive: true });
  const manifests = NAMES.map(manifestOf);
  const versions = new Map(manifests.map(({ name, version }) => [name, version]));
  const stage = mkdtempSync(join(tmpdir(), 'sparegrid-pack-'));
  try {
    return NAMES.map((name, index) => {
      const staged = join(stage, name);
      const manifest = manifests[index];
      if (manifest === undefined) throw new Error(`no manifest of ${name}`);
      stagePackage(name, staged, published(manifest, versions));
      return packFolder(staged, folder);
    });
  } finally {
    rmSync(stage, { recursive: true });
  }
}

function build() {
  for (const name of NAMES) {
    if (!existsSync(join(ROOT, 'packages', name, 'src'))) throw new Error(`${name} has no sources`);
    rmSync(join(ROOT, 'packages', name, 'dist'), { recursive: true, force: true });
  }
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  run(process.execPath, [join(ROOT, 'scripts/quick.mjs')], ROOT);
  run(process.execPath, [tsc, '-b', ...NAMES.map((name) => `packages/${name}`)], ROOT);
}

/** @returns {Manifest} */
function manifestOf(/** @type {string} */ name) {
  return JSON.parse(readFileSync(join(ROOT, 'packages', name, 'package.json'), 'utf8'));
}

/**
 * The manifest as published: built exports, and packages of this repository by exact version.
 *
 * @param {Manifest} manifest
 * @param {ReadonlyMap<string, string>} versions
 * @returns {Manifest}
 */
function published(manifest, versions) {
  const dependencies = Object.entries(manifest.dependencies ?? {}).map(([name, range]) => [
    name,
    versions.get(name) ?? range,
  ]);
  return {
    ...manifest,
    exports: { './*': { types: './dist/*.d.ts', default: './dist/*.js' } },
    files: ['bin', 'dist', 'quick'],
    ...(dependencies.length > 0 ? { dependencies: Object.fromEntries(dependencies) } : {}),
  };
}

function stagePackage(
  /** @type {string} */ name,
  /** @type {string} */ staged,
  /** @type {Manifest} */ manifest,
) {
  const source = join(ROOT, 'packages', name);
  cpSync(join(source, 'dist'), join(staged, 'dist'), {
    recursive: true,
    filter: (path) => !path.endsWith('.tsbuildinfo'),
  });
  for (const part of ['bin', 'quick', 'README.md']) {
    if (existsSync(join(source, part))) {
      cpSync(join(source, part), join(staged, part), { recursive: true });
    }
  }
  cpSync(join(ROOT, 'LICENSE'), join(staged, 'LICENSE'));
  writeFileSync(join(staged, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Packs a staged folder and returns the path of the tarball. */
function packFolder(/** @type {string} */ staged, /** @type {string} */ folder) {
  const args = ['pack', '--json', '--loglevel=error', `--pack-destination=${resolve(folder)}`];
  const [packed] = JSON.parse(run('npm', args, staged));
  return join(resolve(folder), packed.filename);
}

/** Runs a command to its end and returns what it printed; throws with it when it fails. */
function run(
  /** @type {string} */ command,
  /** @type {string[]} */ args,
  /** @type {string} */ cwd,
) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}

if (import.meta.main) {
  for (const tarball of packAll(process.argv[2] ?? join(ROOT, 'tarballs'))) console.log(tarball);
}
