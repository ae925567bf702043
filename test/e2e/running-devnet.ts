/** A devnet of the command line for tests: started, looked into, and ended. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TrustAnchor } from '@sparegrid/core/identity/statements';
import type { Client } from '@sparegrid/sdk/client';
import { draftForTests } from '@sparegrid/sdk/draft-for-tests';
import type { OrderDraft } from '@sparegrid/sdk/order-draft';
import { connectBy } from '../../packages/cli/src/context.ts';
import type { DevnetTransport } from '../../packages/cli/src/devnet/links.ts';
import type { RuntimeName } from '../../packages/cli/src/devnet/runtime-choice.ts';
import { type Ended, goneWith, type Started, start } from './command.ts';

const MIB = 1_048_576;

export interface HubContext {
  hub: { id: string; publicKey: string };
  hubSocket: string;
  participant: string;
  keyFile: string;
  network: TrustAnchor;
}

export interface HowToRun {
  transport?: DevnetTransport;
  runtime?: RuntimeName;
  env?: NodeJS.ProcessEnv;
}

export class RunningDevnet {
  readonly directory: string;
  readonly #how: HowToRun;
  #command: Started;

  private constructor(directory: string, how: HowToRun) {
    this.#how = how;
    this.directory = directory;
    this.#command = upIn(directory, how);
  }

  static async open(how: HowToRun = {}): Promise<RunningDevnet> {
    const directory = mkdtempSync('/tmp/sg-devnet-test-');
    const devnet = new RunningDevnet(directory, how);
    await devnet.#command.says('All processes are ready.');
    return devnet;
  }

  /** Process id of a hub's NATS server. */
  brokerPid(hub: string, door: 'mesh' | 'local'): number {
    return Number(readFileSync(join(this.directory, 'nats', hub, door, 'nats.pid'), 'utf8'));
  }

  /** Process ids by name, `supervisor` included; names of what is just being restarted are absent. */
  pids(): Map<string, number> {
    const { supervisor, children } = JSON.parse(
      readFileSync(`${this.directory}/pids.json`, 'utf8'),
    );
    const all = Object.entries<number | null>({ supervisor, ...children });
    return new Map(all.filter((entry): entry is [string, number] => entry[1] !== null));
  }

  context(): HubContext {
    return JSON.parse(readFileSync(join(this.directory, 'context.json'), 'utf8'));
  }

  connect(): Promise<Client> {
    return connectBy(this.directory);
  }

  /** Kills the supervisor; resolves when the others noticed and are gone. */
  async killSupervisor(): Promise<void> {
    this.#command.child.kill('SIGKILL');
    await this.#command.ended;
    await this.gone();
  }

  async resume(): Promise<void> {
    this.#command = upIn(this.directory, this.#how);
    await this.#command.says('All processes are ready.');
  }

  /** Everything that it said, once it ended. */
  get ended(): Promise<Ended> {
    return this.#command.ended;
  }

  /** Ctrl-C; returns the exit code. */
  async interrupt(): Promise<number | null> {
    this.#command.child.kill('SIGINT');
    return (await this.#command.ended).code;
  }

  /** Resolves when no process of this devnet is left. @throws after a while */
  gone(): Promise<void> {
    return goneWith(this.directory);
  }

  async close(): Promise<void> {
    if (this.#command.child.exitCode === null) await this.interrupt();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}

function upIn(
  directory: string,
  { transport = 'sockets', runtime = 'process', env = {} }: HowToRun,
): Started {
  const how = ['--transport', transport, '--runtime', runtime];
  return start(['devnet', 'up', '--dir', directory, ...how], env);
}

/** An order of `replicas` half cores that run for `runMs`; two of them fill a lessor of the devnet. */
export function orderOf(replicas: number, runMs: number): OrderDraft {
  return draftForTests({
    replica: { memoryBytes: 64 * MIB },
    count: { min: replicas, max: replicas },
    task: {
      public: { image: 'process:node', architecture: null, egress: false, capabilities: [] },
      private: { command: ['-e', `setTimeout(() => {}, ${runMs})`], env: {} },
    },
    expiresAtMs: Date.now() + 180_000,
    maxLessors: 3,
    disconnect: { stopAfterMs: 60_000, onLoss: 'terminate' },
  });
}
