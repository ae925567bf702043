/** A task as its lessee seals and releases it, and the lessee's eyes on what comes back. */
import { hash } from 'node:crypto';
import type { LogChunk } from '@sparegrid/core/messages';
import type { TaskPrivate, TaskPublic, TaskSpec } from '@sparegrid/core/order/buy-order';
import type { PartId } from '@sparegrid/core/units/ids';
import { OrderSecrets, publicTextOf } from './lessee-secrets.ts';
import { OutputOpener } from './output-seal.ts';
import { sealRelease, sealTask } from './task-seal.ts';

export interface SealedTask {
  task: TaskSpec;
  taskPrivate: string;
  release: string;
  open(chunk: LogChunk): Promise<string>;
}

/** @param agentKey  public sealing key of the agent that runs it. */
export async function sealedTask(
  agentKey: string,
  part: PartId,
  visible: TaskPublic,
  hidden: TaskPrivate,
): Promise<SealedTask> {
  const secrets = await OrderSecrets.of(Buffer.alloc(32, 7).toString('base64'), part);
  const sealKey = await publicTextOf(secrets.pair);
  const taskPrivate = await sealTask(secrets.content, sealKey, JSON.stringify(hidden));
  const privateDigest = `sha256:${hash('sha256', taskPrivate, 'hex')}`;
  const task = { public: visible, privateDigest, sealKey };
  const keys = { content: secrets.content, output: await secrets.output(part) };
  const opener = new OutputOpener(keys.output);
  return {
    task,
    taskPrivate,
    release: await sealRelease(secrets.pair, agentKey, part, task, keys),
    open: async (chunk) => (await opener.open(chunk)).text,
  };
}
