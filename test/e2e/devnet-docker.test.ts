/** A devnet in containers of a real, private Docker daemon, used as the README says. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { IMAGE, TestEngine, whyNot } from '../../packages/agent/src/runtime/engine/for-tests.ts';
import { goneWith, run, start } from './command.ts';
import { RunningDevnet } from './running-devnet.ts';

const DEMO = 'sparegrid/demo';
const MIB = 1_048_576;
const LOOK_MS = 50;
/** Runs until it is told to end, and ends at once then. */
const GOES_ON = 'trap "exit 0" TERM; while :; do sleep 0.1; done';

const missing = whyNot('docker');
if (missing) console.error(`SKIPPED: tests of a devnet in Docker: ${missing} on this machine`);

describe.skipIf(missing !== null)('a devnet in Docker', () => {
  let engine: TestEngine;
  let devnet: RunningDevnet;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    engine = await TestEngine.start('docker');
    env = { DOCKER_HOST: `unix://${engine.socket}` };
    devnet = await RunningDevnet.open({ runtime: 'auto', env });
    env['SPAREGRID_DIR'] = devnet.directory;
  }, 180_000);

  afterAll(async () => {
    await devnet?.close();
    await engine?.close();
  }, 120_000);

  const sparegrid = (...args: string[]) => run(args, env);

  async function json(...args: string[]) {
    const { code, stdout, stderr } = await sparegrid(...args, '-o', 'json');
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')]);
    return JSON.parse(stdout);
  }

  /** Those of the devnet, running or not. */
  function containers(): Promise<Docker.ContainerInfo[]> {
    return engine.engine.call((docker) => docker.listContainers({ all: true }));
  }

  /** Once so many of the order's containers run: those of other orders come and go meanwhile. */
  async function untilRunning(order: string, count: number): Promise<Docker.ContainerInfo[]> {
    for (;;) {
      const found = (await containers()).filter(
        ({ Labels, State }) =>
          State === 'running' && Labels['sparegrid.container']?.startsWith(`${order}-`),
      );
      if (found.length === count) return found;
      await sleep(LOOK_MS);
    }
  }

  async function untilNone(): Promise<void> {
    while ((await containers()).length > 0) await sleep(LOOK_MS);
  }

  /** Its id, once its one container runs. */
  async function runInBackground(): Promise<string> {
    const args = ['run', '-d', '-o', 'name', DEMO, '--', 'sh', '-c', GOES_ON];
    const { code, stdout, stderr } = await sparegrid(...args);
    expect(code, stderr).toBe(0);
    const order = stdout.trim();
    await untilRunning(order, 1);
    return order;
  }

  test('runs an image in a container and hands over its output', async () => {
    const script = 'echo hello $WHO; test -e /.dockerenv && cat /proc/1/comm; true';
    const { code, stdout, stderr } = await sparegrid(
      ...['run', '-e', 'WHO=you', DEMO, '--', 'sh', '-c', script],
    );
    expect([code, stdout], stderr).toEqual([0, 'hello you\nsh\n']);
    const node = ['run', DEMO, '--', 'node', '-p', 'process.getuid()'];
    expect((await sparegrid(...node)).stdout).toBe('65534\n');
  }, 120_000);

  test('containers have the limits that the order asked for; cancelled, they are gone', async () => {
    const limits = ['--cpu', '250m', '--memory', '96Mi', '--replicas', '2'];
    const args = ['run', '-d', '-o', 'name', ...limits, DEMO, '--', 'sh', '-c', GOES_ON];
    const { code, stdout, stderr } = await sparegrid(...args);
    expect(code, stderr).toBe(0);
    const order = stdout.trim();
    const found = await untilRunning(order, 2);
    for (const { Id } of found) {
      const { HostConfig } = await engine.engine.docker.getContainer(Id).inspect();
      expect(HostConfig).toMatchObject({
        NanoCpus: 250_000_000,
        Memory: 96 * MIB,
        MemorySwap: 96 * MIB,
        PidsLimit: expect.any(Number),
        ReadonlyRootfs: true,
        NetworkMode: 'none',
        CapDrop: ['ALL'],
      });
    }
    expect((await sparegrid('order', 'cancel', order)).code).toBe(0);
    await untilNone();
    const lease = await json('lease', 'get', `${order}-1`);
    expect(lease.containers.map(({ state }: { state: string }) => state)).toEqual([
      'exited',
      'exited',
    ]);
  }, 180_000);

  test('a result comes back, a failed container is restarted and counted', async () => {
    const left = await sparegrid('run', DEMO, '--', 'sh', '-c', 'echo 42 > /out/answer');
    const [, order = ''] = /Order (o-[0-9a-f]{32})/.exec(left.stderr) ?? [];
    expect((await sparegrid('result', 'cat', order, 'answer')).stdout).toBe('42\n');
    const failing = await sparegrid(
      'run',
      DEMO,
      '--',
      'sh',
      '-c',
      'exit $((SPAREGRID_ATTEMPT < 1))',
    );
    const [, second = ''] = /Order (o-[0-9a-f]{32})/.exec(failing.stderr) ?? [];
    expect(failing.code, failing.stderr).toBe(0);
    const lease = await json('lease', 'get', `${second}-1`);
    expect(lease.containers).toMatchObject([{ state: 'exited', exitCode: 0, restarts: 1 }]);
  }, 180_000);

  test('says what an image lacks that nobody has', async () => {
    const { code, stderr } = await sparegrid('run', 'localhost:1/no/such:image');
    expect([code, stderr]).toEqual([1, expect.stringContaining('LEASE_START_FAILED')]);
    expect(stderr).toMatch(/Not started: o-.*: not billed/);
    expect(stderr).toContain('localhost:1');
  }, 120_000);

  test('doctor sees the daemon that the devnet uses', async () => {
    const findings = await json('doctor');
    const docker = findings.find(({ what }: { what: string }) => what === 'docker');
    expect(docker).toMatchObject({ state: 'ok', detail: expect.stringContaining(engine.socket) });
  }, 120_000);

  test('kill -9 of the devnet leaves no container, and the next up goes on', async () => {
    const order = await runInBackground();
    await devnet.killSupervisor();
    expect(await containers()).toEqual([]);
    await devnet.resume();
    const [again] = await untilRunning(order, 1);
    expect(again?.Labels['sparegrid.attempt']).toBe('1');
    expect((await sparegrid('run', DEMO, '--', 'sh', '-c', 'echo again')).stdout).toBe('again\n');
  }, 180_000);

  test('Ctrl-C leaves no container, no mount, no process, and one image', async () => {
    await runInBackground();
    expect(await devnet.interrupt()).toBe(0);
    const { stderr } = await devnet.ended;
    expect(stderr).toContain(`Runtime docker: Docker`);
    expect(await containers()).toEqual([]);
    await goneWith(devnet.directory);
    expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(devnet.directory);
    const images = await engine.engine.docker.listImages();
    const tags = images.flatMap(({ RepoTags }) => RepoTags ?? []);
    expect(tags.sort()).toEqual([IMAGE, `${DEMO}:latest`].sort());
  }, 120_000);

  test('the demo runs in containers, and an interrupted one leaves none', async () => {
    const whole = await run(['demo', '--json', '--runtime', 'docker'], env);
    expect(whole.code, whole.stderr).toBe(0);
    expect(JSON.parse(whole.stdout).lease.state).toBe('COMPLETED');
    const cut = start(['demo', '--runtime', 'docker'], env);
    await cut.says('frozen');
    cut.child.kill('SIGINT');
    expect((await cut.ended).code).toBe(1);
    expect(await containers()).toEqual([]);
  }, 180_000);
});

test('without a daemon the devnet says so, and --runtime docker ends', async () => {
  const directory = mkdtempSync('/tmp/sg-no-docker-test-');
  const env = { DOCKER_HOST: `unix://${join(directory, 'none.sock')}` };
  const args = ['devnet', 'up', '--dir', directory];
  const refused = await run([...args, '--runtime', 'docker'], env);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('CLI_DEVNET_FAILED')]);
  const up = start(args, env);
  await up.says('All processes are ready.');
  up.child.kill('SIGINT');
  const { stderr } = await up.ended;
  expect(stderr).toContain(`Runtime process: no Docker: there is no ${directory}`);
  expect(stderr).toContain('ISOLATES NOTHING');
  rmSync(directory, { recursive: true, force: true });
}, 120_000);
