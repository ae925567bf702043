/** What `sparegrid result` does. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ResultView } from '@sparegrid/core/messages';
import type { Client } from '@sparegrid/sdk/client';
import { withClient } from '../contexts.ts';
import { CliFault } from '../fault.ts';
import { checkId, orderNamed } from '../ids.ts';
import { emit } from '../output/emit.ts';
import { shortName } from '../output/log-text.ts';
import { say } from '../output/print.ts';
import { resultsText } from '../output/result-text.ts';
import { type Archive, readArchive } from '../result/tar-reader.ts';
import { unpack } from '../result/unpack.ts';
import type { GetOptions, HubOptions } from './options.ts';

interface Named {
  order: string;
  results: ResultView[];
}

/** Orders asked at once. */
const AT_ONCE = 8;

export async function list(given: string | undefined, options: HubOptions): Promise<void> {
  if (given !== undefined) checkId(given);
  const results = await withClient(options, async (client) => {
    if (given !== undefined) return client.listResults(await orderNamed(client, given));
    return resultsOfAll(client);
  });
  await emit(options.output, results, {
    table: () => resultsText(results),
    names: () => results.map(({ container }) => container),
  });
}

async function resultsOfAll(client: Client): Promise<ResultView[]> {
  const orders = (await client.listOrders()).sort((a, b) => b.acceptedAtMs - a.acceptedAtMs);
  const results: ResultView[] = [];
  for (let at = 0; at < orders.length; at += AT_ONCE) {
    const some = orders.slice(at, at + AT_ONCE);
    const found = await Promise.all(some.map(({ id }) => client.listResults(id)));
    results.push(...found.flat());
  }
  return results;
}

export async function cat(
  given: string,
  path: string | undefined,
  options: HubOptions,
): Promise<void> {
  checkName(given);
  await withClient(options, async (client) => {
    const { order, results } = await resultsNamed(client, given);
    const { container } = only(results, given);
    const archive = readArchive(await bytesOf(client, order, container));
    const files = archive.entries.filter(({ kind }) => kind === 'file');
    if (path === undefined) {
      const names = files.map((file) => file.path);
      return emit(options.output, names, { table: () => names.join('\n'), names: () => names });
    }
    const wanted = path.replace(/^(\.?\/)+/, '').replace(/^out\//, '');
    const found = files.find((file) => file.path === wanted || file.path === path);
    if (!found) {
      const known = files.map((file) => file.path).join(', ') || 'none';
      throw new CliFault('CLI_NO_RESULT', `no file ${path}; there are: ${known}.`, 'failed');
    }
    await write(found.content);
  });
}

export async function get(given: string, options: GetOptions): Promise<void> {
  checkName(given);
  await withClient(options, async (client) => {
    const { order, results } = await resultsNamed(client, given);
    if (options.tar) {
      return write(await bytesOf(client, order, only(results, given).container));
    }
    const directory = options.to ?? newDirectory(order);
    const written: { container: string; directory: string; files: number }[] = [];
    for (const { container } of results) {
      const archive = readArchive(await bytesOf(client, order, container));
      tellLeftOut(container, archive);
      const target = results.length === 1 ? directory : join(directory, shortName(container));
      written.push({ container, directory: target, files: unpack(archive, target) });
    }
    await emit(options.output, written, {
      table: () =>
        written.map(({ directory: to, files }) => `${to}: ${filesText(files)}`).join('\n'),
      names: () => written.map(({ directory: to }) => to),
    });
  });
}

export async function remove(given: string, options: HubOptions): Promise<void> {
  checkName(given);
  await withClient(options, async (client) => {
    const { order, results } = await resultsNamed(client, given);
    for (const { container } of results) await client.dropResult(order, container);
    const names = results.map(({ container }) => container);
    await emit(options.output, names, { table: () => names.join('\n'), names: () => names });
  });
}

/** `o-...-1.0.0`, as `-o name` prints it. */
const CONTAINER = /^(o-[0-9a-f]{32})-\d{1,9}\.\d{1,9}\.\d{1,9}$/;

/** Order, and the container if one is named. */
function splitName(given: string): string[] {
  const [, order] = CONTAINER.exec(given) ?? [];
  return order === undefined ? given.split('/') : [order, given];
}

function checkName(given: string): void {
  const [order = '', container, ...more] = splitName(given);
  checkId(order);
  const isGood = more.length === 0 && (container === undefined || /^[0-9a-z.-]+$/.test(container));
  if (isGood) return;
  throw new CliFault('CLI_USAGE', `${given}: expected an order, or ORDER/0.1 for one container.`);
}

/** @throws CliFault CLI_NO_RESULT */
async function resultsNamed(client: Client, given: string): Promise<Named> {
  const [named = '', container] = splitName(given);
  const order = await orderNamed(client, named);
  const all = await client.listResults(order);
  const isMeant = ({ container: id }: ResultView) =>
    container === undefined || id === container || shortName(id) === container;
  const results = all.filter(isMeant);
  if (results.length > 0) return { order, results };
  const known = all.map(({ container: id }) => shortName(id)).join(', ');
  const hint =
    all.length > 0
      ? `${order} has results of ${known}.`
      : `The containers of ${order} left nothing in $SPAREGRID_OUT, or have not ended.`;
  throw new CliFault('CLI_NO_RESULT', hint, 'failed');
}

function only(results: readonly ResultView[], given: string): ResultView {
  const [first, ...more] = results;
  if (first && more.length === 0) return first;
  const names = results.map(({ container }) => shortName(container)).join(', ');
  throw new CliFault('CLI_AMBIGUOUS', `${given} has results of ${names}; name one: ${given}/0.0`);
}

async function bytesOf(client: Client, order: string, container: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of client.readResult(order, container)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Never somebody's folder. */
function newDirectory(order: string): string {
  const name = `result-${order.slice(0, 10)}`;
  for (let count = 1; ; count += 1) {
    const free = count === 1 ? name : `${name}-${count}`;
    if (!existsSync(free)) return free;
  }
}

function tellLeftOut(container: string, { leftOut }: Archive): void {
  if (leftOut.length === 0) return;
  say(`${shortName(container)}: left out, neither file nor folder: ${leftOut.join(', ')}`);
}

function filesText(count: number): string {
  return count === 1 ? '1 file' : `${count} files`;
}

async function write(bytes: Uint8Array): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  process.stdout.write(bytes, () => resolve());
  await promise;
}
