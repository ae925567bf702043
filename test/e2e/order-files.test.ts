/** Bad order files at the command line: refused by code with exit 2, and no hub is even looked for. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GOOD } from '../../packages/cli/src/order-file/good-file-for-tests.ts';
import { run } from './command.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync('/tmp/sg-orders-test-');
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function submit(content: string) {
  const file = join(directory, 'order.yaml');
  writeFileSync(file, content);
  return run(['order', 'submit', '-f', file, '--dir', join(directory, 'no-devnet')]);
}

test('tells code, place and hint in two lines on stderr, and exits with 2', async () => {
  const { code, stdout, stderr } = await submit(GOOD.replace('500m', '-1'));
  expect(stderr).toBe(
    'error CLI_FIELD_MALFORMED: A field does not have the stated form.\n' +
      `hint: ${directory}/order.yaml, line 5, cpu: expected a quantity such as 500m or 4Gi, got -1\n`,
  );
  expect([code, stdout]).toEqual([2, '']);
  const cyclic = await submit('a: &a\n  b: *a\n');
  expect([cyclic.code, cyclic.stderr]).toEqual([2, expect.stringContaining('CLI_FILE_ALIAS')]);
});

test('looks for a hub only after the file was found good', async () => {
  const { code, stderr } = await submit(GOOD);
  expect(stderr).toContain('error CLI_NO_DEVNET');
  expect(code).toBe(69);
});

test('refuses files that cannot be read, and wrong ids', async () => {
  const missing = await run(['order', 'submit', '-f', join(directory, 'none.yaml')]);
  expect([missing.code, missing.stderr]).toEqual([
    2,
    expect.stringContaining('CLI_FILE_UNREADABLE'),
  ]);
  const folder = await run(['order', 'submit', '-f', directory]);
  expect([folder.code, folder.stderr]).toEqual([2, expect.stringContaining('CLI_FILE_UNREADABLE')]);
  const id = await run(['order', 'get', '../../etc/passwd', '--dir', directory]);
  expect([id.code, id.stderr]).toEqual([2, expect.stringContaining('CLI_USAGE')]);
});
