/** Shows that the checks of imports and of the purity of core can fail. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkImports, importsOf } from '../../scripts/check-imports.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sparegrid-imports-'));
});

afterEach(() => rmSync(root, { recursive: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

/** What is said against a single file with that one import. */
function reasons(file: string, specifier: string): string[] {
  write(file, `import { x } from '${specifier}';\n`);
  return checkImports(root).map(({ reason }) => reason);
}

describe('direction of packages', () => {
  test.each([
    ['packages/core/src/units/a.ts', '@sparegrid/link/frames', 'package core must not know'],
    ['packages/link/src/a.ts', '@sparegrid/hub/app', 'package link must not know package hub'],
    ['packages/hub/src/a.test.ts', '@sparegrid/agent/app', 'package hub must not know'],
    ['packages/sdk/src/a.ts', '@sparegrid/cli/main', 'package sdk must not know package cli'],
    ['packages/agent/src/a.ts', '../../core/src/units/ids.ts', 'leaves its package'],
    ['packages/hub/src/a.ts', '@sparegrid/hub/app', 'is its own package'],
    ['packages/hub/src/a.ts', '@sparegrid/core', 'names no module'],
    ['packages/hub/src/a.ts', '@sparegrid/core/units/ids.ts', 'has a file ending'],
    ['packages/hub/src/a.ts', './app.js', 'has no .ts ending'],
    ['packages/hub/src/a.ts', 'zod', 'zod is no dependency of package hub'],
    ['packages/hub/src/a.ts', 'fs', 'write node:fs'],
    ['packages/other/src/a.ts', './b.ts', 'package other has no place'],
  ])('%s must not import %s', (file, specifier, reason) => {
    expect(reasons(file, specifier)).toEqual([expect.stringContaining(reason)]);
  });

  test.each([
    ['packages/link/src/a.ts', '@sparegrid/core/units/ids'],
    ['packages/cli/src/a.ts', '@sparegrid/sim/replay/main'],
    ['packages/hub/src/a.ts', 'node:fs'],
    ['packages/hub/src/a.test.ts', 'vitest'],
    ['packages/hub/src/shells/a.ts', '../app.ts'],
  ])('%s may import %s', (file, specifier) => {
    expect(reasons(file, specifier)).toEqual([]);
  });
});

describe('rooms of core', () => {
  test.each([
    ['packages/core/src/units/a.ts', '../order/b.ts', 'room units is below room order'],
    ['packages/core/src/order/a.ts', '../matching/b.ts', 'room order is below room matching'],
    ['packages/core/src/agreement/deep/a.ts', '../../hub/b.ts', 'room agreement is below room hub'],
    ['packages/core/src/agreement/a.ts', '../step.ts', 'room agreement is below room shared'],
    ['packages/core/src/cellar/a.ts', '../units/b.ts', 'room cellar has no level'],
  ])('%s must not import %s', (file, specifier, reason) => {
    expect(reasons(file, specifier)).toEqual([expect.stringContaining(reason)]);
  });

  test('a lower room is open to a higher one, and a test to every room', () => {
    expect(reasons('packages/core/src/hub/a.ts', '../units/b.ts')).toEqual([]);
    expect(reasons('packages/core/src/units/a.test.ts', '../hub/b.ts')).toEqual([]);
  });

  test('rooms of one level must not import each other', () => {
    write('packages/core/src/order/a.ts', "import { x } from '../panorama/b.ts';\n");
    expect(checkImports(root)).toEqual([]);
    write('packages/core/src/panorama/c.ts', "import { x } from '../order/d.ts';\n");
    expect(checkImports(root)).toHaveLength(2);
  });
});

test('finds every form of import and none in comments', () => {
  const source = `
    import 'a';
    import type { B } from "b";
    import {
      c,
    } from 'c';
    export * from 'd';
    type E = import('e').E;
    const f = await import('f');
    // import 'no';
    /* import { no } from 'no'; */
    const url = 'http://x'; import 'g';
    const text = "moved from 'no'";
    import /* h */ 'h';
  `;
  expect(importsOf(source)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
});

test('Biome refuses the clock, randomness, timers, Node and import cycles in core', () => {
  copyFileSync(join(REPOSITORY, 'biome.json'), join(root, 'biome.json'));
  const impure = `
    import { readFileSync } from 'node:fs';
    import type { B } from './b.ts';
    export interface A { b: B }
    export const a = Date.now() + Math.random() + performance.now() + readFileSync.length;
    setTimeout(() => a, 1);
    setInterval(() => a, 1);
  `;
  write('packages/core/src/units/a.ts', impure);
  write('packages/core/src/units/b.ts', "import type { A } from './a.ts';\nexport type B = A;\n");
  expect(rulesBrokenIn('packages/core/src/units/a.ts')).toEqual({
    'lint/nursery/noJsRestrictedProperties': 1,
    'lint/style/noRestrictedGlobals': 4,
    'lint/style/noRestrictedImports': 1,
    'lint/suspicious/noImportCycles': 1,
  });
});

/** How often Biome finds each rule of the linter broken in `file`. */
function rulesBrokenIn(file: string): Record<string, number> {
  const biome = join(REPOSITORY, 'node_modules/@biomejs/biome/bin/biome');
  const args = [biome, 'lint', '--reporter=json', file];
  const { stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  const counts: Record<string, number> = {};
  for (const { category } of JSON.parse(stdout).diagnostics) {
    counts[category] = (counts[category] ?? 0) + 1;
  }
  return counts;
}
