/** `sparegrid demo --json` as it is judged: one document, two lessors of two hubs, no trace. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { goneWith, run, start } from './command.ts';

const STEPS = [
  'registered',
  'offered',
  'accepted',
  'matched',
  'frozen',
  'started',
  'running',
  'completed',
  'billed',
  'released',
];

test('the demo prints one document of a completed lease and leaves nothing behind', async () => {
  const directory = mkdtempSync('/tmp/sg-demo-test-');
  try {
    const { code, stdout, stderr } = await run(['demo', '--json', '--runtime', 'process'], {
      TMPDIR: directory,
    });
    expect(code, stderr).toBe(0);
    const document = JSON.parse(stdout);
    expect(document).toEqual({
      order: expect.stringMatching(/^o-[0-9a-f]{32}$/),
      agreements: [`${document.order}-1`],
      lease: { state: 'COMPLETED' },
      lessors: expect.any(Array),
      hubs: expect.any(Array),
      costMicro: expect.stringMatching(/^[1-9]\d*$/),
      steps: STEPS.map((name) => ({ name, ms: expect.any(Number) })),
    });
    expect(new Set(document.lessors).size).toBeGreaterThanOrEqual(2);
    expect(new Set(document.hubs).size).toBeGreaterThanOrEqual(2);
    expect(stderr).toContain('ISOLATES NOTHING');
    expect(stderr).toContain('together 348513 primes');
    await goneWith(directory);
    expect(readdirSync(directory)).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}, 300_000);

test('an interrupted demo ends with 1 and leaves nothing behind', async () => {
  const directory = mkdtempSync('/tmp/sg-demo-test-');
  try {
    const demo = start(['demo', '--json', '--runtime', 'process'], { TMPDIR: directory });
    await demo.says('registered');
    demo.child.kill('SIGINT');
    const { code, stdout, stderr } = await demo.ended;
    expect(code, stderr).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('error CLI_DEMO_FAILED');
    await goneWith(join(directory, 'sparegrid-demo-'));
    expect(readdirSync(directory)).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}, 300_000);
