/** Histories of containers, as put together from what their agents told. */
import type { KeptChunk } from '@sparegrid/core/messages';
import { expect, test } from 'vitest';
import { historiesOf } from './container-history.ts';
import { linesOf } from './output/log-text.ts';

const A = `o-${'0'.repeat(32)}-1.0.0`;
const B = `o-${'0'.repeat(32)}-1.0.1`;

async function* chunks(
  stream: KeptChunk['stream'],
  ...texts: [container: string, text: string][]
): AsyncGenerator<KeptChunk> {
  let seq = 0;
  for (const [container, text] of texts) {
    seq += 1;
    yield { container, seq, stream, text, atMs: seq };
  }
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of source) found.push(one);
  return found;
}

test('lines that were cut into chunks are whole again, each container’s by itself', async () => {
  const source = chunks('stdout', [A, 'one\ntw'], [B, 'other\n'], [A, 'o\nlast']);
  expect((await all(linesOf(source))).map(({ container, text }) => [container, text])).toEqual([
    [A, 'one'],
    [B, 'other'],
    [A, 'two'],
    [A, 'last'],
  ]);
});

test('a container that failed, was restarted and runs is told as such', async () => {
  const life = chunks(
    'life',
    [A, '{"atMs":1,"event":"started","attempt":0}\n{"atMs":5,"event":"exi'],
    [A, 'ted","attempt":0,"exitCode":1,"reason":"exit"}\n'],
    [A, '{"atMs":9,"event":"started","attempt":1}\nno json\nnull\n'],
    [B, '{"atMs":2,"event":"start-failed","attempt":0,"error":"no such image"}\n'],
  );
  const usage = chunks('usage', [A, '{"atMs":3,"cpuMillicores":120,"memoryBytes":7}\n']);
  expect(await historiesOf(life, usage)).toMatchObject([
    {
      container: A,
      state: 'running',
      startedAtMs: 9,
      finishedAtMs: null,
      exitCode: null,
      restarts: 1,
      usage: [{ atMs: 3, cpuMillicores: 120 }],
    },
    { container: B, state: 'start-failed', reason: 'no such image', restarts: 0, usage: [] },
  ]);
});
