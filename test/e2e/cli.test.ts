/** The command line on a running devnet, as the README shows it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateKey, saveKey } from '@sparegrid/link/keys';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run, start } from './command.ts';
import { RunningDevnet } from './running-devnet.ts';

const ORDER = `kind: job
image: process:node
command: ["-e", "console.log('rank', process.env.SPAREGRID_RANK)"]
replicas: 2
cpu: 500m
memory: 64Mi
limitPerHour: 1.00
budget: 0.50
duration: 2m
`;

let devnet: RunningDevnet;
let folder: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  devnet = await RunningDevnet.open();
  folder = mkdtempSync('/tmp/sg-cli-test-');
  env = { SPAREGRID_CONFIG: join(folder, 'config.json') };
  const { keyFile, hub, network } = devnet.context();
  const { url } = devnet.context() as unknown as { url: string };
  const who = ['--hub', hub.id, '--participant', 'lessee.h1', '--key', keyFile];
  who.push('--network', network.network, '--operator-key', network.operatorKey);
  const added = await sparegrid('context', 'add', 'test', '--url', url, ...who);
  expect(added).toMatchObject({ code: 0, stdout: 'test\n' });
}, 120_000);

afterAll(async () => {
  await devnet.close();
  rmSync(folder, { recursive: true, force: true });
});

function sparegrid(...args: string[]) {
  return run(args, env);
}

async function json(...args: string[]) {
  const { code, stdout, stderr } = await sparegrid(...args, '-o', 'json');
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')]);
  return JSON.parse(stdout);
}

function file(content: string): string {
  const path = join(folder, 'order.yaml');
  writeFileSync(path, content);
  return path;
}

test('contexts are listed, used and forgotten', async () => {
  expect(await json('context', 'ls')).toMatchObject({ current: 'test' });
  expect((await sparegrid('context', 'use', 'none')).code).toBe(2);
  expect((await sparegrid('context', 'current')).stdout).toBe('test\n');
  expect(await sparegrid('offer', 'ls', '--context', 'none')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('CLI_NO_CONTEXT'),
  });
}, 120_000);

test('run shows the cost, then the output, and says how it ended', async () => {
  const { code, stdout, stderr } = await sparegrid(
    ...['run', '--cpu', '500m', '--memory', '64Mi', '-e', 'WHO=you', 'process:node', '--'],
    ...['-e', 'console.log("hello", process.env.WHO)'],
  );
  expect([code, stdout]).toEqual([0, 'hello you\n']);
  expect(stderr).toMatch(
    /Cost: [\d.]+ credits per hour, at most [\d.]+ in all[\s\S]*without network[\s\S]*Order completed/,
  );
}, 120_000);

test('Ctrl-C leaves a run alone and says how to stop it', async () => {
  const args = [
    'run',
    '--duration',
    '2m',
    'process:node',
    '--',
    '-e',
    'setInterval(() => {}, 1000)',
  ];
  const started = start(args, env);
  await started.says('\nOrder o-');
  started.child.kill('SIGINT');
  const { code, stderr } = await started.ended;
  expect(code).toBe(0);
  const [, order = ''] = /sparegrid order cancel (o-[0-9a-f]{32})/.exec(stderr) ?? [];
  expect((await json('order', 'get', order)).state).not.toBe('cancelled');
  expect((await sparegrid('order', 'cancel', order.slice(2, 10))).stdout).toBe(`${order}\n`);
}, 120_000);

test('a plan orders nothing; a file may hold several orders', async () => {
  const before = await json('order', 'ls');
  const { plan } = await json('order', 'plan', '-f', file(ORDER));
  expect(plan.parts[0].replicas).toBe(2);
  const idle = await sparegrid('order', 'plan', '-f', file(`${ORDER}bandwidth: 1M\n`));
  expect(idle.stderr).toContain('of no use without network: add "egress: true"');
  expect(await json('order', 'ls')).toHaveLength(before.length);
  const { stdout, code } = await sparegrid(
    'order',
    'submit',
    '--wait',
    '-o',
    'name',
    '-f',
    file(`${ORDER}---\n${ORDER}`),
  );
  expect([code, stdout.trim().split('\n')]).toEqual([0, [expect.any(String), expect.any(String)]]);
  const [first = ''] = stdout.split('\n');
  const logs = await sparegrid('order', 'logs', '-f', first);
  expect(logs.stdout.split('\n').filter((line) => line.includes('| rank'))).toHaveLength(2);
  const leases = await json('lease', 'ls');
  const own = leases.find((lease: { order: string }) => lease.order === first);
  expect(own).toMatchObject({ lease: 'COMPLETED', userOf: null });
  expect((await json('lease', 'get', own.id)).order).toBe(first);
}, 180_000);

test('whoever follows all orders releases their keys until Ctrl-C', async () => {
  const started = start(['order', 'release', '--follow'], env);
  const submitted = await sparegrid('order', 'submit', '-d', '-o', 'name', '-f', file(ORDER));
  const order = submitted.stdout.trim();
  await started.says(`${order}: its lessors have the key.`);
  started.child.kill('SIGINT');
  expect((await started.ended).code).toBe(0);
  expect((await sparegrid('order', 'logs', '-f', order)).stdout).toContain('| rank 1');
}, 120_000);

test('results, logs and usage of a lease are there after its end', async () => {
  const script =
    'echo first; echo second >&2; mkdir $SPAREGRID_OUT/sub; echo $SPAREGRID_RANK > $SPAREGRID_OUT/sub/rank; sleep 1.2';
  const ran = await sparegrid('run', '--replicas', '2', 'sparegrid/demo', '--', 'sh', '-c', script);
  expect([ran.code, ran.stderr]).toEqual([0, expect.stringContaining('Order completed')]);
  const [, order = ''] = /Order (o-[0-9a-f]{32})/.exec(ran.stderr) ?? [];

  const results = await json('result', 'ls', order);
  expect(results.map(({ state }: { state: string }) => state)).toEqual(['complete', 'complete']);
  expect((await sparegrid('result', 'cat', `${order}/0.1`, 'sub/rank')).stdout).toBe('1\n');
  const ambiguous = await sparegrid('result', 'cat', order, 'sub/rank');
  expect([ambiguous.code, ambiguous.stderr]).toEqual([2, expect.stringContaining('0.0, 0.1')]);
  const to = join(folder, 'fetched');
  expect((await sparegrid('result', 'get', order, '--to', to)).code).toBe(0);
  expect(readFileSync(join(to, '0.0/sub/rank'), 'utf8')).toBe('0\n');
  expect((await sparegrid('result', 'rm', `${order}/0.0`)).code).toBe(0);
  expect(await json('result', 'ls', order)).toHaveLength(1);
  const gone = await sparegrid('result', 'get', `${order}/0.0`);
  expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('CLI_NO_RESULT')]);

  const found = await sparegrid('order', 'logs', order, '--grep', '^sec', '--since', '1h');
  expect(found.stdout.split('\n').sort()).toEqual(['', '0.0 ! second', '0.1 ! second']);
  expect((await sparegrid('order', 'logs', order, '--stream', 'stdout')).stdout).not.toContain('!');
  expect((await sparegrid('order', 'logs', order, '--grep', '(')).code).toBe(2);
  const lease = await json('lease', 'get', `${order}-1`);
  expect(lease.containers).toMatchObject([
    { state: 'exited', exitCode: 0, restarts: 0, usage: expect.any(Array) },
    { state: 'exited', exitCode: 0, restarts: 0, usage: expect.any(Array) },
  ]);
  const life = await sparegrid('lease', 'logs', '-f', '--stream', 'life', `${order}-1`);
  expect(life.stdout).toMatch(/0\.1 \| \S+ exited attempt=0 exitCode=0/);
}, 120_000);

test('says why nobody takes an impossible order', async () => {
  const submitted = await json('order', 'submit', '-f', file(ORDER.replace('500m', '6400')));
  const { order, lessors } = await json('order', 'explain', submitted.order);
  expect(order.lastCode).toBe('MATCH_NO_CANDIDATE');
  expect(lessors).toHaveLength(5);
  const { code, stderr } = await sparegrid('run', '--cpu', '6400', 'process:node');
  expect([code, stderr]).toEqual([1, expect.stringContaining('Nothing was ordered.')]);
}, 120_000);

test('wrong input is refused with its place, and exit 2', async () => {
  const cases: [string[], string][] = [
    [['run', '--cpu', '-1', 'process:node'], '--cpu'],
    [['run', '--replicas', 'many', 'process:node'], '--replicas'],
    [['run', '-e', 'NO_SUCH_VARIABLE', 'process:node'], 'NO_SUCH_VARIABLE'],
    [['order', 'get', 'zz'], 'zz'],
    [['order', 'submit', '-f', file(ORDER.replace('2m', '2y'))], 'line 9, duration'],
    [['ordr'], 'sparegrid order?'],
  ];
  for (const [args, hint] of cases) {
    const { code, stdout, stderr } = await sparegrid(...args);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(hint)]);
  }
}, 180_000);

test('a context that leads nowhere, or is not that of the hub, says so', async () => {
  const context = devnet.context() as ReturnType<RunningDevnet['context']> & { url: string };
  const { url, keyFile, hub } = context;
  const other = join(folder, 'other.pem');
  saveKey(other, generateKey());
  const cases: [url: string, hub: string, participant: string, key: string, number, string][] = [
    ['http://127.0.0.1:1', hub.id, 'lessee.h1', keyFile, 69, 'SDK_UNREACHABLE'],
    [url, 'h2', 'lessee.h2', keyFile, 69, 'SDK_BAD_ANSWER'],
    [url, hub.id, 'lessee.h1', other, 1, 'LINK_SIGNATURE'],
    [url, hub.id, 'nobody.h1', keyFile, 1, 'LINK_UNKNOWN_SENDER'],
  ];
  for (const [at, id, participant, key, exit, fault] of cases) {
    const who = ['--url', at, '--hub', id, '--participant', participant, '--key', key];
    expect((await sparegrid('context', 'add', 'odd', ...who)).code).toBe(0);
    const { code, stderr } = await sparegrid('offer', 'ls', '--context', 'odd');
    expect([code, stderr]).toEqual([exit, expect.stringMatching(`error ${fault}: .*\nhint: .`)]);
    expect((await sparegrid('context', 'rm', 'odd')).code).toBe(0);
  }
  const bare = ['--url', url, '--hub', hub.id, '--participant', 'lessee.h1', '--key', keyFile];
  await sparegrid('context', 'add', 'bare', ...bare);
  const before = await json('order', 'ls');
  for (const words of [
    ['run', '--context', 'bare', 'process:node'],
    ['order', 'submit', '--context', 'bare', '-f', file(ORDER)],
  ]) {
    const { code, stderr } = await sparegrid(...words);
    expect([code, stderr]).toEqual([2, expect.stringContaining('SDK_NO_ANCHOR')]);
  }
  expect(await json('order', 'ls')).toHaveLength(before.length);
}, 180_000);
