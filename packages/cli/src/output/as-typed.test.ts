/** Commands that a reader is told to type. */
import { expect, test } from 'vitest';
import { asTyped } from './as-typed.ts';

test('who came by npx is told npx, once, and only of commands', () => {
  const by = (text: string) => asTyped(text, true);
  expect(by('next: sparegrid order get o-1')).toBe('next: npx sparegrid order get o-1');
  expect(by('source <(sparegrid completion bash)')).toBe('source <(npx sparegrid completion bash)');
  expect(by('run sparegrid/demo -- x')).toBe('run sparegrid/demo -- x');
  expect(by('npx sparegrid order ls')).toBe('npx sparegrid order ls');
  expect(by('~/.config/sparegrid is there')).toBe('~/.config/sparegrid is there');
  expect(asTyped('sparegrid order ls', false)).toBe('sparegrid order ls');
});
