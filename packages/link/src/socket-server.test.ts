/** Unix-domain sockets where they differ from other transports: files, paths and raw bytes. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { localSockets } from './local-socket.ts';
import type { Server, ServerOptions } from './transport.ts';
import { encodeWire } from './wire.ts';

const directory = mkdtempSync(join(tmpdir(), 'sg-sock-'));
afterAll(() => rmSync(directory, { recursive: true }));

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(path: string, options: Partial<ServerOptions> = {}): Promise<Server> {
  const server = await localSockets.listen({
    path,
    onFrame: () => {},
    onClose: () => {},
    ...options,
  });
  servers.push(server);
  return server;
}

test('makes the directory for its owner only, and tidies up its socket', async () => {
  const path = join(directory, 'new', 'deep', 'hub.sock');
  const server = await serve(path);
  expect(statSync(join(directory, 'new', 'deep')).mode & 0o777).toBe(0o700);
  await server.close();
  expect(existsSync(path)).toBe(false);
});

test('refuses a directory that others can enter', async () => {
  const open = join(directory, 'open');
  mkdirSync(open);
  chmodSync(open, 0o755);
  await expect(serve(join(open, 's'))).rejects.toMatchObject({ code: 'LINK_SOCKET_DIRECTORY' });
});

test('removes the socket of a killed process, and no other file', async () => {
  const path = join(directory, 'stale.sock');
  const script = join(directory, 'listen.mjs');
  writeFileSync(
    script,
    `import { createServer } from 'node:net';
     createServer().listen(process.argv[2], () => process.send('listening'));`,
  );
  const child = fork(script, [path]);
  await once(child, 'message');
  await expect(serve(path)).rejects.toMatchObject({ code: 'LINK_SOCKET_TAKEN' });
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(existsSync(path)).toBe(true);
  await serve(path);

  const file = join(directory, 'file');
  writeFileSync(file, 'precious');
  await expect(serve(file)).rejects.toMatchObject({ code: 'LINK_SOCKET_TAKEN' });
  expect(existsSync(file)).toBe(true);
});

test('a path that the system would cut is a fault at both ends', async () => {
  const fits = join(directory, 'x'.repeat(107 - directory.length - 1));
  await serve(fits);
  const path = `${fits}x`;
  await expect(serve(path)).rejects.toMatchObject({
    code: 'LINK_SOCKET_PATH_LENGTH',
    hint: expect.stringContaining('108 bytes'),
  });
  expect(() => localSockets.connect({ path, onFrame: () => {} })).toThrow(
    /LINK_SOCKET_PATH_LENGTH/,
  );
});

test('raw nonsense is refused; the third one, or an oversized one at once, closes', async () => {
  const path = join(directory, 'raw.sock');
  const codes: string[] = [];
  const texts: string[] = [];
  await serve(path, {
    onFrame: (_connection, text) => {
      texts.push(text);
    },
    onRefused: (_connection, { code }) => codes.push(code),
  });
  const bad = Buffer.from([0, 0, 0, 3, 0, 0, 0xff]);
  const patient = connect(path);
  patient.write(Buffer.concat([bad, encodeWire('fine', 's'), bad, bad, encodeWire('late', 's')]));
  patient.resume();
  await once(patient, 'close');
  expect([codes, texts]).toEqual([
    ['LINK_MALFORMED', 'LINK_MALFORMED', 'LINK_MALFORMED'],
    ['fine'],
  ]);

  const brutal = connect(path);
  brutal.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
  brutal.resume();
  await once(brutal, 'close');
  expect(codes.at(-1)).toBe('LINK_TOO_LARGE');
});
