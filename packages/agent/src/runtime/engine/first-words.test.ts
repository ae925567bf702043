/** First words of programs of a real Docker daemon: at once, and the same that its log has. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ContainerFiles } from '../container-files.ts';
import { FirstWords } from './first-words.ts';
import { IMAGE, TestEngine, whyNot } from './for-tests.ts';
import { appendFrames } from './log-copy.ts';

const BASE = { out: 0, err: 0 };
const missing = whyNot('docker');
if (missing) console.error(`SKIPPED: first words of programs: ${missing} on this machine`);

describe.skipIf(missing !== null)('first words of a program', () => {
  let engine: TestEngine;
  let directory: string;
  let count = 0;

  beforeAll(async () => {
    engine = await TestEngine.start('docker');
    directory = await mkdtemp(join(tmpdir(), 'sparegrid-words-'));
  });

  afterAll(async () => {
    await engine?.close();
    await rm(directory, { recursive: true });
  });

  /** Starts it; `files` have its first words once `heard` resolves. */
  async function start(script: string) {
    count += 1;
    const files = new ContainerFiles(join(directory, String(count)));
    await files.create();
    const { docker } = engine.engine;
    const container = await docker.createContainer({ Image: IMAGE, Cmd: ['sh', '-c', script] });
    const heard = Promise.withResolvers<void>();
    const { signal } = new AbortController();
    const words = await FirstWords.listen(container, files, BASE, heard.resolve, signal);
    await container.start();
    return { container, files, words, heard: heard.promise };
  }

  const written = (files: ContainerFiles) => readFile(files.path('out'), 'utf8').catch(() => '');

  it('are heard while it runs, although nobody asked for its log', async () => {
    const { files, words, heard } = await start('printf hel; printf lo; exec sleep 1000');
    await heard;
    expect('hello'.startsWith(await written(files))).toBe(true);
    await words.end();
  });

  it('are the beginning of its log, and end where they are told to', async () => {
    const script = 'seq 1 20000';
    const { container, files, words, heard } = await start(script);
    await heard;
    await words.end();
    const ended = await written(files);
    expect(ended.length).toBeLessThanOrEqual(8_192);
    await container.wait();
    expect(await written(files)).toBe(ended);
    const log = (await container.logs({ stdout: true, follow: false })) as unknown as Buffer;
    await appendFrames([log] as unknown as AsyncIterable<Buffer>, files, BASE, () => {});
    const all = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join('');
    expect(await written(files)).toBe(all);
  });

  it('are left to the log where it will not say the same: what is not UTF-8, and much at once', async () => {
    const binary = await start(`printf '\\377\\376'; echo; echo text`);
    const much = await start('head -c 100000 /dev/zero | tr "\\\\0" x');
    for (const { container, files, words } of [binary, much]) {
      await container.wait();
      await words.end();
      const ended = await written(files);
      expect(['', 'x'.repeat(ended.length)]).toContain(ended);
      expect(ended.length).toBeLessThanOrEqual(8_192);
    }
  });
});
