/** The private part of a task under the content key of its order, and that key on its way to lessors. */
import type { TaskSpec } from '@sparegrid/core/order/buy-order';
import type { PartId } from '@sparegrid/core/units/ids';
import { canonicalJson, type JsonValue } from '@sparegrid/core/units/json';
import {
  aesKey,
  type Bytes,
  base64url,
  bytesOf,
  decrypt,
  encrypt,
  joined,
  KEY_BYTES,
  type Key,
  type KeyPair,
  NONCE_BYTES,
  suite,
  textOf,
  utf8,
} from './primitives.ts';

/** What a lessor's agent is given to run one part: the key of the task, and the one of its output. */
export interface PartKeys {
  content: Bytes;
  output: Bytes;
}

/** What HPKE puts out begins with its encapsulated key. */
const ENC_BYTES = 32;

/** @param sealKey  public key of the order: the ciphertext is of no use in another one. */
export async function sealTask(content: Bytes, sealKey: string, text: string): Promise<string> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = await encrypt(await aesKey(content), nonce, utf8(text), taskBound(sealKey));
  return base64url(joined(nonce, sealed));
}

/** @throws when the key is not the one, or anything was altered */
export async function openTask(content: Bytes, sealKey: string, sealed: string): Promise<string> {
  const bytes = bytesOf(sealed);
  const [nonce, body] = [bytes.slice(0, NONCE_BYTES), bytes.slice(NONCE_BYTES)];
  return textOf(await decrypt(await aesKey(content), nonce, body, taskBound(sealKey)));
}

function taskBound(sealKey: string): string {
  return `sparegrid/1 task ${sealKey}`;
}

/**
 * @param to  the agent's sealing key, base64url.
 *
 * HPKE in auth mode, from the lessee's key of this order to the agent's sealing key. It opens for
 * this part and this task only: a hub cannot move it, nor swap image, digest or sender.
 */
export async function sealRelease(
  from: KeyPair,
  to: string,
  part: PartId,
  task: TaskSpec,
  keys: PartKeys,
): Promise<string> {
  const sealed = await suite.seal(
    {
      senderKey: from,
      recipientPublicKey: await suite.kem.importKey('raw', bytesOf(to).buffer, true),
      info: releaseInfo(part).buffer,
    },
    joined(keys.content, keys.output).buffer,
    taskText(task).buffer,
  );
  return base64url(joined(new Uint8Array(sealed.enc), new Uint8Array(sealed.ct)));
}

/** An agent's private sealing key as HPKE takes it. @param raw  its 32 bytes in base64url. */
export function agentKey(raw: string): Promise<Key> {
  return suite.kem.importKey('raw', bytesOf(raw).buffer, false);
}

/** @throws when it is not for this agent, part and task, or not from the order's lessee */
export async function openRelease(
  agent: Key,
  part: PartId,
  task: TaskSpec,
  release: string,
): Promise<PartKeys> {
  const bytes = bytesOf(release);
  const plain = await suite.open(
    {
      recipientKey: agent,
      senderPublicKey: await suite.kem.importKey('raw', bytesOf(task.sealKey ?? '').buffer, true),
      enc: bytes.slice(0, ENC_BYTES).buffer,
      info: releaseInfo(part).buffer,
    },
    bytes.slice(ENC_BYTES).buffer,
    taskText(task).buffer,
  );
  const keys = new Uint8Array(plain);
  if (keys.length !== 2 * KEY_BYTES) throw new Error('expected two keys');
  return { content: keys.slice(0, KEY_BYTES), output: keys.slice(KEY_BYTES) };
}

function releaseInfo(part: PartId): Bytes {
  return utf8(`sparegrid/1 task-key ${part}`);
}

function taskText(task: TaskSpec): Bytes {
  return utf8(canonicalJson(task as unknown as JsonValue));
}
