/** Ends the containers that stopped agents left running: the devnet leaves nothing behind. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ContainerFiles } from '@sparegrid/agent/runtime/container-files';
import { Engine } from '@sparegrid/agent/runtime/engine/engine';
import { LABEL } from '@sparegrid/agent/runtime/engine/engine-runtime';
import { Scratch } from '@sparegrid/agent/runtime/engine/scratch';
import { ownerOf } from '@sparegrid/agent/runtime/open-runtime';
import {
  isRunning,
  type ProcessIdentity,
  signalGroup,
} from '@sparegrid/agent/runtime/process-identity';

/** What programs get to end by themselves. */
const GRACE_MS = 1_000;
const LOOK_MS = 50;

/** @param directories  container directories of agents that do not run any more. */
export async function endContainers(directories: readonly string[]): Promise<void> {
  const left = await runningIn(directories);
  if (left.length === 0) return;
  for (const identity of left) await signalGroup(identity, 'SIGTERM');
  for (let waitedMs = 0; waitedMs < GRACE_MS && (await anyRuns(left)); waitedMs += LOOK_MS) {
    await sleep(LOOK_MS);
  }
  for (const identity of left) await signalGroup(identity, 'SIGKILL');
}

export interface Lender {
  id: string;
  /** Of its containers. */
  directory: string;
}

/**
 * Removes the containers of these agents from a Docker daemon, and unmounts their storage. One that
 * cannot be removed keeps no other from it.
 *
 * @throws when the daemon does not answer, or does not remove one
 */
export async function endEngineContainers(
  socket: string,
  lenders: readonly Lender[],
): Promise<void> {
  const engine = new Engine(socket, { info() {}, warn() {}, error() {} });
  const failures: unknown[] = [];
  try {
    for (const { id, directory } of lenders) {
      const label = [`${LABEL.owner}=${ownerOf(id, directory)}`];
      const filters = JSON.stringify({ label }) as never;
      const left = await engine.once((docker) => docker.listContainers({ all: true, filters }));
      for (const { Id } of left) {
        await engine.removeNow(Id).catch((error: unknown) => failures.push(error));
      }
    }
    if (failures.length > 0) throw failures[0];
  } finally {
    engine.close();
    for (const { directory } of lenders) {
      for (const id of await namesIn(directory)) {
        await new Scratch('image', join(directory, id), 0).close();
      }
    }
  }
}

async function runningIn(directories: readonly string[]): Promise<ProcessIdentity[]> {
  const found: ProcessIdentity[] = [];
  for (const directory of directories) {
    for (const id of await namesIn(directory)) {
      const identity = await new ContainerFiles(join(directory, id)).supervisor().catch(() => null);
      if (identity && (await isRunning(identity))) found.push(identity);
    }
  }
  return found;
}

async function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}

async function anyRuns(identities: readonly ProcessIdentity[]): Promise<boolean> {
  for (const identity of identities) if (await isRunning(identity)) return true;
  return false;
}
