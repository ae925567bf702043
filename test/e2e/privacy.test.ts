/** What every process of a devnet left on disk: stores, logs, configuration, files of containers. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { hubOf, type NodeId } from '@sparegrid/core/units/ids';
import { afterAll, expect, test } from 'vitest';
import { Layout } from '../../packages/cli/src/devnet/layout.ts';
import {
  HUBS,
  LESSEE,
  LESSEE_ORGANIZATION,
  LESSORS,
} from '../../packages/cli/src/devnet/topology.ts';
import { orderOf, RunningDevnet } from './running-devnet.ts';

const LIMIT_MICRO = 7_654_321_987n;
const BUDGET_MICRO = 76_543_219_876n;

const devnet = await RunningDevnet.open();
afterAll(() => devnet.close());

/** Texts that a node must not hold, by the node. */
function forbidden(node: NodeId): string[] {
  const isOwn = (participant: NodeId) => participant === node || hubOf(participant) === node;
  const others = LESSORS.filter(({ id }) => !isOwn(id));
  const hidden = others.flatMap(({ id, organization }) => [id, organization.id, organization.name]);
  if (isOwn(LESSEE)) return hidden;
  const { id, name } = LESSEE_ORGANIZATION;
  return [...hidden, LESSEE, id, name, `${LIMIT_MICRO}`, `${BUDGET_MICRO}`];
}

/** Bytes of all files of the node. */
function filesOf(node: NodeId): Map<string, Buffer> {
  const layout = new Layout(devnet.directory);
  const store = layout.store(node);
  const paths = [layout.config(node), layout.log(node), store, `${store}-wal`];
  const folder = layout.containers(node);
  if (existsSync(folder)) {
    const inside = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    paths.push(...inside.map((name) => join(folder, name)));
  }
  const files = paths.filter((path) => existsSync(path) && statSync(path).isFile());
  return new Map(files.map((path) => [path, readFileSync(path)]));
}

/** @patent [0077] SEC-2 */
test('no file of a node names who or what is not for it', async () => {
  const client = await devnet.connect();
  try {
    await expect
      .poll(async () => (await client.offers()).length, { timeout: 60_000 })
      .toBe(LESSORS.length);
    const order = { ...orderOf(4, 200), limitMicroPerReplicaHour: LIMIT_MICRO };
    const id = await client.submitOrder({ ...order, budgetMicro: BUDGET_MICRO });
    const view = await client.awaitOrder(id);
    expect(view.state).toBe('completed');
    const hubs = view.agreements.flatMap(({ parts }) => parts.map(({ targetHub }) => targetHub));
    expect(new Set(hubs).size).toBe(2);
  } finally {
    await client.close();
  }
  await devnet.interrupt();
  const found: string[] = [];
  for (const node of [...HUBS, ...LESSORS.map(({ id }) => id)]) {
    const files = filesOf(node);
    expect(files.size, `${node} has files`).toBeGreaterThanOrEqual(3);
    for (const [path, bytes] of files) {
      for (const text of forbidden(node)) {
        if (bytes.includes(text)) found.push(`${path}: ${text}`);
      }
    }
  }
  expect(found).toEqual([]);
  // The search would see them: where they belong, they are.
  const stored = (node: NodeId) => Buffer.concat([...filesOf(node).values()]);
  for (const { id, organization } of LESSORS) {
    expect(stored(hubOf(id)).includes(id), id).toBe(true);
    expect(stored(hubOf(id)).includes(organization.name), organization.name).toBe(true);
  }
  expect(stored(hubOf(LESSEE)).includes(`${LIMIT_MICRO}`)).toBe(true);
}, 300_000);
