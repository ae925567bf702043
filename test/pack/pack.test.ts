/** The packed packages install into an empty folder and work there, for Node and for TypeScript. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packAll } from '../../scripts/pack.mjs';

const REPOSITORY = join(import.meta.dirname, '../..');
/** Builds, packs and installs everything; on a machine that is busy with other things, too. */
const INSTALL_MS = 1_800_000;
const REMOVE_MS = 300_000;

let folder: string;
let app: string;
let tarballs: string[];

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'sparegrid-packed-')));
  tarballs = packAll(join(folder, 'tarballs'));
  app = join(folder, 'app');
  mkdirSync(app);
  writeFileSync(
    join(app, 'package.json'),
    '{ "name": "app", "private": true, "type": "module" }\n',
  );
  const flags = ['--no-audit', '--no-fund', '--loglevel=error'];
  expect(run('npm', ['install', ...flags, ...tarballs])).toMatchObject({ status: 0 });
}, INSTALL_MS);

afterAll(() => rmSync(folder, { recursive: true, force: true }), REMOVE_MS);

/** Runs a command in the folder of the app, without the npm settings of this repository. */
function run(command: string, args: string[]): SpawnSyncReturns<string> {
  const env = Object.entries(process.env).filter(
    ([name]) => !/^npm_(config_local_prefix|package|lifecycle|execpath)|^INIT_CWD$/.test(name),
  );
  return spawnSync(command, args, { cwd: app, encoding: 'utf8', env: Object.fromEntries(env) });
}

test('a tarball holds built files only', () => {
  for (const tarball of tarballs) {
    const { stdout } = run('tar', ['-tzf', tarball]);
    const files = stdout.trim().split('\n');
    expect(files.filter((file) => /(?<!\.d)\.ts$|\.test\.|tsbuildinfo/.test(file))).toEqual([]);
    expect(files).toContain('package/LICENSE');
    expect(files.some((file) => /^package\/dist\/.*\.js$/.test(file))).toBe(true);
  }
});

test('sparegrid --help runs', () => {
  const result = run(join(app, 'node_modules/.bin/sparegrid'), ['--help']);
  expect(result).toMatchObject({ status: 0, stderr: '' });
  expect(result.stdout).toContain('Usage: sparegrid');
});

test('a quick command runs from the joined files that came along', () => {
  const bin = join(app, 'node_modules/.bin/sparegrid');
  const main = join(app, 'node_modules/sparegrid/quick/main.js');
  expect(run(bin, ['order', '--help']).stdout).toContain('order [options] [command]');
  writeFileSync(main, "console.log('joined');\n");
  expect(run(bin, ['order', '--help']).stdout).toBe('joined\n');
  expect(run(bin, ['devnet', '--help']).stdout).toContain('devnet');
});

test('a module of core is imported by its path', () => {
  const script = "import { refuse } from '@sparegrid/core/refusals'; console.log(typeof refuse);";
  const result = run(process.execPath, ['--input-type=module', '--eval', script]);
  expect(result).toMatchObject({ status: 0, stdout: 'function\n' });
});

test('TypeScript finds the types of a module of core', () => {
  const wrong = "import { refuse } from '@sparegrid/core/refusals';\nexport const n: 1 = refuse;\n";
  writeFileSync(join(app, 'typed.ts'), wrong);
  const tsc = join(REPOSITORY, 'node_modules/typescript/bin/tsc');
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024'];
  const result = run(process.execPath, [tsc, ...flags, '--types', '', 'typed.ts']);
  expect(result.stdout).toContain('TS2322');
  expect(
    result.stdout
      .trim()
      .split('\n')
      .filter((line) => /error TS/.test(line)),
  ).toHaveLength(1);
});
