/** Which hub the commands talk to, and as whom: named contexts, as kubectl has them. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { formerKeyFiles } from '@sparegrid/link/daemon/former-keys';
import { makeFolder } from '@sparegrid/link/make-folder';
import type { Client } from '@sparegrid/sdk/client';
import { CliFault } from './fault.ts';
import { say } from './output/print.ts';

/** The file of all contexts; names another one than `$XDG_CONFIG_HOME/sparegrid/config.json`. */
export const CONFIG_VARIABLE = 'SPAREGRID_CONFIG';
export const CONTEXT_VARIABLE = 'SPAREGRID_CONTEXT';
export const DIRECTORY_VARIABLE = 'SPAREGRID_DIR';
export const DEFAULT_DIRECTORY = join('.sparegrid', 'devnet');
const CONNECT_MS = 5_000;
/** After so long without an answer the user is told what is waited for. */
const QUIET_MS = 1_000;

/** `keyFile` is absolute: a context means the same from every folder. */
export interface Context {
  url: string;
  /** Of the hub's standbys. */
  standbyUrls?: string[];
  hub: string;
  participant: string;
  keyFile: string;
  /** Whose word counts about lessors' keys: without it nothing that is ordered can start. */
  network?: { network: string; operatorKey: string };
}

export interface Contexts {
  current: string | null;
  contexts: Record<string, Context>;
}

export interface Choice {
  dir?: string;
  context?: string;
}

export function contextsFile(): string {
  const { XDG_CONFIG_HOME, [CONFIG_VARIABLE]: named } = process.env;
  return named ?? join(XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'sparegrid', 'config.json');
}

/** `--dir`, else the environment, else the default. @throws CliFault CLI_USAGE */
export function stateDirectory(option: string | undefined): string {
  // A variable that is not set, typed as `--dir "$DIR"`: not the folder where one just is.
  if (option === '') throw new CliFault('CLI_USAGE', '--dir: expected a folder, got nothing.');
  return resolve(option ?? (process.env[DIRECTORY_VARIABLE] || DEFAULT_DIRECTORY));
}

/** @throws CliFault CLI_FILE_MALFORMED, CLI_FILE_UNREADABLE */
export function readContexts(): Contexts {
  const file = contextsFile();
  if (!existsSync(file)) return { current: null, contexts: {} };
  const read = readJson(file) as Partial<Contexts> | null;
  const { current = null, contexts } = read ?? {};
  const isGood = typeof contexts === 'object' && (current === null || typeof current === 'string');
  if (!isGood) throw new CliFault('CLI_FILE_MALFORMED', `${file}: expected current and contexts.`);
  for (const [name, context] of Object.entries(contexts)) check(context, `${file}, ${name}`);
  return { current, contexts };
}

