/** Nothing of a test bed is left when the test that made it dies. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { hasNamespaces } from './namespaces.ts';
import { until } from './settled.ts';

const MODULE = new URL('./namespaces.ts', import.meta.url).href;
/** Makes a host, runs a program there, and would go on for ever. */
const MAKER = `
const { Namespaces } = await import('${MODULE}');
const { spawn } = await import('node:child_process');
const [program, args] = new Namespaces(['one', 'two']).command('one', 'sleep', ['600.5']);
spawn(program, args, { detached: true, stdio: 'ignore' }).once('spawn', () => console.log('made'));
setInterval(() => {}, 1_000);
`;

describe.skipIf(!hasNamespaces())('hosts of a test bed', () => {
  it('go with what runs on them when the test is killed', async () => {
    const maker = spawn(process.execPath, ['--input-type=module', '-e', MAKER], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(maker.stdout, 'data');
    const prefix = `sg${maker.pid}-`;
    const listed = () => spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout;
    expect(listed()).toContain(`${prefix}one`);
    await until('the program runs', async () => {
      const { stdout } = spawnSync('ip', ['netns', 'pids', `${prefix}one`], { encoding: 'utf8' });
      return stdout.trim() !== '';
    });
    maker.kill('SIGKILL');
    await until('the hosts are gone', async () => !listed().includes(prefix));
    await until('the program is gone', async () => {
      return spawnSync('pgrep', ['-f', 'sleep 600.5']).status === 1;
    });
  }, 180_000);
});
