/** What an agent that only rents is there for: it hands out the keys of its tasks, unattended. */
import { setTimeout as after } from 'node:timers/promises';
import type { Logger } from '@sparegrid/link/daemon/logger';
import { readKey } from '@sparegrid/link/daemon/read-key';
import type { Transport } from '@sparegrid/link/transport';
import { connect } from '@sparegrid/sdk/connect';
import { releaseAll } from '@sparegrid/sdk/release-all';
import type { AgentSettings } from './config.ts';

/** A hub that does not know the participant may be told of it, again, at any time. */
const AGAIN_MS = 10_000;

/**
 * Orders are submitted elsewhere, by people and programs that have the same key: they may go as soon
 * as the hub has the order.
 *
 * @returns what ends it.
 * @patent [0077] SEC-2
 */
export function startReleasing(
  settings: AgentSettings,
  transport: Transport,
  logger: Logger,
): () => Promise<void> {
  const over = new AbortController();
  const done = releaseUntil(over.signal, settings, transport, logger);
  return async () => {
    over.abort();
    await done;
  };
}

async function releaseUntil(
  signal: AbortSignal,
  settings: AgentSettings,
  transport: Transport,
  logger: Logger,
): Promise<void> {
  if (!settings.config.network) {
    const hint = 'network: without its name and its operator’s key no lessor’s key can be trusted';
    return logger.warn('release.off', { code: 'SDK_NO_ANCHOR', hint });
  }
  while (!signal.aborted) {
    try {
      await releaseWhileKnown(signal, settings, transport, logger);
    } catch (error) {
      if (!signal.aborted) logger.error('release.refused', { error: String(error) });
    }
    await after(AGAIN_MS, undefined, { signal }).catch(() => {});
  }
}

/** Until the hub says that it does not know the participant or its key. */
async function releaseWhileKnown(
  signal: AbortSignal,
  { config, keyFile, hubSockets }: AgentSettings,
  transport: Transport,
  logger: Logger,
): Promise<void> {
  const { id: participant, hub, network } = config;
  const client = await connect({
    hub,
    hubSocket: hubSockets,
    transport,
    participant,
    privateKey: readKey(keyFile),
    network,
    signal,
    timeoutMs: null,
  });
  try {
    await releaseAll(client, {
      signal,
      released: (order) => logger.info('release.done', { order }),
      failed: (order, error) => logger.warn('release.failed', { order, error: String(error) }),
    });
  } finally {
    await client.close();
  }
}
