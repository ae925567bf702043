/** What `sparegrid lease` does. */
import type { LogChunk } from '@sparegrid/core/messages';
import { withClient } from '../contexts.ts';
import { checkId, leaseNamed } from '../ids.ts';
import { emit } from '../output/emit.ts';
import { leasesText, leaseText } from '../output/lease-text.ts';
import { showLogs } from '../output/log-text.ts';
import type { FollowOptions, HubOptions } from './options.ts';

export async function list(options: HubOptions): Promise<void> {
  const leases = await withClient(options, (client) => client.listLeases());
  await emit(options.output, leases, {
    table: () => leasesText(leases, Date.now()),
    names: () => leases.map(({ id }) => id),
  });
}

export async function get(given: string, options: HubOptions): Promise<void> {
  checkId(given);
  const lease = await withClient(options, async (client) =>
    client.getLease(await leaseNamed(client, given)),
  );
  const table = () => leaseText(lease, Date.now());
  await emit(options.output, lease, { table, names: () => [lease.id] });
}

export async function logs(given: string, options: FollowOptions): Promise<void> {
  checkId(given);
  await withClient(options, async (client) => {
    const id = await leaseNamed(client, given);
    const order = id.slice(0, id.lastIndexOf('-'));
    const all = client.logs(order, { follow: options.follow ?? false });
    await showLogs(ofLease(id, all), options.output);
  });
}

async function* ofLease(id: string, chunks: AsyncIterable<LogChunk>): AsyncGenerator<LogChunk> {
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
