/**
 * Checks who may import whom: packages, the rooms of core, and declared dependencies.
 *
 * Cycles between files and the purity of core are checked by Biome, see biome.json. Type-only
 * imports count like any other: a lower room must not even know of a higher one.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, relative, resolve, sep } from 'node:path';

/** What the sources of each package may import from, itself apart. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  core: [],
  link: ['core'],
  solver: ['core'],
  hub: ['core', 'link', 'solver'],
  agent: ['core', 'link', 'sdk'],
  sdk: ['core', 'link'],
  sim: ['core', 'link', 'hub', 'agent'],
  cli: ['core', 'link', 'solver', 'sdk', 'hub', 'agent', 'sim'],
};

/** The rooms of core from the lowest upwards; those of one line stand on the same level. */
const ROOMS: readonly (readonly string[])[] = [
  ['units', 'refusals'],
  ['panorama', 'order', 'election', 'idle', 'single'],
  ['index', 'identity'],
  ['joint'],
  ['matching'],
  ['rounds'],
  ['agreement'],
  ['ledger', 'cluster', 'contribution'],
  ['shared'],
  ['hub', 'participant'],
];

const SCOPE = '@sparegrid/';

export interface Violation {
  /** Path from the root of the repository. */
  file: string;
  /** The imported module as written. */
  specifier: string;
  reason: string;
}

/** Every import of the sources under `root/packages` that breaks a rule, in the order of the files. */
export function checkImports(root: string): Violation[] {
  const files = globSync('packages/*/{src,bin}/**/*.{ts,mts,mjs}', { cwd: root }).sort();
  const violations: Violation[] = [];
  const roomLinks = new Map<string, Violation>();
  for (const file of files) {
    for (const specifier of importsOf(readFileSync(join(root, file), 'utf8'))) {
      const reason = reasonAgainst(root, file, specifier, roomLinks);
      if (reason !== undefined) violations.push({ file, specifier, reason });
    }
  }
  return [...violations, ...mutualRooms(roomLinks)];
}

/** The module specifiers of static, dynamic and type imports and of re-exports in a source text. */
export function importsOf(source: string): string[] {
  const token =
    /(?<text>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)|\/\/.*|\/\*[\s\S]*?\*\//g;
  const specifiers: string[] = [];
  // Code between strings and comments; a string after `from` or `import` there is a specifier.
  let code = '';
  let end = 0;
  for (const match of source.matchAll(token)) {
    code += source.slice(end, match.index);
    end = match.index + match[0].length;
    const text = match.groups?.['text'];
    if (text === undefined) continue;
    if (/\b(?:from|import|import\s*\(|require\s*\()\s*$/.test(code))
      specifiers.push(text.slice(1, -1));
    code = '';
  }
  return specifiers;
}

function reasonAgainst(
  root: string,
  file: string,
  specifier: string,
  roomLinks: Map<string, Violation>,
): string | undefined {
  const owner = packageOf(file);
  if (PACKAGES[owner] === undefined)
    return `package ${owner} has no place in scripts/check-imports.ts`;
  if (specifier.startsWith('.')) return againstRelative(root, file, specifier, roomLinks);
  if (specifier.startsWith(SCOPE)) return againstInternal(owner, specifier);
  return againstExternal(root, file, specifier);
}

function againstRelative(
  root: string,
  file: string,
  specifier: string,
  roomLinks: Map<string, Violation>,
): string | undefined {
  const target = relative(root, resolve(root, file, '..', specifier))
    .split(sep)
    .join('/');
  if (!target.startsWith(`packages/${packageOf(file)}/`)) {
    return `leaves its package: write ${SCOPE}<package>/<path>`;
  }
  if (!/\.(ts|mjs|json)$/.test(target)) return 'has no .ts ending';
  if (packageOf(file) !== 'core' || isTest(file)) return undefined;
  return againstRoom(file, target, specifier, roomLinks);
}

function againstRoom(
  file: string,
  target: string,
  specifier: string,
  roomLinks: Map<string, Violation>,
): string | undefined {
  const [from, to] = [roomOf(file), roomOf(target)];
  if (from === to) return undefined;
  const [level, targetLevel] = [levelOf(from), levelOf(to)];
  if (level < 0) return `room ${from} has no level in scripts/check-imports.ts`;
  if (targetLevel < 0) return `room ${to} has no level in scripts/check-imports.ts`;
  if (targetLevel > level) return `room ${from} is below room ${to}`;
  const reason = `rooms ${from} and ${to} import each other`;
  roomLinks.set(`${from} ${to}`, { file, specifier, reason });
  return undefined;
}

/** Rooms of one level may import each other in one direction only. */
function mutualRooms(roomLinks: ReadonlyMap<string, Violation>): Violation[] {
  const isMutual = (link: string) => roomLinks.has(link.split(' ').reverse().join(' '));
  return [...roomLinks].filter(([link]) => isMutual(link)).map(([, violation]) => violation);
}

function againstInternal(owner: string, specifier: string): string | undefined {
  const [target = '', ...path] = specifier.slice(SCOPE.length).split('/');
  if (target === owner) return 'is its own package: import by a relative path';
  if (!PACKAGES[owner]?.includes(target)) return `package ${owner} must not know package ${target}`;
  if (path.length === 0) return 'names no module: packages have no index';
  return /\.(ts|js)$/.test(specifier) ? 'has a file ending, which exports add' : undefined;
}

function againstExternal(root: string, file: string, specifier: string): string | undefined {
  if (specifier.startsWith('node:')) return undefined;
  if (builtinModules.includes(specifier)) return `write node:${specifier}`;
  if (isTest(file)) return undefined;
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  const manifest = join(root, 'packages', packageOf(file), 'package.json');
  const { dependencies = {} } = existsSync(manifest)
    ? JSON.parse(readFileSync(manifest, 'utf8'))
    : {};
  return name in dependencies
    ? undefined
    : `${name} is no dependency of package ${packageOf(file)}`;
}

function packageOf(file: string): string {
  return file.split('/')[1] ?? '';
}

/** The room of a file of core: its folder under src; files outside a folder are `shared`. */
function roomOf(file: string): string {
  const [, , , room = '', ...rest] = file.split('/');
  if (rest.length > 0) return room;
  return room === 'refusals.ts' ? 'refusals' : 'shared';
}

function levelOf(room: string): number {
  return ROOMS.findIndex((level) => level.includes(room));
}

function isTest(file: string): boolean {
  return file.endsWith('.test.ts');
}

if (import.meta.main) {
  const violations = checkImports(join(import.meta.dirname, '..'));
  for (const { file, specifier, reason } of violations) {
    console.error(`${file}: '${specifier}' ${reason}`);
  }
  console.log(violations.length === 0 ? 'imports ok' : `${violations.length} forbidden imports`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
