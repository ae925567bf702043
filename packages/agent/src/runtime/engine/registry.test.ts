/** Images from a private registry, fetched by a real Docker daemon. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DesiredContainer } from '@sparegrid/core/messages';
import { createLogger } from '@sparegrid/link/daemon/logger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { containerForTests } from '../container-for-tests.ts';
import { Reports } from '../reports-for-tests.ts';
import { EngineRuntime } from './engine-runtime.ts';
import { TestEngine, whyNot } from './for-tests.ts';
import { TestRegistry } from './registry-for-tests.ts';
import { scratchMode } from './scratch.ts';

const MIB = 1_048_576;
const missing = whyNot('docker');
if (missing) console.error(`SKIPPED: images of a private registry: ${missing} on this machine`);

describe.skipIf(missing !== null)('images of a private registry', () => {
  let engine: TestEngine;
  let registry: TestRegistry;
  let directory: string;
  let runtime: EngineRuntime;
  let reports: Reports;
  let count = 0;
  /** What the runtime logged. */
  let logged = '';

  beforeAll(async () => {
    engine = await TestEngine.start('docker');
    registry = await TestRegistry.start();
    directory = await mkdtemp(join(tmpdir(), 'sparegrid-images-'));
    await open();
  });

  afterAll(async () => {
    for (const id of await readdir(join(directory, 'c'))) runtime.forget(id);
    await runtime.close();
    await engine?.close();
    await registry?.close();
    await rm(directory, { recursive: true, maxRetries: 20, retryDelay: 50 });
  });

  async function open(): Promise<void> {
    const current = new Reports();
    reports = current;
    const opened = new EngineRuntime({
      directory: join(directory, 'c'),
      resultBytesMax: MIB,
      endWithAgent: false,
      report: current.take,
      logger: createLogger('p1.h1', (line) => {
        logged += line;
      }),
      kind: 'docker',
      socket: engine.socket,
      owner: 'test',
      images: [],
      pidsMax: 64,
      egressNetwork: null,
      limitsBandwidth: false,
      cgroupParent: null,
      devices: {},
      scratchMode: await scratchMode(),
    });
    current.acknowledge = (id, seq) => opened.logAcked(id, seq);
    await opened.adopt([]);
    runtime = opened;
  }

  function container(image: string, login: typeof registry.login | null): DesiredContainer {
    count += 1;
    const command = ['sh', '-c', 'while read line; do echo $line; done </text'];
    const own = login && { registry: { address: registry.address, ...login } };
    const id = `o-${'0'.repeat(32)}-1.0.${count}`;
    return containerForTests(id, { image, task: { command, ...own } });
  }

  /** @returns what it printed; else why it was not started, as the lessor is told. */
  async function run(wanted: DesiredContainer): Promise<string> {
    const { id } = wanted;
    logged = '';
    const exits = reports.exits(id).length;
    const printed = reports.text(id, 'stdout').length;
    runtime.start(wanted);
    await reports.until(() => reports.exits(id).length > exits);
    const { reason } = reports.exits(id).at(-1) ?? {};
    return reason === 'start-failed' ? logged : reports.text(id, 'stdout').slice(printed);
  }

  it('are fetched with the login in the private part of the task', async () => {
    registry.publish('one', 'first');
    const image = `${registry.address}/team/one:one`;
    expect(await run(container(image, registry.login))).toBe('first\n');
  });

  it('are not given to a task without the login, though they are here by now', async () => {
    const image = `${registry.address}/team/one:one`;
    const wrong = { ...registry.login, password: 'wrong' };
    expect(await run(container(image, null))).toMatch(
      /start-failed.*(no basic auth|unauthorized)/i,
    );
    expect(await run(container(image, wrong))).toMatch(/start-failed.*unauthorized/i);
    await runtime.close();
    await open();
    expect(await run(container(image, null))).toContain('start-failed');
  });

  it('are fetched by digest, whatever their tags say', async () => {
    const digest = registry.publish('moving', 'by digest');
    registry.publish('moving', 'later');
    const image = `${registry.address}/team/moving@${digest}`;
    const wanted = container(image, registry.login);
    expect(await run(wanted)).toBe('by digest\n');
    expect(reports.text(wanted.id, 'life')).toContain(digest);
  });

  it('stay the same from attempt to attempt when their tag is moved', async () => {
    registry.publish('moving', 'before');
    const image = `${registry.address}/team/moving:moving`;
    const first = container(image, registry.login);
    expect(await run(first)).toBe('before\n');
    registry.publish('moving', 'after');
    expect(await run(container(image, registry.login))).toBe('after\n');
    expect(await run({ ...first, attempt: 1 })).toBe('before\n');
  });
});
