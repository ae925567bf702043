/** Keeps the processes of a devnet running: starts them, starts them again, ends them all. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { NodeId } from '@sparegrid/core/units/ids';
import { CliFault } from '../fault.ts';

export interface ProcessPlan {
  id: NodeId;
  role: 'hub' | 'agent';
  config: string;
  /** Standard error goes there; read it when something is wrong. */
  log: string;
}

const RESTART_MS_MIN = 200;
const RESTART_MS_MAX = 5_000;
/** A process that lived this long has not failed at its start: the wait begins anew. */
const SETTLED_MS = 10_000;
/** A process that does not end by itself is killed after this. */
const STOP_MS_MAX = 15_000;
/** Codes that another start cannot mend: wrong configuration. */
const HOPELESS = 2;

interface Kept {
  plan: ProcessPlan;
  child: ChildProcess | null;
  ready: boolean;
  startedAtMs: number;
  waitMs: number;
  timer: NodeJS.Timeout | undefined;
}

/** Says what happened, for people. */
export type Say = (text: string) => void;

export class Supervisor {
  readonly #kept = new Map<NodeId, Kept>();
  readonly #say: Say;
  #stopping = false;

  constructor(say: Say) {
    this.#say = say;
  }

  /**
   * Starts a process; resolves when it says that it is ready.
   *
   * @throws CliFault CLI_DEVNET_FAILED when it ends before that.
   */
  async start(plan: ProcessPlan): Promise<void> {
    const kept: Kept = {
      plan,
      child: null,
      ready: false,
      startedAtMs: 0,
      waitMs: RESTART_MS_MIN,
      timer: undefined,
    };
    this.#kept.set(plan.id, kept);
    const child = this.#spawn(kept);
    const exit = once(child, 'exit').then(() => {
      const hint = `${plan.id} ended at its start; see ${plan.log}`;
      throw new CliFault('CLI_DEVNET_FAILED', hint, 'fault');
    });
    await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), exit]);
    exit.catch(() => {});
    kept.ready = true;
  }

  /** Process ids of what runs now. */
  pids(): { id: NodeId; pid: number }[] {
    const pids: { id: NodeId; pid: number }[] = [];
    for (const { plan, child } of this.#kept.values()) {
      if (child?.pid !== undefined) pids.push({ id: plan.id, pid: child.pid });
    }
    return pids;
  }

  /** Ends everything, agents first: their containers end with them. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const kept = [...this.#kept.values()];
    for (const role of ['agent', 'hub'] as const) {
      await Promise.all(kept.filter(({ plan }) => plan.role === role).map(endProcess));
    }
  }

  #spawn(kept: Kept): ChildProcess {
    const { plan } = kept;
    const log = openSync(plan.log, 'a');
    // The IPC channel ties the process to us: it ends when we are killed.
    const child = spawn(process.execPath, [mainOf(plan.role), '--config', plan.config], {
      stdio: ['ignore', 'pipe', log, 'ipc'],
    });
    closeSync(log);
    kept.child = child;
    kept.startedAtMs = performance.now();
    child.stdout?.resume();
    child.once('exit', (code, signal) => this.#exited(kept, code, signal));
    return child;
  }

  #exited(kept: Kept, code: number | null, signal: NodeJS.Signals | null): void {
    kept.child = null;
    if (this.#stopping || !kept.ready) return;
    const { id, log } = kept.plan;
    const how = signal ?? `exit code ${code}`;
    if (code === HOPELESS) {
      this.#say(`${id} ended (${how}) and is not started again; see ${log}`);
      return;
    }
    if (performance.now() - kept.startedAtMs > SETTLED_MS) kept.waitMs = RESTART_MS_MIN;
    this.#say(`${id} ended (${how}); starting it again in ${kept.waitMs} ms`);
    kept.timer = setTimeout(() => this.#spawn(kept), kept.waitMs);
    kept.waitMs = Math.min(2 * kept.waitMs, RESTART_MS_MAX);
  }
}

function mainOf(role: ProcessPlan['role']): string {
  return fileURLToPath(import.meta.resolve(`@sparegrid/${role}/main`));
}

async function endProcess({ child, timer }: Kept): Promise<void> {
  clearTimeout(timer);
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
  await exit;
  clearTimeout(kill);
}
