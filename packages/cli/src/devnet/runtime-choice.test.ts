/** Where the devnet looks for Docker, and what it says when there is none to use. */
import { hash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { dockerEndpoint } from './docker-endpoint.ts';
import { chooseRuntime } from './runtime-choice.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync('/tmp/sg-docker-test-');
});

afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

test('DOCKER_HOST comes before contexts, and these before the default', () => {
  const folder = join(directory, 'contexts/meta', hash('sha256', 'mine', 'hex'));
  mkdirSync(folder, { recursive: true });
  const host = 'unix:///run/user/1000/docker.sock';
  writeFileSync(
    join(folder, 'meta.json'),
    JSON.stringify({ Endpoints: { docker: { Host: host } } }),
  );
  const env = { DOCKER_CONFIG: directory };
  const byDefault = { host: 'unix:///var/run/docker.sock', by: "docker's default" };
  expect(dockerEndpoint(env)).toEqual(byDefault);
  writeFileSync(join(directory, 'config.json'), '{"currentContext":"mine"}');
  expect(dockerEndpoint(env)).toEqual({ host, by: 'docker context mine' });
  expect(dockerEndpoint({ ...env, DOCKER_CONTEXT: 'default' })).toEqual(byDefault);
  expect(dockerEndpoint({ ...env, DOCKER_HOST: 'tcp://far:1' }).host).toBe('tcp://far:1');
});

test.each([
  ['tcp://far:1', 'no Docker: tcp://far:1 is no socket of this machine (DOCKER_HOST)'],
  ['unix:///nowhere/d.sock', 'no Docker: there is no /nowhere/d.sock (DOCKER_HOST)'],
])('with %s it runs processes and says why', async (host, why) => {
  vi.stubEnv('DOCKER_HOST', host);
  expect(await chooseRuntime('auto')).toEqual({ kind: 'process', why });
  await expect(chooseRuntime('docker')).rejects.toMatchObject({
    code: 'CLI_DEVNET_FAILED',
    hint: expect.stringContaining(why),
  });
});

test('a daemon that cannot limit memory is not used', async () => {
  const socket = join(directory, 'd.sock');
  const info = { OSType: 'linux', CpuCfsQuota: true, MemoryLimit: false, PidsLimit: true };
  const server = createServer((_, response) => response.end(JSON.stringify(info)));
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  vi.stubEnv('DOCKER_HOST', `unix://${socket}`);
  const { kind, why } = await chooseRuntime('auto');
  server.close();
  expect([kind, why]).toEqual(['process', expect.stringContaining('cannot limit memory')]);
});
