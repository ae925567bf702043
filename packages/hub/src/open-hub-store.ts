/** Opens the store that a hub's configuration names; of a database, once this process may write. */
import type { Logger } from '@sparegrid/link/daemon/logger';
import type { Fail } from '@sparegrid/link/daemon/run-daemon';
import { openStore } from '@sparegrid/link/store/open-store';
import { openPostgresStore } from '@sparegrid/link/store/postgres-store';
import type { Store } from '@sparegrid/link/store/store';
import type { HubSettings } from './config.ts';

export interface StoreShell {
  logger: Logger;
  /** The store is of no use any more: the process must end. */
  fail: Fail;
  /** Aborted when the hub shall end while it still waits to serve. */
  signal?: AbortSignal | undefined;
}

/** @throws StoreFault; AbortError when the signal ends the waiting. */
export async function openHubStore(
  { store, standby, config }: HubSettings,
  { logger, fail, signal }: StoreShell,
): Promise<Store> {
  if (typeof store === 'string') return openStore(store);
  let hasWaited = false;
  const opened = await openPostgresStore(store, {
    node: config.id,
    standby,
    signal,
    onWaiting: () => {
      hasWaited = true;
      logger.info('hub.waiting', { standby });
    },
    onLost: fail,
  });
  if (hasWaited) logger.info('hub.takes-over');
  return opened;
}
