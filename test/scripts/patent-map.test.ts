import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collectTags, isTest, renderMap, tagsOf } from '../../scripts/patent-map.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Requirements of the market core: each must have a place in the code and a test. */
const CORE =
  'C1.1 C1.2 C1.3 C1.4 C1.5 C1.6 C1.7 C4.1 C4.2 C7.1 C9.1 TOP-1 TOP-2 TOP-3 TOP-5 PAN-1 PAN-2 ' +
  'PAN-3 PAN-4 PAN-5 PAN-6 PAN-9 PAN-10 LSE-1 LSE-2 LSE-3 LSE-5 ORD-1 ORD-2 MAT-1 MAT-2 MAT-3 ' +
  'MAT-4 MAT-5 MAT-6 MAT-7 MAT-9 MAT-10 SIG-1 SIG-2 EXE-4 EXE-5';

describe('docs/patent-map.md', () => {
  const tags = collectTags(ROOT);

  it('is what the tags say: run npm run docs:patent', () => {
    expect(readFileSync(join(ROOT, 'docs/patent-map.md'), 'utf8')).toBe(renderMap(tags));
  });

  it.each(CORE.split(' '))('shows code and a test for %s', (id) => {
    const places = tags.filter((tag) => tag.id === id);
    expect(
      places.filter((tag) => !isTest(tag)),
      'code',
    ).not.toEqual([]);
    expect(places.filter(isTest), 'tests').not.toEqual([]);
  });
});

describe('a @patent tag', () => {
  const of = (source: string) => tagsOf('f.ts', source).map(({ id, symbol }) => `${id} ${symbol}`);

  it('names what is declared after it', () => {
    expect(of('/** Does. @patent [0001] C1.2 */\nexport function run() {}')).toEqual([
      '[0001] run',
      'C1.2 run',
    ]);
    expect(
      of('export class A {\n  /**\n   * Does.\n   * @patent PAN-6\n   */\n  #go(): void {}'),
    ).toEqual(['PAN-6 A.#go']);
  });

  it('of a range names every paragraph', () => {
    expect(of('/** @patent [0009]-[0011] */\nexport type T = 1;')).toEqual([
      '[0009] T',
      '[0010] T',
      '[0011] T',
    ]);
  });

  it('in a test names its title', () => {
    expect(of("  /** @patent SIG-1 */\n  it('wins', () => {});")).toEqual(['SIG-1 wins']);
    expect(of("// @patent SIG-1\nit.each([\n  ['a', 1],\n])('wins %s', () => {});")).toEqual([
      'SIG-1 wins %s',
    ]);
  });

  it('ends at the first word that is no id', () => {
    expect(of('/** @patent C1.1 and so on C1.2 */\nconst x = 1;')).toEqual(['C1.1 x']);
  });
});
