/** The examples of every `--help`, as a shell reads them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';

export interface Example {
  /** Whose help shows it: `order submit`. */
  of: string;
  /** As it is shown, without comment. */
  line: string;
}

/** Every command that does something or has others below it. */
export function* commandsBelow(command: Command, path = ''): Generator<[string, Command]> {
  yield [path, command];
  for (const inner of command.commands) {
    yield* commandsBelow(inner, `${path} ${inner.name()}`.trim());
  }
}

/** All that `--help` prints. */
export function helpOf(command: Command): string {
  let text = '';
  const output = command.configureOutput();
  command.configureOutput({ writeOut: (piece) => (text += piece) });
  command.outputHelp();
  command.configureOutput(output);
  return text;
}

/** Lines that start with the program's name; those that end in a backslash go on. */
export function examplesIn(of: string, help: string): Example[] {
  const whole = help.replace(/\\\n\s*/g, '');
  const lines = whole.split('\n').filter((line) => /^ {2}(?:source <\()?sparegrid /.test(line));
  return lines.map((line) => ({ of, line: line.trim().replace(/\s+#\s.*$/, '') }));
}

/** What bash makes of the lines: the arguments of each call of `sparegrid`. */
export function argumentsOf(lines: readonly string[]): string[][] {
  const folder = mkdtempSync('/tmp/sg-help-examples-');
  const told = join(folder, 'told');
  const script = `
told() { printf '%s\\0' "$@" $'\\x1e' >> ${told}; }
sparegrid() { told "$@"; }
mkdir -p ~/.config/fish/completions
${lines.join('\n')}`;
  try {
    const env = { PATH: process.env['PATH'], HOME: folder };
    const { status, stderr } = spawnSync('bash', ['-euc', script], { cwd: folder, env });
    if (status !== 0) throw new Error(`bash does not read them: ${stderr}`);
    const calls = readFileSync(told, 'utf8').split('\x1e\0').slice(0, -1);
    return calls.map((call) => call.split('\0').slice(0, -1));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
