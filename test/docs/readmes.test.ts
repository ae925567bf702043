/** Both READMEs walk a new user through the same commands. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

function readme(name: string): string {
  return readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
}

/** Blocks of code without their comments and the space in front. */
function blocksOf(text: string): string[][] {
  return [...text.matchAll(/```(?:sh|yaml)\n([\s\S]*?)```/g)].map(([, block = '']) =>
    block
      .split('\n')
      .map((line) => line.replace(/(?:^|\s{2,})#.*$/, '').trim())
      .filter((line) => line !== ''),
  );
}

/** Commands, names and values within sentences, whatever the order of the sentence. */
function wordsOf(text: string): string[] {
  const walk = text.replace(/```[\s\S]*?```/g, '').split('\n## More\n')[0] ?? '';
  return [...walk.matchAll(/`([^`\n]+)`/g)].map(([, word = '']) => word).sort();
}

it('have the same blocks of commands and the same order file', () => {
  const blocks = blocksOf(readme('README.md'));
  expect(blocks.flat().length).toBeGreaterThan(20);
  expect(blocksOf(readme('README.zh.md'))).toEqual(blocks);
});

it('name the same commands within their sentences', () => {
  expect(wordsOf(readme('README.zh.md'))).toEqual(wordsOf(readme('README.md')));
});

it('lead to each other', () => {
  expect(readme('README.md')).toContain('(README.zh.md)');
  expect(readme('README.zh.md')).toContain('(README.md)');
});
