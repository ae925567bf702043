/** Who can open what, and what happens to whatever was altered on the way. */
import { createHash } from 'node:crypto';
import { sealChain } from '@sparegrid/core/identity/sealed-chain';
import type { KeyChain } from '@sparegrid/core/identity/statements';
import type { TaskSpec } from '@sparegrid/core/order/buy-order';
import { describe, expect, it } from 'vitest';
import { generateKey, generateSealKey, sealPublicKeyOf } from '../keys.ts';
import { nodeCrypto } from '../node-crypto.ts';
import { openChain } from './chain-seal.ts';
import { OrderSecrets, publicTextOf } from './lessee-secrets.ts';
import { OutputOpener, OutputSealer } from './output-seal.ts';
import { base64url, bytesOf, type Key } from './primitives.ts';
import { agentKey, openRelease, openTask, sealRelease, sealTask } from './task-seal.ts';

const ROOT = Buffer.alloc(32, 1).toString('base64');
const PART = `o-${'1'.repeat(32)}-1.0`;
const CONTAINER = `${PART}.0`;
const TEXT = '{"command":["sh","-c","echo ünïcode"],"env":{"SECRET":"s"}}';

async function newAgent(): Promise<{ publicKey: string; key: Key }> {
  const key = generateSealKey();
  const { d } = key.export({ format: 'jwk' });
  return { publicKey: sealPublicKeyOf(key), key: await agentKey(d as string) };
}

async function ordered(root = ROOT, salt = 'salt') {
  const secrets = await OrderSecrets.of(root, salt);
  const sealKey = await publicTextOf(secrets.pair);
  const sealed = await sealTask(secrets.content, sealKey, TEXT);
  const privateDigest = `sha256:${createHash('sha256').update(sealed).digest('hex')}`;
  const task: TaskSpec = {
    public: { image: 'process:sh', architecture: null, egress: false, capabilities: [] },
    privateDigest,
    sealKey,
  };
  const keys = { content: secrets.content, output: await secrets.output(PART) };
  return { secrets, sealed, task, keys };
}

