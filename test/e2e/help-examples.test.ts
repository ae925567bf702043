/** Every example of every `--help` is right: all are parsed, and those for a running devnet are run there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { beforeAll, expect, test } from 'vitest';
import { buildAll } from '../../packages/cli/src/program.ts';
import { run, start } from './command.ts';
import { argumentsOf, commandsBelow, type Example, examplesIn, helpOf } from './help-examples.ts';
import { RunningDevnet } from './running-devnet.ts';

/** Stands in examples for the beginning of an order's id. */
const ID = '3f2a';
/** Of these every example is run; the others start networks or daemons, or want files of theirs. */
const ON_DEVNET =
  /^(?:run|order|lease|result|offer|resource|hub status|doctor|completion|devnet status|agent (?:status|pause|drain|resume))(?: |$)/;
/** The devnet has no such device: nobody suits. */
const NOBODY = /--gpu/;
/** What they end must be there, and run. */
const ENDS = /^(?:order cancel|lease stop)/;

let program: Command;
let examples: Example[];

beforeAll(async () => {
  program = await buildAll();
  examples = [...commandsBelow(program)].flatMap(([of, command]) =>
    examplesIn(of, helpOf(command)),
  );
});

test('every command shows an example of itself', () => {
  for (const [path, command] of commandsBelow(program)) {
    const own = examples.filter(({ of }) => of === path);
    expect([path, own.length]).not.toEqual([path, 0]);
    if (command.commands.length > 0) continue;
    expect(own.filter(({ line }) => line.includes(`sparegrid ${path}`))).toHaveLength(own.length);
  }
});

test('every example is one that its command takes', async () => {
  for (const [, command] of commandsBelow(program)) command.action(() => {});
  for (const words of argumentsOf(examples.map(({ line }) => line))) {
    const error = await program.parseAsync(words, { from: 'user' }).catch((thrown) => thrown);
    expect([words, error]).toEqual([words, program]);
  }
});

test('every example for a running network works there', async () => {
  const devnet = await RunningDevnet.open();
  const folder = mkdtempSync('/tmp/sg-help-examples-');
  const env = { SPAREGRID_DIR: devnet.directory };
  const sparegrid = async (...words: string[]) => {
    const ended = await start(words, env, folder).ended;
    return [words, ended.code, ended.stderr] as const;
  };
  /** An order, until it ended or runs. */
  const ordered = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(['run', '-d', '-o', 'name', ...words], env);
    expect([words, code]).toEqual([words, stderr.includes('error') ? stderr : 0]);
    return stdout.trim();
  };
  const leaving =
    'mkdir $SPAREGRID_OUT/model; echo 1 > $SPAREGRID_OUT/model/weights.json; echo error';
  try {
    writeFileSync(join(folder, 'order.yaml'), orderIn(helpOf(commandAt('order submit'))));
    const config = join(devnet.directory, 'config/north.h1.json');
    const image = ['sparegrid/demo', '--', 'sh', '-c'];
    const one = await ordered(...image, leaving);
    const two = await ordered('--replicas', '2', ...image, leaving);
    for (const id of [one, two]) await sparegrid('order', 'logs', '-f', id);
    const lines = new Set(examples.map(({ line }) => line));
    for (const words of argumentsOf([...lines])) {
      const text = words.join(' ');
      if (!ON_DEVNET.test(text) || text.includes('--follow')) continue;
      const alive = ENDS.test(text) ? await ordered(...image, 'sleep 60') : null;
      const typed = words.map((word) =>
        word === 'agent.json'
          ? config
          : word.replace(ID, alive ?? (word.includes('/') ? two : one)),
      );
      const [, code, said] = await sparegrid(...typed);
      const expected = NOBODY.test(text) ? 1 : 0;
      expect([text, code, code === expected ? '' : said]).toEqual([text, expected, '']);
    }
  } finally {
    await devnet.close();
    rmSync(folder, { recursive: true, force: true });
  }
}, 600_000);

function commandAt(path: string): Command {
  const found = [...commandsBelow(program)].find(([name]) => name === path);
  return found?.[1] as Command;
}

/** The order file that the help shows. */
function orderIn(help: string): string {
  const lines = help.split('\n');
  const from = lines.findIndex((line) => line.startsWith('  kind: job'));
  const shown = lines.slice(from);
  return shown
    .slice(
      0,
      shown.findIndex((line) => !line.startsWith('  ')),
    )
    .join('\n');
}
