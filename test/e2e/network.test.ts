/** A network of three hubs and six agents, set up by the commands of docs/network.md as they stand there. */
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { controlHub } from '@sparegrid/hub/admission/control-hub';
import { createAuthority, createRequest, issue } from '@sparegrid/link/identity/certificates';
import { hasNatsServer } from '@sparegrid/link/nats/for-tests';
import { freePorts } from '@sparegrid/link/nats/free-ports';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BIN = join(ROOT, 'packages/cli/bin/sparegrid.mjs');
const START_MS = 900_000;
/** A busy machine is slow to shake hands; who is not let in is told at once all the same. */
const ENTER_MS_MAX = 60_000;

/** The page's blocks of commands, in order. */
function blocksOf(page: string): string[] {
  return [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);
}

describe.skipIf(!hasNatsServer())('a network by the commands of docs/network.md', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sg-net-'));
  const at = (...names: string[]): string => join(directory, ...names);
  const daemons: ChildProcess[] = [];
  /** By directory: the line that started each hub, and its process. */
  const hubs = new Map<string, { line: string; child: ChildProcess }>();
  const said: string[] = [];
  /** What all daemons log. */
  const log: string[] = [];
  const logging = new EventEmitter();
  const open: NatsConnection[] = [];
  let ports: Map<string, number>;
  const env = {
    ...process.env,
    SPAREGRID_CONFIG: at('contexts.json'),
    NODE: process.execPath,
    HUB1: '127.0.0.1',
    HUB2: '127.0.0.1',
    HUB3: '127.0.0.1',
    LISTEN: '127.0.0.1',
  };

  interface Ended {
    code: number | null;
    stdout: string;
    stderr: string;
  }

  /** Runs lines of a shell in which `sparegrid` is the one of this checkout. */
  async function shell(lines: string): Promise<Ended> {
    const script = `sparegrid() { "$NODE" "${BIN}" "$@"; }\nset -euo pipefail\n${withPorts(lines)}`;
    const child = spawn('bash', ['-c', script], {
      cwd: directory,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    return { code, stdout, stderr };
  }

  async function good(lines: string): Promise<string> {
    const { code, stdout, stderr } = await shell(lines);
    if (code !== 0) throw new Error(`${lines}\nended with ${code}: ${stdout}${stderr}`);
    return stdout;
  }

  /** The page's ports are those of several machines; here each is one that is free. */
  function withPorts(lines: string): string {
    return lines.replace(/\b46[012][1-4]\b/g, (port) => String(ports.get(port)));
  }

  /** A line `sparegrid hub start ... &`: up when it says so. */
  async function daemon(line: string): Promise<void> {
    const words = line.replace(/ &$/, '').split(' ').slice(1);
    const child = spawn(process.execPath, [BIN, ...words], {
      cwd: directory,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    daemons.push(child);
    const hub = /^sparegrid hub start --config (\w+)\//.exec(line)?.[1];
    if (hub !== undefined) hubs.set(hub, { line, child });
    const from = log.length;
    createInterface({ input: child.stderr }).on('line', (text) => {
      log.push(text);
      logging.emit('line');
    });
    const ready = once(createInterface({ input: child.stdout }), 'line');
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`${line}: ended with ${code}: ${log.slice(from).join('\n').slice(-4_000)}`);
    });
    ended.catch(() => {});
    await Promise.race([ready, ended]);
  }

  /** @param meanwhile  done while the hub is down. */
  async function restart(hub: string, meanwhile = () => {}): Promise<void> {
    const { line, child } = hubs.get(hub) as { line: string; child: ChildProcess };
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    meanwhile();
    await daemon(line);
  }

  async function untilLogged(...words: string[]): Promise<void> {
    while (!log.some((line) => words.every((word) => line.includes(word)))) {
      await once(logging, 'line');
    }
  }

  beforeAll(async () => {
    const names = [1, 2, 3].flatMap((hub) => [1, 2, 3, 4].map((door) => `46${hub - 1}${door}`));
    const free = await freePorts(names.length);
    ports = new Map(names.map((name, index) => [name, free[index] as number]));
    const page = readFileSync(join(ROOT, 'docs/network.md'), 'utf8');
    const [variables, ...blocks] = blocksOf(page);
    expect(variables).toMatch(/^export HUB1=/);
    for (const block of blocks) {
      const lines = block.trim().split('\n');
      if (lines.every((line) => line.endsWith(' &'))) {
        for (const line of lines) await daemon(line);
      } else said.push(await good(block));
    }
  }, START_MS);

  afterAll(async () => {
    await Promise.all(open.map((connection) => connection.close()));
    const running = daemons.filter((child) => child.exitCode === null && child.signalCode === null);
    const ended = running.map((child) => once(child, 'exit'));
    for (const child of running) child.kill('SIGTERM');
    await Promise.all(ended);
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }, 180_000);

  test('an order over several hubs and organisations completes', () => {
    const output = said.at(-1) ?? '';
    for (const rank of [0, 1, 2, 3]) expect(output).toContain(`rank ${rank}`);
  });

  test(
    'an order whose terminal is closed is released by the user’s agent',
    async () => {
      const order = [
        'kind: job',
        'image: process:node',
        'command: ["-e", "console.log(6 * 7)"]',
        'replicas: 1',
        'cpu: 500m',
        'memory: 64Mi',
        'limitPerHour: "1"',
        'budget: "1"',
        'duration: 2m',
      ];
      writeFileSync(at('order.yaml'), order.join('\n'));
      const id = (await good('sparegrid order submit -d -f order.yaml -o name')).trim();
      await untilLogged('release.done', id);
      expect(await good(`sparegrid order logs -f ${id}`)).toContain('42');
    },
    START_MS,
  );

  const urlOf = (door: string): string => `nats://127.0.0.1:${ports.get(door)}`;

  /** A bare client of NATS with somebody's real certificate. */
  async function enter(door: string, files: Files | null, ca: string): Promise<NatsConnection> {
    const tls = { ca: readFileSync(at(ca), 'utf8'), ...files };
    const options = { servers: urlOf(door), reconnect: false, timeout: ENTER_MS_MAX, tls };
    const connection = await connect({ ...options, inboxPrefix: '_INBOX.test' });
    open.push(connection);
    return connection;
  }

  interface Files {
    cert: string;
    key: string;
  }

  const filesOf = (folder: string, name: string): Files => ({
    cert: readFileSync(at(folder, `${name}.pem`), 'utf8'),
    key: readFileSync(at(folder, `${name}.key`), 'utf8'),
  });

  async function denial(connection: NatsConnection): Promise<string> {
    for await (const status of connection.status()) {
      if (status.type === 'error') return status.error.message;
    }
    return 'closed';
  }

  const LOCAL1 = '4602';
  const MESH1 = '4601';

  test.each([
    'up.a2_h1.x',
    'up.h2.x',
    'down.a1_h1.x',
    'down.a2_h1.x',
    'hello',
    'serving',
    '_INBOX.h1.x',
    '_INBOX.a2_h1.x',
    '$SYS.REQ.SERVER.PING',
    '$SYS.ACCOUNT.HUB.DISCONNECT',
  ])('an agent with its certificate cannot publish to %s', async (subject) => {
    const agent = await enter(LOCAL1, filesOf('a1', 'link'), 'h1/authority.pem');
    const denied = denial(agent);
    agent.publish(subject, '{}');
    expect(await denied).toMatch(/permission/i);
  });

  test.each([
    '>',
    '*.*.*',
    'up.*.*',
    'up.a1_h1.*',
    'down.*.*',
    'down.a2_h1.*',
    '_INBOX.>',
    '_INBOX.a2_h1.>',
    '$SYS.>',
    '$SYS.ACCOUNT.HUB.DISCONNECT',
  ])('an agent with its certificate cannot listen to %s', async (subject) => {
    const agent = await enter(LOCAL1, filesOf('a1', 'link'), 'h1/authority.pem');
    const denied = denial(agent);
    agent.subscribe(subject, { callback: () => {} });
    expect(await denied).toMatch(/permission/i);
  });

  test.each(['up.h3.x', 'up.h1.x', 'down.h3.x', 'hello', '_INBOX.h3.x', '$SYS.REQ.SERVER.PING'])(
    'a hub with its certificate cannot publish to %s at another one',
    async (subject) => {
      const hub = await enter(MESH1, filesOf('h2', 'mesh'), 'h2/network-authority.pem');
      const denied = denial(hub);
      hub.publish(subject, '{}');
      expect(await denied).toMatch(/permission/i);
    },
  );

  test.each(['>', 'up.*.*', 'down.h3.*', 'down.*.*', '_INBOX.>', '_INBOX.h3.>', '$SYS.>'])(
    'a hub with its certificate cannot listen to %s at another one',
    async (subject) => {
      const hub = await enter(MESH1, filesOf('h2', 'mesh'), 'h2/network-authority.pem');
      const denied = denial(hub);
      hub.subscribe(subject, { callback: () => {} });
      expect(await denied).toMatch(/permission/i);
    },
  );

  test.each<[string, string, () => Files | null, string]>([
    ['another hub’s agent', LOCAL1, () => filesOf('a3', 'link'), 'h1/authority.pem'],
    ['an agent at the mesh', MESH1, () => filesOf('a1', 'link'), 'h1/network-authority.pem'],
    ['another hub at the local door', LOCAL1, () => filesOf('h2', 'mesh'), 'h1/authority.pem'],
    ['another hub’s local name', LOCAL1, () => filesOf('h2', 'local'), 'h1/authority.pem'],
    [
      'a hub’s local name at the mesh',
      MESH1,
      () => filesOf('h2', 'local'),
      'h1/network-authority.pem',
    ],
    ['nobody, at the local door', LOCAL1, () => null, 'h1/authority.pem'],
    ['nobody, at the mesh', MESH1, () => null, 'h1/network-authority.pem'],
  ])('%s does not get in', async (_who, door, files, ca) => {
    await expect(enter(door, files(), ca)).rejects.toThrow();
  });

  test('a certificate of a stranger for an agent’s name does not get in', async () => {
    const authority = await createAuthority('stranger', 1, Date.now());
    const { request, key } = await createRequest('a1.h1');
    const leaf = { name: 'a1.h1', hosts: [], days: 1 };
    const cert = await issue(authority, request, leaf, Date.now());
    await expect(enter(LOCAL1, { cert, key }, 'h1/authority.pem')).rejects.toThrow();
  });

  const joinWith = (token: string, directory = 'b1', keys = 'b1.keys.json') =>
    shell(`sparegrid agent join "${token}" ${directory} --keys ${keys} --runtime process`);
  const tokenOf = async (hub: string, more = '') =>
    (
      await good(
        `sparegrid join-token create --hub ${hub} --organization acme --kind company ${more}`,
      )
    ).trim();

  test('tokens that are no good are refused with a hint, and change nothing', {
    timeout: START_MS,
  }, async () => {
    await good(
      'sparegrid agent init b1 --id b1.h1 && sparegrid org sign-keys acme b1/keys.request.json --out b1.keys.json',
    );
    const files = () => readdirSync(at('b1')).sort();
    const before = files();
    const used = readFileSync(at('a1.token'), 'utf8').trim();
    const refused = async (token: string, code: number, words: RegExp, keys = 'b1.keys.json') => {
      const ended = await joinWith(token, 'b1', keys);
      expect(ended.stderr).toMatch(words);
      expect(ended.stderr).toMatch(/^hint: ./m);
      expect(ended.code).toBe(code);
    };
    await refused(used, 1, /ADMISSION_TOKEN_USED/);
    await refused(used.slice(0, -5), 2, /TOKEN_MALFORMED/);
    await refused('hello', 2, /TOKEN_MALFORMED/);
    await refused(await tokenOf('h2'), 2, /ADMISSION_NOT_HERE/);
    const late = await tokenOf('h1', '--ttl 1s');
    await sleep(1_000);
    await refused(late, 1, /ADMISSION_TOKEN: [\s\S]*expired/);
    expect(files()).toEqual(before);
    const uni = await good(
      'sparegrid join-token create --hub h1 --organization uni --kind institution',
    );
    await good(
      'sparegrid agent init b2 --id b2.h1 && sparegrid org sign-keys acme b2/keys.request.json --out b2.keys.json',
    );
    const other = await joinWith(uni.trim(), 'b2', 'b2.keys.json');
    expect(other.stderr).toMatch(/IDENTITY_ORGANIZATION/);
    chmodSync(at('b2', 'node.key'), 0o644);
    const exposed = await joinWith(await tokenOf('h1'), 'b2', 'b2.keys.json');
    expect(exposed.stderr).toMatch(/KEY_EXPOSED[\s\S]*chmod 600/);
    expect(exposed.code).toBe(2);
    const names = await good('sparegrid participant ls --hub h1 -o name');
    expect(names).not.toContain('b1.h1');
    expect(names).not.toContain('b2.h1');
  });

  test(
    'keys change while the hub runs, and the former ones stay good for a while',
    async () => {
      await good(`sparegrid agent new-keys a1
      sparegrid org sign-keys acme a1/keys.request.json --out a1.next.json`);
      const stale = await shell('sparegrid agent renew a1 --keys a1.keys.json');
      expect(stale.stderr).toMatch(/CLI_FILE_MALFORMED[\s\S]*other keys/);
      const before = await keyOf('a1.h1');
      await good('sparegrid agent renew a1 --keys a1.next.json');
      expect(await keyOf('a1.h1')).not.toBe(before);
      // The agent still runs with the former key: it is heard for an hour.
      await good(
        `sparegrid run --replicas 6 --cpu 800m --memory 64Mi --max-price 1 process:node -- -e 0`,
      );
      await good('sparegrid agent renew a1');
    },
    START_MS,
  );

  test(
    'a user whose keys change reads what was sealed with the former ones',
    async () => {
      const run = 'sparegrid run -d -o name process:node -- -p 40+2';
      const former = (await good(run)).trim();
      expect(await good(`sparegrid order logs -f ${former}`)).toContain('42');
      const before = await keyOf('lea.h1');
      await good(`sparegrid agent new-keys lea
      sparegrid org sign-keys acme lea/keys.request.json --out lea.next.json
      sparegrid agent renew lea --keys lea.next.json`);
      expect(await keyOf('lea.h1')).not.toBe(before);
      expect(await good(`sparegrid order logs ${former}`)).toContain('42');
      const next = (await good(run)).trim();
      expect(await good(`sparegrid order logs -f ${next}`)).toContain('42');
    },
    START_MS,
  );

  test(
    'a hub changes its signing key, and everybody goes on hearing it',
    async () => {
      await good('sparegrid hub new-key h2');
      const request = 'sparegrid ca sign-hub operator h2/hub.request.json --out h2.next.json';
      const other = await shell(request);
      expect(other.stderr).toMatch(/CLI_DUPLICATE[\s\S]*--replace-key/);
      const key = readFileSync(at('h2', 'hub.key'), 'utf8');
      await good(`${request} --replace-key
      sparegrid hub accept h2 h2.next.json`);
      expect(readFileSync(at('h2', 'hub.key'), 'utf8')).toBe(key);
      // The others are told by the hub itself, once it signs with the new key.
      await good('sparegrid hub accept h2 h2.next.json --hubs operator/hubs.json');
      expect(readFileSync(at('h2', 'hub.key'), 'utf8')).not.toBe(key);
      await restart('h2');
      await good(
        `sparegrid run --replicas 6 --cpu 800m --memory 64Mi --max-price 1 process:node -- -e 0`,
      );
    },
    START_MS,
  );

  test(
    'a hub that comes back on an older copy of its store learns its past again',
    async () => {
      const run = `sparegrid run --replicas 6 --cpu 800m --memory 64Mi --max-price 1 process:node -- -e 0`;
      const [data, backup] = [at('h3', 'data'), at('h3.backup')];
      await restart('h3', () => cpSync(data, backup, { recursive: true }));
      await good(run);
      await restart('h3', () => {
        rmSync(data, { recursive: true });
        cpSync(backup, data, { recursive: true });
      });
      await untilLogged('"node":"h3"', 'HUB_STORE_ROLLED_BACK');
      await untilLogged('"node":"h3"', 'HUB_RECOVERED');
      await good(run);
    },
    START_MS,
  );

  test(
    'a hub does not start with a key that the operator did not list',
    async () => {
      const config = JSON.parse(readFileSync(at('h2', 'hub.json'), 'utf8'));
      const wrong = { ...config, keyFile: '../h3/hub.key', store: 'other/hub.db' };
      writeFileSync(
        at('h2', 'wrong.json'),
        JSON.stringify({
          ...wrong,
          nats: undefined,
          control: undefined,
          admission: undefined,
          sockets: { mesh: 'm.sock', local: 'l.sock' },
        }),
      );
      const ended = await shell('sparegrid hub start --config h2/wrong.json');
      expect(ended.stderr).toMatch(/CONFIG_KEY: [\s\S]*list of hubs[\s\S]*hub new-key/);
      expect(ended.code).toBe(2);
    },
    START_MS,
  );

  test(
    'a hub leaves and comes back by the operator’s list, with a renewed certificate',
    async () => {
      await good(`cp operator/hubs.json old.json
      sparegrid ca remove-hub operator h3
      sparegrid hub set-hubs operator/hubs.json --hub h1`);
      await expect(
        enter(MESH1, filesOf('h3', 'mesh'), 'h3/network-authority.pem'),
      ).rejects.toThrow();
      const older = await shell('sparegrid hub set-hubs old.json --hub h1');
      expect(older.stderr).toMatch(/IDENTITY_OUTDATED/);
      expect(older.code).toBe(1);
      await good(`sparegrid hub request h3
      sparegrid ca sign-hub operator h3/hub.request.json --out h3.again.json
      sparegrid hub accept h3 h3.again.json --hubs operator/hubs.json
      sparegrid hub reload --hub h3
      sparegrid hub set-hubs operator/hubs.json --hub h1`);
      await enter(MESH1, filesOf('h3', 'mesh'), 'h3/network-authority.pem');
    },
    START_MS,
  );

  test(
    'who is expelled is out at once, everywhere, and does not come back',
    async () => {
      const link = await enter(LOCAL1, filesOf('a2', 'link'), 'h1/authority.pem');
      const closed = link.closed();
      // Those of the hub that came back are known again a moment later.
      while ((await offers()).size !== 6);
      const control = at('h1', 'control.sock');
      const sinceMs = performance.now();
      const answer = await controlHub(control, { op: 'participant.expel', participant: 'a2.h1' });
      expect(answer).toMatchObject({ ok: true });
      await closed;
      // Told, not judged: within a second on a machine that has processor time to spare.
      console.error(`who is expelled was out after ${(performance.now() - sinceMs).toFixed(0)} ms`);
      const back = enter(LOCAL1, filesOf('a2', 'link'), 'h1/authority.pem');
      await expect(back).rejects.toThrow(/authorization/i);
      await untilLogged('"node":"a2.h1"', '"event":"hub.unreachable"');
      // Offers are under pseudonyms: who is gone shows by the number of them.
      while ((await offers()).size !== 5);
      expect(await good('sparegrid participant ls --hub h1')).toMatch(/a2\.h1 .* expelled/);
      const token = (
        await good('sparegrid join-token create --hub h1 --organization uni --kind institution')
      ).trim();
      const again = await joinWith(token, 'a2', 'a2.keys.json');
      expect(again.stderr).toMatch(/ADMISSION_EXPELLED/);
      expect(again.code).toBe(1);
    },
    START_MS,
  );

  const offers = async () => new Set((await good('sparegrid offer ls -o name')).trim().split('\n'));

  async function keyOf(participant: string): Promise<string | undefined> {
    const views = JSON.parse(await good('sparegrid participant ls --hub h1 -o json'));
    return views.find(({ id }: { id: string }) => id === participant)?.signKey;
  }
});