describe('the private part of a task', () => {
  it('opens with the key that was released to the agent of its part', async () => {
    const agent = await newAgent();
    const { secrets, sealed, task, keys } = await ordered();
    const release = await sealRelease(secrets.pair, agent.publicKey, PART, task, keys);
    const opened = await openRelease(agent.key, PART, task, release);
    expect(opened).toEqual(keys);
    expect(await openTask(opened.content, task.sealKey as string, sealed)).toBe(TEXT);
    expect(Buffer.from(sealed, 'base64url').includes('ünïcode')).toBe(false);
  });

  it('stays closed for other agents, parts, tasks and senders', async () => {
    const [agent, other] = [await newAgent(), await newAgent()];
    const { secrets, task, keys } = await ordered();
    const release = await sealRelease(secrets.pair, agent.publicKey, PART, task, keys);
    const image = { ...task, public: { ...task.public, image: 'process:other' } };
    const stranger = (await ordered(Buffer.alloc(32, 2).toString('base64'))).task.sealKey;
    const altered = `${release.startsWith('A') ? 'B' : 'A'}${release.slice(1)}`;
    const tries = await Promise.allSettled([
      openRelease(other.key, PART, task, release),
      openRelease(agent.key, `${PART}1`, task, release),
      openRelease(agent.key, PART, image, release),
      openRelease(agent.key, PART, { ...task, sealKey: stranger }, release),
      openRelease(agent.key, PART, task, altered),
    ]);
    expect(tries.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
  });

  it('has keys that come back from the lessee’s key alone, and differ from order to order', async () => {
    const [first, again] = [await ordered(), await ordered()];
    expect(again.keys).toEqual(first.keys);
    expect(again.task.sealKey).toBe(first.task.sealKey);
    const others = [
      await ordered(ROOT, 'other'),
      await ordered(Buffer.alloc(32, 3).toString('base64')),
    ];
    for (const { task, keys } of others) {
      expect(task.sealKey).not.toBe(first.task.sealKey);
      expect(keys.content).not.toEqual(first.keys.content);
      expect(keys.output).not.toEqual(first.keys.output);
    }
    expect(await first.secrets.output(`${PART}1`)).not.toEqual(first.keys.output);
  });
});

describe('a chain of keys', () => {
  const hub = nodeCrypto(generateKey());
  const chain = (of: string): KeyChain => {
    const document = { payloadType: 't', payload: of, signatures: [] };
    return { organization: document, key: document };
  };

  it('that was sealed at once opens with the order’s key, for its part only', async () => {
    const { secrets, task } = await ordered();
    const to = task.sealKey as string;
    const sealed = sealChain(hub, to, PART, chain('ünïcode')) as string;
    expect(await openChain(secrets.pair, PART, sealed)).toEqual(chain('ünïcode'));
    expect(sealChain(hub, to, PART, chain('ünïcode'))).toBe(sealed);
    const other = await ordered(ROOT, 'other');
    const tries = await Promise.allSettled([
      openChain(secrets.pair, `${PART}1`, sealed),
      openChain(other.secrets.pair, PART, sealed),
      openChain(secrets.pair, PART, `${sealed.slice(0, -2)}AA`),
    ]);
    expect(tries.map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
  });

  it('is as long as others', async () => {
    const { task } = await ordered();
    const lengths = ['a', 'a much longer name of somebody'].map(
      (of) => sealChain(hub, task.sealKey as string, PART, chain(of))?.length,
    );
    expect(lengths[0]).toBe(lengths[1]);
  });

  it('is sealed to nothing that is no key: nobody can stop a hub by naming one', () => {
    const zero = base64url(new Uint8Array(32));
    for (const to of [zero, '', 'AA', '!']) {
      expect(sealChain(hub, to, PART, chain('x'))).toBeNull();
    }
  });
});

describe('program output', () => {
  const chunk = (seq: number, text: string, stream: 'stdout' | 'result' = 'stdout') => ({
    container: CONTAINER,
    seq,
    stream,
    text,
  });

  it('opens in order and alone, from several lives of the agent, as text and as bytes', async () => {
    const { keys } = await ordered();
    const first = await OutputSealer.of(keys.output, CONTAINER);
    const second = await OutputSealer.of(keys.output, CONTAINER);
    const archive = Buffer.from([0, 255, 128, 1]).toString('base64');
    const sealed = [
      chunk(1, await first.seal({ seq: 1, stream: 'stdout', offset: 0, text: 'hällo\n' })),
      chunk(2, await second.seal({ seq: 2, stream: 'result', offset: 0, text: archive }), 'result'),
      chunk(3, await second.seal({ seq: 3, stream: 'result', offset: 0, text: '' }), 'result'),
      chunk(
        4,
        await second.seal({ seq: 4, stream: 'result', offset: 0, text: 'too-large' }),
        'result',
      ),
    ];
    const opener = new OutputOpener(keys.output);
    const opened = await Promise.all(sealed.reverse().map((one) => opener.open(one)));
    expect(opened.reverse().map((one) => one.text)).toEqual(['hällo\n', archive, '', 'too-large']);
  });

  it('never repeats a nonce under one key, whatever is sealed again', async () => {
    const { keys } = await ordered();
    const seen = new Set<string>();
    for (let life = 0; life < 20; life += 1) {
      const sealer = await OutputSealer.of(keys.output, CONTAINER);
      for (let times = 0; times < 5; times += 1) {
        const [, name, number] = (
          await sealer.seal({ seq: 1, stream: 'stdout', offset: 0, text: 'same' })
        ).split('.');
        seen.add(`${name} ${number}`);
      }
    }
    expect(seen.size).toBe(100);
  });

  it('is refused when it was altered, moved, cut short or made up', async () => {
    const { keys } = await ordered();
    const sealer = await OutputSealer.of(keys.output, CONTAINER);
    const text = await sealer.seal({ seq: 1, stream: 'result', offset: 0, text: 'YWJj' });
    const opener = new OutputOpener(keys.output);
    const [, life = '', number = '', , body = ''] = text.split('.');
    const bytes = bytesOf(body);
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    const bad = [
      { ...chunk(1, text, 'result'), seq: 2 },
      { ...chunk(1, text, 'result'), stream: 'stdout' as const },
      { ...chunk(1, text, 'result'), container: `${PART}.1` },
      chunk(1, `end.${life}.${number}.0.${body}`, 'result'),
      chunk(1, `more.${life}.1.0.${body}`, 'result'),
      chunk(1, `more.${life}.${number}.0.${base64url(bytes)}`, 'result'),
      chunk(1, `more.${life}.${number}.1.${body}`, 'result'),
      chunk(1, 'plain text', 'result'),
      chunk(1, '', 'result'),
    ];
    for (const one of bad) await expect(opener.open(one)).rejects.toThrow();
    const others = new OutputOpener((await ordered(ROOT, 'other')).keys.output);
    await expect(others.open(chunk(1, text, 'result'))).rejects.toThrow();
  });
});