/** Whole or not at all, readable by its owner only. */
export function writeContexts(contexts: Contexts): void {
  const file = contextsFile();
  makeFolder(dirname(file), 0o700);
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(contexts, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
}

/**
 * `--context`, else `--dir`, else their variables, else the current context, else a devnet of this
 * folder.
 *
 * @throws CliFault CLI_NO_CONTEXT, CLI_NO_DEVNET, CLI_FILE_MALFORMED
 */
export function chosenContext({ context, dir }: Choice): Context {
  const named = context ?? (dir === undefined ? process.env[CONTEXT_VARIABLE] : undefined);
  if (named !== undefined && named !== '') return contextOf(named);
  const directory = dir ?? process.env[DIRECTORY_VARIABLE];
  if (directory !== undefined) return contextIn(directory);
  const { current } = readContexts();
  if (current !== null) return contextOf(current);
  if (existsSync(join(DEFAULT_DIRECTORY, 'context.json'))) return contextIn(DEFAULT_DIRECTORY);
  const hint =
    'Start a network of your own with sparegrid devnet up, or see sparegrid context add.';
  throw new CliFault('CLI_NO_CONTEXT', hint, 'unavailable');
}

export function contextOf(name: string): Context {
  const { contexts } = readContexts();
  const found = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (found) return found;
  const known = Object.keys(contexts).join(', ') || 'none';
  throw new CliFault('CLI_NO_CONTEXT', `No context ${name}; known: ${known}.`);
}

/** The context that a devnet wrote into its state directory. */
export function contextIn(directory: string): Context {
  const file = resolve(directory, 'context.json');
  if (!existsSync(file)) {
    const hint = `Looked for ${file}. Start one with sparegrid devnet up, or name its --dir.`;
    throw new CliFault('CLI_NO_DEVNET', hint, 'unavailable');
  }
  const read = readJson(file) as Omit<Context, 'hub'> & { hub?: { id?: string } };
  const { url, hub, participant, keyFile, network } = read ?? {};
  const absolute = resolve(directory, keyFile ?? '');
  const context = {
    url,
    hub: hub?.id,
    participant,
    keyFile: absolute,
    ...(network && { network }),
  };
  return check(context, file);
}

/** Lends a client to `use` and closes it whatever happens. */
export async function withClient<T>(
  choice: Choice,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const { url, standbyUrls = [], hub, participant, keyFile, network } = chosenContext(choice);
  // Code for schemas is worth compiling in daemons only. Before the schemas are made.
  (await import('zod')).config({ jitless: true });
  const [{ connectHttp }, { askByNode: ask }] = await Promise.all([
    import('@sparegrid/sdk/connect-http'),
    import('@sparegrid/sdk/node-http'),
  ]);
  const waiting = setTimeout(() => say(`Waiting for hub ${hub} at ${url} ...`), QUIET_MS);
  let client: Client;
  try {
    client = await connectHttp({
      url: [url, ...standbyUrls],
      hub,
      participant,
      key: readKey(keyFile),
      formerKeys: formerKeyFiles(keyFile).map(readKey),
      network,
      ask,
      timeoutMs: CONNECT_MS,
    });
  } finally {
    clearTimeout(waiting);
  }
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

/** @throws CliFault CLI_FILE_UNREADABLE */
export function readKey(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const hint = `${file}: ${(cause as Error).message}. It holds the key of this context.`;
    throw new CliFault('CLI_FILE_UNREADABLE', hint, 'input', cause);
  }
}

function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const hint = `${file}: ${(cause as Error).message}`;
    throw new CliFault('CLI_FILE_UNREADABLE', hint, 'input', cause);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const hint = `${file}: ${(cause as Error).message}`;
    throw new CliFault('CLI_FILE_MALFORMED', hint, 'input', cause);
  }
}

/**
 * A context as it was read or is to be written.
 *
 * @throws CliFault CLI_FILE_MALFORMED
 */
export function check(context: unknown, where: string): Context {
  const { url, standbyUrls, hub, participant, keyFile, network } = (context ??
    {}) as Partial<Context>;
  const isUrl = (given: unknown) => typeof given === 'string' && /^https?:\/\//.test(given);
  const isGood =
    isUrl(url) &&
    (standbyUrls === undefined || (Array.isArray(standbyUrls) && standbyUrls.every(isUrl))) &&
    /^[a-z0-9-]+$/.test(hub ?? '') &&
    /^[a-z0-9-]+\.[a-z0-9-]+$/.test(participant ?? '') &&
    typeof keyFile === 'string' &&
    (network === undefined ||
      (typeof network.network === 'string' && typeof network.operatorKey === 'string'));
  if (isGood) {
    const more = { ...(standbyUrls && { standbyUrls }), ...(network && { network }) };
    return { url, hub, participant, keyFile, ...more } as Context;
  }
  const hint = `${where}: expected url (http...), standbyUrls (a list of them) if given, hub, participant (<name>.<hub>), keyFile, and network (network, operatorKey) if given.`;
  throw new CliFault('CLI_FILE_MALFORMED', hint);
}
