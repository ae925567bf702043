/** A store on a disk that others have filled. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from './sqlite-store.ts';

const MIB = 1_048_576;
const isRoot = process.getuid?.() === 0;
if (!isRoot) console.error('SKIPPED: stores on full disks: not root');

describe.skipIf(!isRoot)('a store on a full disk', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sg-full-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'tmpfs', folder]);
  });

  afterEach(() => {
    execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true });
  });

  /** Takes what is left. */
  function fillUp(): void {
    for (const bytes of [MIB, 4_096]) {
      try {
        for (;;) writeFileSync(join(folder, 'others'), Buffer.alloc(bytes), { flag: 'a' });
      } catch (error) {
        expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
      }
    }
  }

  it('goes on in its reserve, which comes back once there is room', async () => {
    const path = join(folder, 's.db');
    const store = await openSqliteStore(path);
    const put = (key: string) =>
      store.commit([{ table: 't', key, text: 'x'.repeat(100_000), live: true }]);
    await put('before');
    expect(existsSync(`${path}.reserve`)).toBe(true);
    fillUp();
    for (let at = 0; at < 40; at += 1) await put(`full ${at}`);
    expect(existsSync(`${path}.reserve`)).toBe(false);
    rmSync(join(folder, 'others'));
    await put('after');
    expect(existsSync(`${path}.reserve`)).toBe(true);
    expect((await store.load()).length).toBe(42);
    await store.close();
  });

  it('ends when the reserve is used up, too; nothing acknowledged is lost', async () => {
    const path = join(folder, 's.db');
    const store = await openSqliteStore(path);
    fillUp();
    let done = 0;
    const fill = async () => {
      for (;;) {
        await store.commit([{ table: 't', key: `${done}`, text: 'x'.repeat(MIB), live: true }]);
        done += 1;
      }
    };
    await expect(fill()).rejects.toMatchObject({ code: 'STORE_COMMIT' });
    expect((await store.load()).length).toBe(done);
    expect(done).toBeGreaterThan(0);
    await store.close();
  });
});
