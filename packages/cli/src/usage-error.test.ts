import { expect, test } from 'vitest';
import { failureOf } from './failure.ts';
import { buildProgram } from './program.ts';

async function hintOf(...words: string[]): Promise<string | undefined> {
  const program = await buildProgram(words);
  const error = await program.parseAsync(words, { from: 'user' }).catch((thrown) => thrown);
  const failure = failureOf(error);
  expect(failure).toMatchObject({ code: 'CLI_USAGE', exitCode: 2 });
  return failure?.hint;
}

test.each<[string[], string]>([
  [['ordr'], 'Did you mean sparegrid order? See sparegrid --help.'],
  [['order', 'submt'], 'Did you mean sparegrid order submit? See sparegrid order --help.'],
  [['order', 'list'], 'Did you mean sparegrid order ls? See sparegrid order --help.'],
  [['logs'], 'Did you mean sparegrid order logs, or sparegrid lease logs? See sparegrid --help.'],
  [['run', '--memry', '5'], 'Did you mean --memory? See sparegrid run --help.'],
  [['run'], 'See sparegrid run --help.'],
  [['lease', 'ls', 'x'], 'See sparegrid lease ls --help.'],
  [['context', 'add', 'x'], 'See sparegrid context add --help.'],
])('%j', async (words, hint) => {
  expect(await hintOf(...words)).toBe(hint);
});

test('a group names its commands when none is meant', async () => {
  const known = 'sparegrid lease has: ls, get, logs, stop. See sparegrid lease --help.';
  expect(await hintOf('lease')).toBe(known);
  expect(await hintOf('lease', 'zzzzzz')).toBe(known);
});
