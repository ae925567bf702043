/** A NATS server of this hub, run as a process of its own that outlives a restart of the hub. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import type { NodeId } from '@sparegrid/core/units/ids';
import { backOffMs } from '../back-off.ts';
import { LinkFault } from '../fault.ts';
import { makeFolder } from '../make-folder.ts';
import { readTls, type TlsFiles } from './nats-transport.ts';
import { GONE_SUBJECT, HUB_ACCOUNT, permissionsOf, SYSTEM_ACCOUNT } from './subjects.ts';

export interface BrokerSettings {
  /** Holds configuration, process id and log of the server. */
  directory: string;
  name: string;
  host: string;
  port: number;
  /** PEM files; without them anybody may do anything: for tests on loopback only. */
  tls: TlsFiles | null;
  /** The certificate name of the hub itself, which may do all. */
  owner: NodeId;
  /** Certificate names of everybody else, each limited to its own subjects. */
  users: readonly NodeId[];
}

/** Frames are larger than the server's usual limit. */
const PAYLOAD_BYTES_MAX = 2_097_152;
const START_MS = 30_000;
/** What cannot be changed in a server that runs; a server of another layout is started anew. */
const LAYOUT = '# layout 2: accounts';

/** The server's configuration file; lists need their commas. */
export function brokerConfig({ name, host, port, tls, owner, users }: BrokerSettings): string {
  const lines = [
    LAYOUT,
    `server_name: ${JSON.stringify(name)}`,
    `listen: ${JSON.stringify(`${host}:${port}`)}`,
    `max_payload: ${PAYLOAD_BYTES_MAX}`,
    'ping_interval: "2s"',
    'ping_max: 2',
    'write_deadline: "2s"',
  ];
  if (tls) {
    const { certFile, keyFile, caFile } = tls;
    const files = Object.entries({ cert_file: certFile, key_file: keyFile, ca_file: caFile });
    lines.push(
      'tls {',
      ...files.map(([key, file]) => `  ${key}: ${JSON.stringify(file)}`),
      '  verify_and_map: true',
      '  timeout: 3',
      '}',
      `system_account: ${SYSTEM_ACCOUNT}`,
      'accounts {',
      `  ${SYSTEM_ACCOUNT}: { exports: [ { stream: ${JSON.stringify(GONE_SUBJECT)} } ] }`,
      `  ${HUB_ACCOUNT}: {`,
      `    imports: [ { stream: { account: ${SYSTEM_ACCOUNT}, subject: ${JSON.stringify(GONE_SUBJECT)} } } ]`,
      '    users: [',
      [
        `      { user: ${JSON.stringify(owner)} }`,
        ...users.map((user) => {
          const permissions = JSON.stringify(permissionsOf(user));
          return `      { user: ${JSON.stringify(user)}, permissions: ${permissions} }`;
        }),
      ].join(',\n'),
      '    ]',
      '  }',
      '}',
    );
  }
  return `${lines.join('\n')}\n`;
}

/** Where the hub itself reaches a server of its own, which may listen on all addresses. */
export function brokerUrl({ host, port }: { host: string; port: number }): string {
  return `nats://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
}

export class Broker {
  readonly url: string;
  readonly settings: BrokerSettings;
  #pid: number;
  #launching = false;
  #stopped = false;

  private constructor(settings: BrokerSettings, pid: number) {
    this.settings = settings;
    this.#pid = pid;
    this.url = brokerUrl(settings);
  }

  get pid(): number {
    return this.#pid;
  }

  /**
   * Starts the server, or takes over the one that an earlier life of this hub left running.
   *
   * @throws LinkFault LINK_NATS_MISSING, LINK_NATS_FAILED with the end of the server's log
   */
  static async start(settings: BrokerSettings): Promise<Broker> {
    const { directory } = settings;
    makeFolder(directory, 0o700);
    if (!hasLayout(directory)) await endBroker(directory);
    writeConfig(settings);
    const running = runningPid(directory);
    if (running !== null) {
      signal(running, 'SIGHUP');
      return new Broker(settings, running);
    }
    const pid = await launch(directory);
    const broker = new Broker(settings, pid);
    await broker.#untilReady();
    return broker;
  }

  /** Who may connect from now on; connections of others are closed by the server at once. */
  setUsers(users: readonly NodeId[]): void {
    writeConfig({ ...this.settings, users });
    signal(this.#pid, 'SIGHUP');
  }

  /** Starts the server again if it is gone. @throws as {@link start} */
  async revive(): Promise<void> {
    const { directory } = this.settings;
    if (this.#stopped || this.#launching || isBroker(this.#pid, directory)) return;
    this.#launching = true;
    try {
      this.#pid = await launch(directory);
    } finally {
      this.#launching = false;
    }
  }

  /** Ends the server; resolves when it is gone. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await end(this.#pid, this.settings.directory);
  }

  async #untilReady(): Promise<void> {
    const { directory, tls } = this.settings;
    const deadlineMs = performance.now() + START_MS;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const options = { servers: this.url, reconnect: false, timeout: 1_000 };
        const connection = await connect({
          ...options,
          ...(tls && { tls: readTls(tls, this.url) }),
        });
        return await connection.close();
      } catch (cause) {
        const isGone = !isBroker(this.#pid, directory);
        if (isGone || performance.now() > deadlineMs) {
          const log = readFileSync(logFile(directory), 'utf8').trim().split('\n').slice(-3);
          throw new LinkFault('LINK_NATS_FAILED', `${this.url}: ${log.join(' ')}`, { cause });
        }
        await pause(backOffMs(attempt, 0) / 5);
      }
    }
  }
}

/** Ends the server of the directory, if one was left running there. */
export async function endBroker(directory: string): Promise<void> {
  const pid = runningPid(directory);
  if (pid !== null) await end(pid, directory);
}

async function end(pid: number, directory: string): Promise<void> {
  if (!isBroker(pid, directory)) return;
  signal(pid, 'SIGTERM');
  while (isBroker(pid, directory)) await pause(5);
}

/** One that ended by itself is started again, and reads what it shall then. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const configFile = (directory: string): string => join(directory, 'nats.conf');
const logFile = (directory: string): string => join(directory, 'nats.log');
const pidFile = (directory: string): string => join(directory, 'nats.pid');
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function writeConfig(settings: BrokerSettings): void {
  const path = configFile(settings.directory);
  writeFileSync(`${path}.new`, brokerConfig(settings), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function hasLayout(directory: string): boolean {
  try {
    return readFileSync(configFile(directory), 'utf8').startsWith(LAYOUT);
  } catch {
    return false;
  }
}

async function launch(directory: string): Promise<number> {
  const log = openSync(logFile(directory), 'a', 0o600);
  const child = spawn('nats-server', ['-c', configFile(directory), '-P', pidFile(directory)], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  return new Promise((resolve, reject) => {
    child.once('spawn', () => {
      child.unref();
      resolve(child.pid as number);
    });
    child.once('error', (cause) => {
      reject(
        new LinkFault('LINK_NATS_MISSING', 'Install it: apt-get install nats-server.', { cause }),
      );
    });
  });
}

/** The server of this directory, if one lives: a process id alone may have gone to a stranger. */
function runningPid(directory: string): number | null {
  try {
    const pid = Number(readFileSync(pidFile(directory), 'utf8'));
    return isBroker(pid, directory) ? pid : null;
  } catch {
    return null;
  }
}

function isBroker(pid: number, directory: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(configFile(directory));
  } catch {
    return false;
  }
}
