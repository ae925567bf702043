/** What `sparegrid lease` does. */
import type { KeptChunk } from '@sparegrid/core/messages';
import { historiesOf } from '../container-history.ts';
import { withClient } from '../contexts.ts';
import { checkId, leaseNamed } from '../ids.ts';
import { logStreamOf, logViewOf, wanted } from '../log-options.ts';
import { emit } from '../output/emit.ts';
import { historiesText } from '../output/history-text.ts';
import { leasesText, leaseText } from '../output/lease-text.ts';
import { showLogs } from '../output/log-text.ts';
import type { HubOptions, LogsOptions } from './options.ts';

export async function list(options: HubOptions): Promise<void> {
  const leases = await withClient(options, (client) => client.listLeases());
  leases.sort((a, b) => (b.signedAtMs ?? 0) - (a.signedAtMs ?? 0));
  await emit(options.output, leases, {
    table: () => leasesText(leases, Date.now()),
    names: () => leases.map(({ id }) => id),
  });
}

/** @patent [0062] [0064] MON-1 MON-3 */
export async function get(given: string, options: HubOptions): Promise<void> {
  checkId(given);
  const { lease, containers } = await withClient(options, async (client) => {
    const found = await client.getLease(await leaseNamed(client, given));
    const own = (stream: 'life' | 'usage') =>
      ofLease(found.id, client.logs(found.order, { stream }));
    return { lease: found, containers: await historiesOf(own('life'), own('usage')) };
  });
  const nowMs = Date.now();
  const table = () =>
    containers.length === 0
      ? leaseText(lease, nowMs)
      : `${leaseText(lease, nowMs)}\n\n${historiesText(containers, nowMs)}`;
  await emit(options.output, { ...lease, containers }, { table, names: () => [lease.id] });
}

export async function logs(given: string, options: LogsOptions): Promise<void> {
  checkId(given);
  const view = logViewOf(options);
  await withClient(options, async (client) => {
    const id = await leaseNamed(client, given);
    const order = id.slice(0, id.lastIndexOf('-'));
    const all = ofLease(id, client.logs(order, logStreamOf(options)));
    await showLogs(wanted(all, options), view);
  });
}

async function* ofLease(id: string, chunks: AsyncIterable<KeptChunk>): AsyncGenerator<KeptChunk> {
  for await (const chunk of chunks) if (chunk.container.startsWith(`${id}.`)) yield chunk;
}

export async function stop(given: string, options: HubOptions): Promise<void> {
  checkId(given);
  await withClient(options, async (client) => {
    const id = await leaseNamed(client, given);
    await client.stopLease(id);
    await emit(options.output, { lease: id }, { table: () => id, names: () => [id] });
  });
}
