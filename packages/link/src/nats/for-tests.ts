/** What tests of NATS need to know of the machine. */
import { spawnSync } from 'node:child_process';

export function hasNatsServer(): boolean {
  return spawnSync('nats-server', ['--version'], { stdio: 'ignore' }).status === 0;
}
