/** What `sparegrid devnet up` does. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectBy, contextFile } from '../context.ts';
import { contextIn, readContexts, stateDirectory, writeContexts } from '../contexts.ts';
import { tellStory } from '../demo/story.ts';
import { Devnet } from '../devnet/devnet.ts';
import { Layout } from '../devnet/layout.ts';
import { makeStateFolder } from '../devnet/state-folder.ts';
import { listenToSignals, type Told } from '../devnet/until-told.ts';
import { CLI_FAULTS, CliFault, type CliFaultCode } from '../fault.ts';
import { say } from '../output/print.ts';
import type { UpOptions } from './options.ts';

/** Name of the context of a devnet in its default place. */
const CONTEXT = 'devnet';

/** What the process behind `--detach` tells the one that the user sees. */
type Word = { kind: 'said'; text: string } | { kind: 'up' };

function tell(word: Word): void {
  if (process.connected) process.send?.(word);
}

/** To the log, and to the terminal as long as somebody waits there. */
function sayBoth(text: string): void {
  say(text);
  tell({ kind: 'said', text });
}

/** With `--detach` the same command goes on in a process of its own, and says when it is up. */
async function detached({ dir, fresh, transport, store, runtime }: UpOptions): Promise<void> {
  const directory = stateDirectory(dir);
  makeStateFolder(new Layout(directory));
  const file = join(directory, 'up.log');
  const log = openSync(file, 'w', 0o600);
  const kept = store === undefined ? [] : ['--store', store];
  const how = ['--transport', transport, '--runtime', runtime, ...kept];
  const args = ['devnet', 'up', '--dir', directory, ...how];
  const main = process.argv[1] as string;
  const child = spawn(process.execPath, [main, ...args, ...(fresh ? ['--fresh'] : [])], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const exited = once(child, 'exit').then(() => false);
  const { promise: up, resolve } = Promise.withResolvers<boolean>();
  child.on('message', (word: Word) => (word.kind === 'up' ? resolve(true) : say(word.text)));
  const isUp = await Promise.race([up, exited]);
  if (!isUp) throw failureIn(readFileSync(file, 'utf8').trim());
  child.disconnect();
  child.unref();
  if (dir === undefined) remember(directory);
  const option = dir === undefined ? '' : ` --dir ${directory}`;
  say(`All processes are ready. To end them: sparegrid devnet down${option}`);
}

/** What the process behind `--detach` said last, as if it had been said here. */
function failureIn(log: string): CliFault {
  const [, code, hint] = /^error ([A-Z_]+): .*\nhint: (.*)$/m.exec(log) ?? [];
  const isKnown = code !== undefined && Object.hasOwn(CLI_FAULTS, code);
  if (!isKnown) return new CliFault('CLI_DEVNET_FAILED', log, 'failed');
  return new CliFault(code as CliFaultCode, hint ?? '', 'failed');
}

/** So that every folder finds it. A choice that the user made stays. */
function remember(directory: string): void {
  const { current, contexts } = readContexts();
  contexts[CONTEXT] = contextIn(directory);
  writeContexts({ current: current ?? CONTEXT, contexts });
  say(
    `Context ${CONTEXT} points to it${current === null || current === CONTEXT ? '' : `; sparegrid context use ${CONTEXT}`}.`,
  );
}

export async function bringUp(options: UpOptions): Promise<void> {
  if (options.detach) return detached(options);
  const startMs = Date.now();
  const directory = stateDirectory(options.dir);
  const { transport, store = null, runtime, fresh = false } = options;
  const say = sayBoth;
  const devnet = await Devnet.open({ directory, fresh, transport, store, runtime, say });
  const signals = listenToSignals(() => devnet.kill());
  try {
    sayBoth(`Starting 3 hubs, 5 lessors and a lessee; state in ${directory} ...`);
    await Promise.race([devnet.start(), signals.told]);
    if (!signals.signal.aborted) await run(directory, startMs, options, signals);
  } finally {
    say('Ending all processes ...');
    await devnet.stop();
    signals.release();
    say('Nothing is left running.');
  }
}

async function run(
  directory: string,
  startMs: number,
  options: UpOptions,
  signals: Told,
): Promise<void> {
  say('All processes are ready.');
  if (options.dir === undefined) remember(directory);
  tell({ kind: 'up' });
  const option = options.dir === undefined ? '' : ` --dir ${directory}`;
  if (options.demo) await demonstrate(directory, startMs, signals, option);
  tellNext(directory, option);
  await signals.told;
}

async function demonstrate(
  directory: string,
  startMs: number,
  { signal }: Told,
  option: string,
): Promise<void> {
  const client = await connectBy(directory);
  try {
    const { order } = await tellStory({ client, startMs, say, signal });
    const commands = ['get', 'explain', 'logs'].map((verb) => {
      return `  sparegrid order ${verb} ${order}${option}`;
    });
    say(`\nLook at it, in another terminal:\n${commands.join('\n')}`);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await client.close();
  }
}

function tellNext(directory: string, option: string): void {
  say(`
What to try next:
  sparegrid run${option} sparegrid/demo -- node -e 'console.log("hello from", process.env.SPAREGRID_RANK)'
  sparegrid offer ls${option}
  sparegrid hub status${option}
  sparegrid order submit --help     # shows an order file to start from
  kill -9 any process of "sparegrid devnet status${option}": it starts again, nothing is lost
Ctrl-C ends the devnet; the next "devnet up" resumes it from ${contextFile(directory)}.`);
}
