/** Ports of loopback that nothing uses now. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/**
 * Below those that systems give to outgoing connections (Linux: 32768 and up): a port from there may
 * be taken while the server that it was meant for is down or waits as a standby.
 */
const [LOWEST, END] = [20_000, 32_000];
const TRIES_MOST = 1_000;

/**
 * All different; somebody else may take one before it is used.
 *
 * @throws Error when so many ports are taken that these few were not found
 */
export async function freePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>();
  try {
    for (let tries = 0; held.size < count; tries += 1) {
      if (tries === TRIES_MOST) throw new Error(`no ${count} free ports from ${LOWEST} to ${END}`);
      const port = randomInt(LOWEST, END);
      const probe = createServer().listen(port, '127.0.0.1');
      const isFree = await once(probe, 'listening').then(
        () => true,
        () => false,
      );
      if (isFree) held.set(port, probe);
    }
    return [...held.keys()];
  } finally {
    await Promise.all([...held.values()].map((probe) => once(probe.close(), 'close')));
  }
}
