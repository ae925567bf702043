/** The completion scripts in the shells that they are for. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from './command.ts';

/** What is typed before the word that is completed, that word, and what it may become. */
const CASES: readonly [typed: string[], word: string, found: string[]][] = [
  [[], 'le', ['lease']],
  [['order'], 'su', ['submit']],
  [['order'], 'l', ['logs', 'ls']],
  [['order', 'submit'], '--w', ['--wait']],
  [['order', '--wait', 'submit'], '--f', ['--file']],
  [['order', 'get', '-o'], 'j', ['json']],
  [['order', 'ls', '--output'], 'y', ['yaml']],
  [['order', 'logs', '-f', '3f2a'], '--gr', ['--grep']],
  [['order', 'ls', '--context', 'logs'], '--con', ['--context']],
  [['completion'], 'f', ['fish']],
  [['order', 'submit', '-f'], 'order.y', ['order.yaml']],
];

/** Each prints what it would offer, a line each. */
const SHELLS: Readonly<Record<string, (typed: string[], word: string) => string>> = {
  bash: (typed, word) => `source ./completion
COMP_WORDS=(sparegrid ${[...typed, word].join(' ')}); COMP_CWORD=${typed.length + 1}
_sparegrid
[ \${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- "${word}"))
printf '%s\\n' "\${COMPREPLY[@]}"`,
  // Outside of the line editor its own builtin is not to be had: this one matches as that does.
  zsh: (typed, word) => `autoload -Uz compinit && compinit -u -D
source ./completion
[[ $_comps[sparegrid] == _sparegrid ]] || exit 1
compadd() { shift; local -a found; found=(\${(M)@:#${word}*}); print -l -- $found; (( $#found )) }
_files() { print -l -- ${word}* }
words=(sparegrid ${[...typed, word].join(' ')}); CURRENT=${typed.length + 2}
_sparegrid`,
  fish: (typed, word) => `source ./completion
complete -C 'sparegrid ${[...typed, word].join(' ')}' | string replace -r '\\t.*' ''`,
};

let folder: string;

beforeAll(() => {
  folder = mkdtempSync('/tmp/sg-completion-');
  writeFileSync(join(folder, 'order.yaml'), '');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(Object.keys(SHELLS))('%s', (shell) => {
  const isThere = spawnSync(shell, ['-c', 'true']).status === 0;

  test.skipIf(!isThere)(
    'completes commands, options, their values, and files',
    async () => {
      const { code, stdout } = await run(['completion', shell]);
      expect(code).toBe(0);
      writeFileSync(join(folder, 'completion'), stdout);
      for (const [typed, word, found] of CASES) {
        const script = SHELLS[shell]?.(typed, word) ?? '';
        const flags = shell === 'zsh' ? ['-fc'] : ['-c'];
        const env = { PATH: process.env['PATH'], HOME: folder };
        const ran = spawnSync(shell, [...flags, script], { cwd: folder, env, encoding: 'utf8' });
        const offered = ran.stdout
          .trim()
          .split('\n')
          .filter((line) => line !== '')
          .sort();
        expect([typed, word, offered, ran.stderr]).toEqual([typed, word, found, '']);
      }
    },
    120_000,
  );
});
