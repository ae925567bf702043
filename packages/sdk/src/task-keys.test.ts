/** To whom the client gives the key of a task, and to whom it does not, whatever a hub delivers. */
import { chainInfo, sealChain } from '@sparegrid/core/identity/sealed-chain';
import type { KeyChain } from '@sparegrid/core/identity/statements';
import type { AwaitedKey, KeyRelease, Request } from '@sparegrid/core/messages';
import { Trust } from '@sparegrid/link/identity/trust-for-tests';
import {
  encodeKey,
  generateKey,
  generateSealKey,
  publicKeyOf,
  sealPublicKeyOf,
} from '@sparegrid/link/keys';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import { agentKey, openRelease, openTask } from '@sparegrid/link/sealing/task-seal';
import { beforeEach, describe, expect, it } from 'vitest';
import { draftForTests } from './draft-for-tests.ts';
import { type PreparedOrder, prepareOrder } from './order-draft.ts';
import { type Signer, signerOf } from './signer.ts';
import { type TaskKeySettings, TaskKeys } from './task-keys.ts';

const LESSEE = 'alice.h1';
const LESSOR = 'bob.h2';

const draft = draftForTests();

describe('keys of tasks', () => {
  const trust = new Trust();
  const sealKey = generateSealKey();
  const signKey = publicKeyOf(generateKey());
  const own = { signKey, sealKey: sealPublicKeyOf(sealKey) };
  let signer: Signer;
  let order: PreparedOrder;

  beforeEach(async () => {
    signer = await signerOf(encodeKey(generateKey()));
    order = await prepareOrder(signer, LESSEE, draft);
  });

  const part = () => `${order.id}-1.0`;
  const hub = nodeCrypto(generateKey());
  /** The lessor's hub seals the chain to that order, for that part. */
  const sealedTo = ({ document }: PreparedOrder, id: string, chain: KeyChain) =>
    sealChain(hub, JSON.parse(document.payload).task.sealKey, id, chain);
  const waits = (chain: KeyChain | null, lessor = LESSOR): AwaitedKey => {
    return { part: part(), lessor, keys: chain && sealedTo(order, part(), chain) };
  };

  /** A hub that delivers this, and remembers what it is given. */
  function against(waiting: AwaitedKey[], over: Partial<TaskKeySettings> = {}) {
    const given: KeyRelease[] = [];
    const ask = async (request: Request) => {
      if (request.op === 'order.keys')
        return { ok: true, op: request.op, document: order.document, waiting };
      if (request.op === 'order.release') given.push(...request.releases);
      return { ok: true, op: request.op, order: order.id };
    };
    const settings = { participant: LESSEE, signer, network: trust.anchor, ...over };
    const keys = new TaskKeys({ ...settings, ask: ask as unknown as TaskKeySettings['ask'] });
    return { keys, given };
  }

  it('go to the agent that the network vouches for, and open the task there', async () => {
    const { keys, given } = against([waits(trust.chainOf(LESSOR, own))]);
    expect(await keys.release(order.id)).toBe(1);
    const { task } = JSON.parse(order.document.payload);
    const key = await agentKey(sealKey.export({ format: 'jwk' }).d as string);
    const { content } = await openRelease(key, part(), task, given[0]?.release ?? '');
    const text = await openTask(content, task.sealKey, order.taskPrivate);
    expect(JSON.parse(text)).toEqual(draft.task.private);
  });

  it('are those of the key that the order was sealed with, when it is a former one', async () => {
    const next = await signerOf(encodeKey(generateKey()));
    const waiting = [waits(trust.chainOf(LESSOR, own))];
    const { keys } = against(waiting, { signer: next, formerSigners: [signer] });
    expect(await keys.release(order.id)).toBe(1);
    const unknown = against(waiting, { signer: next });
    await expect(unknown.keys.release(order.id)).rejects.toMatchObject({ code: 'SDK_NOT_OPENED' });
    expect(unknown.given).toEqual([]);
  });

  it('are no others when they were prepared, nor is an order believed that was not', async () => {
    const { keys, given } = against([waits(trust.chainOf(LESSOR, own))]);
    keys.prepare(order.id, order.document);
    expect(await keys.release(order.id)).toBe(1);
    const { task } = JSON.parse(order.document.payload);
    const key = await agentKey(sealKey.export({ format: 'jwk' }).d as string);
    const { content } = await openRelease(key, part(), task, given[0]?.release ?? '');
    expect(await openTask(content, task.sealKey, order.taskPrivate)).toContain('echo hi');
    const other = await prepareOrder(signer, LESSEE, draft);
    keys.prepare(other.id, order.document);
    await expect(keys.release(other.id)).rejects.toMatchObject({ code: 'SDK_BAD_ANSWER' });
  });

  it('go behind a pseudonym to agents of that hub only', async () => {
    const name = 'p0123456789abcdef.h2';
    const { keys, given } = against([waits(trust.chainOf(LESSOR, own), name)]);
    expect(await keys.release(order.id)).toBe(1);
    expect(given.length).toBe(1);
    const elsewhere = against([waits(trust.chainOf('bob.h3', own), name)]);
    await expect(elsewhere.keys.release(order.id)).rejects.toMatchObject({
      code: 'IDENTITY_SUBJECT',
    });
  });

  it('are released by another client of the same key as well', async () => {
    const later = against([waits(trust.chainOf(LESSOR, own))]);
    expect(await later.keys.release(order.id)).toBe(1);
    expect(later.given.map((one) => one.part)).toEqual([part()]);
  });

  it('go to nobody else: not to a key that a hub made up, nor of another agent, nor unproven', async () => {
    const stranger = new Trust();
    const bad: [AwaitedKey, string][] = [
      [waits(stranger.chainOf(LESSOR, own)), 'IDENTITY_SIGNATURE'],
      [waits(trust.chainOf('eve.h2', own)), 'IDENTITY_SUBJECT'],
      [waits(null), 'IDENTITY_SIGNATURE'],
    ];
    const mixed = trust.chainOf(LESSOR, own);
    const theirs = new Trust().chainOf(LESSOR, own);
    bad.push([waits({ ...mixed, key: theirs.key }), 'IDENTITY_SIGNATURE']);
    const altered = {
      ...mixed.key,
      payload: mixed.key.payload.replace(own.sealKey, 'A'.repeat(43)),
    };
    bad.push([waits({ ...mixed, key: altered }), 'IDENTITY_SIGNATURE']);
    for (const [awaited, code] of bad) {
      const { keys, given } = against([awaited]);
      await expect(keys.release(order.id)).rejects.toMatchObject({ code });
      expect(given).toEqual([]);
    }
  });

  it('go to nobody when the keys were sealed for another part or order, or altered', async () => {
    const chain = trust.chainOf(LESSOR, own);
    const other = await prepareOrder(signer, LESSEE, draft);
    const good = sealedTo(order, part(), chain) ?? '';
    const letter = good.at(-9) === 'A' ? 'B' : 'A';
    for (const keys of [
      sealedTo(order, `${order.id}-2.0`, chain),
      sealedTo(other, part(), chain),
      `${good.slice(0, -9)}${letter}${good.slice(-8)}`,
      hub.seal(JSON.parse(order.document.payload).task.sealKey, chainInfo(part()), '{"key":1}'),
    ]) {
      const { keys: own, given } = against([{ part: part(), lessor: LESSOR, keys }]);
      await expect(own.release(order.id)).rejects.toMatchObject({ code: 'IDENTITY_MALFORMED' });
      expect(given).toEqual([]);
    }
  });

  it('go to those who can prove theirs although another one cannot', async () => {
    const { keys, given } = against([waits(null), waits(trust.chainOf(LESSOR, own))]);
    await expect(keys.release(order.id)).rejects.toMatchObject({ code: 'IDENTITY_SIGNATURE' });
    expect(given.length).toBe(1);
  });

  it('go to nobody without the operator’s key to begin with', async () => {
    const { keys } = against([waits(trust.chainOf(LESSOR, own))], { network: null });
    await expect(keys.release(order.id)).rejects.toMatchObject({ code: 'SDK_NO_ANCHOR' });
  });

  it('are not released for an order that a hub slipped in', async () => {
    const other = await prepareOrder(signer, LESSEE, draft);
    const { keys } = against([waits(trust.chainOf(LESSOR, own))]);
    await expect(keys.release(other.id)).rejects.toMatchObject({ code: 'SDK_BAD_ANSWER' });
  });
});
