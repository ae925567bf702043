/** Writes docs/patent-map.md from the `@patent` tags: requirement -> code -> tests. */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';

/** One id at one place. `symbol` is what the tag stands before; a test's title in tests. */
export interface Tag {
  id: string;
  file: string;
  symbol: string;
}

/** Groups of requirements in the order in which they are listed. */
const GROUPS = 'TOP PAN LSE IDL ISO ORD MAT SIG EXE CLU MON EVI CON SEC PKG E2E'.split(' ');

const FILE = 'docs/patent-map.md';

/** Every tag of a source text, in its order. */
export function tagsOf(file: string, source: string): Tag[] {
  const tags: Tag[] = [];
  for (const comment of source.matchAll(/\/\*\*[\s\S]*?\*\/|\/\/.*/g)) {
    const text = /@patent (.*)/.exec(comment[0])?.[1];
    if (text === undefined) continue;
    const end = comment.index + comment[0].length;
    const symbol = symbolAfter(source.slice(0, comment.index), source.slice(end));
    for (const id of idsIn(text)) tags.push({ id, file, symbol });
  }
  return tags;
}

/** Ids from the start of the text; `[0050]-[0052]` names every paragraph of the range. */
function idsIn(text: string): string[] {
  const ids: string[] = [];
  for (const word of text.split(/\s+/)) {
    const range = /^\[(\d{4})\](?:-\[(\d{4})\])?$/.exec(word);
    if (range) {
      for (let number = Number(range[1]); number <= Number(range[2] ?? range[1]); number += 1) {
        ids.push(`[${String(number).padStart(4, '0')}]`);
      }
    } else if (/^(C\d+\.\d+|[A-Z0-9]{3}-\d+)$/.test(word)) ids.push(word);
    else break;
  }
  return ids;
}

const DECLARATION =
  /^\s*(?:export )?(?:abstract )?(?:class|function\*?|interface|type|const) ([\w$]+)/;
const TEST = /^\s*(?:it|describe)(?:\.each[\s\S]*?\]\))?\(\s*'((?:[^'\\]|\\.)*)'/;
const MEMBER = /^\s+(?:(?:readonly|static|override|async|get) )*([#\w$]+)\s*[(:?<=]/;
const OWNER = /^(?:export )?(?:abstract )?(?:class|interface|const) ([\w$]+)/gm;

function symbolAfter(before: string, after: string): string {
  const named = DECLARATION.exec(after) ?? TEST.exec(after);
  if (named?.[1]) return named[1];
  const member = MEMBER.exec(after)?.[1];
  if (member === undefined) return '';
  const owner = [...before.matchAll(OWNER)].at(-1)?.[1];
  return owner === undefined ? member : `${owner}.${member}`;
}

/** All tags of the repository, by file. */
export function collectTags(root: string): Tag[] {
  const patterns = ['packages/*/{src,bin}/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts'];
  const files = globSync(patterns, { cwd: root }).map((file) => file.split(sep).join('/'));
  // The test of this script has tags in texts.
  const own = (file: string) => !/\/(node_modules|dist)\/|patent-map/.test(file);
  return files
    .filter(own)
    .sort()
    .flatMap((file) => tagsOf(file, readFileSync(join(root, file), 'utf8')));
}

export function isTest({ file }: Tag): boolean {
  return file.endsWith('.test.ts');
}

/** The page: one row per id, claims first, then requirements, then paragraphs. */
export function renderMap(tags: readonly Tag[]): string {
  const ids = [...new Set(tags.map(({ id }) => id))].sort(compareTagIds);
  const rows = ids.map((id) => {
    const own = tags.filter((tag) => tag.id === id);
    const [code, tests] = [own.filter((tag) => !isTest(tag)), own.filter(isTest)];
    return `| ${id} | ${placesOf(code)} | ${placesOf(tests)} |`;
  });
  return `# Patent map

Where each claim (\`C1.4\`), requirement (\`PAN-6\`) and paragraph (\`[0050]\`) of CN 117579629 A is in
the code, and which tests show it. Written by \`npm run docs:patent\` from the \`@patent\` tags; a test
fails when it is stale.

| id | code | tests |
|---|---|---|
${rows.join('\n')}
`;
}

function placesOf(tags: readonly Tag[]): string {
  const files = [...new Set(tags.map(({ file }) => file))];
  return files
    .map((file) => {
      const symbols = tags.filter((tag) => tag.file === file && tag.symbol).map(symbolText);
      const name = file.replace(/^packages\//, '').replace('/src/', '/');
      const link = `[${name}](../${file})`;
      return symbols.length > 0 ? `${link}: ${[...new Set(symbols)].join(', ')}` : link;
    })
    .join('<br>');
}

function symbolText(tag: Tag): string {
  const text = tag.symbol.replaceAll('|', '\\|');
  return isTest(tag) ? `“${text}”` : `\`${text}\``;
}

function compareTagIds(a: string, b: string): number {
  const [keyA, keyB] = [sortKeyOf(a), sortKeyOf(b)];
  const at = keyA.findIndex((part, index) => part !== keyB[index]);
  return at < 0 ? 0 : (keyA[at] as number) - (keyB[at] as number);
}

function sortKeyOf(id: string): number[] {
  const numbers = [...id.matchAll(/\d+/g)].map(([digits]) => Number(digits));
  if (id.startsWith('[')) return [2, ...numbers];
  const group = GROUPS.indexOf(id.slice(0, id.indexOf('-')));
  if (group < 0) return [0, ...numbers];
  return [1, group, Number(id.slice(id.indexOf('-') + 1))];
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..');
  writeFileSync(join(root, FILE), renderMap(collectTags(root)));
  console.log(`wrote ${FILE}`);
}
