/** What an agent that only rents is there for: it hands out the keys of its tasks, unattended. */
import type { KeyObject } from 'node:crypto';
import { setTimeout as after } from 'node:timers/promises';
import type { Logger } from '@sparegrid/link/daemon/logger';
import type { Transport } from '@sparegrid/link/transport';
import { connect } from '@sparegrid/sdk/connect';
import { releaseAll } from '@sparegrid/sdk/release-all';
import type { AgentSettings } from './config.ts';
import { followKey } from './key-file.ts';

/** A hub that does not know the participant may be told of it, again, at any time. */
const AGAIN_MS = 10_000;

export interface ReleasingShell {
  /** The participant's key as the agent started with it. */
  key: KeyObject;
  /** Those before it, the newest first. */
  formerKeys: readonly KeyObject[];
  transport: Transport;
  logger: Logger;
  /** The hub knows another key of the participant by now. */
  renewed(key: KeyObject): void;
}

/**
 * Orders are submitted elsewhere, by people and programs that have the same key: they may go as soon
 * as the hub has the order.
 *
 * @returns what ends it.
 * @patent [0077] SEC-2
 */
export function startReleasing(
  settings: AgentSettings,
  shell: ReleasingShell,
): () => Promise<void> {
  const releasing = new Releasing(settings, shell);
  return () => releasing.stop();
}

class Releasing {
  readonly #settings: AgentSettings;
  readonly #shell: ReleasingShell;
  readonly #unfollow: () => void;
  readonly #done: Promise<void>;
  #key: KeyObject;
  /** Orders that wait were sealed with the key of their time. */
  readonly #former: KeyObject[];
  /** Ends the session of the present key. */
  #session = new AbortController();
  #stopped = false;

  constructor(settings: AgentSettings, shell: ReleasingShell) {
    this.#settings = settings;
    this.#shell = shell;
    this.#key = shell.key;
    this.#former = [...shell.formerKeys];
    const renewed = (key: KeyObject) => this.#renewed(key);
    this.#unfollow = followKey(settings.keyFile, shell.key, shell.logger, renewed);
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unfollow();
    this.#session.abort();
    await this.#done;
  }

  #renewed(key: KeyObject): void {
    this.#former.unshift(this.#key);
    this.#key = key;
    this.#shell.logger.info('key.renewed');
    this.#shell.renewed(key);
    this.#session.abort();
  }

  async #run(): Promise<void> {
    const { logger } = this.#shell;
    if (!this.#settings.config.network) {
      const hint =
        'network: without its name and its operator’s key no lessor’s key can be trusted';
      return logger.warn('release.off', { code: 'SDK_NO_ANCHOR', hint });
    }
    while (!this.#stopped) {
      this.#session = new AbortController();
      const { signal } = this.#session;
      try {
        await this.#releaseWhileKnown(signal);
      } catch (error) {
        if (!signal.aborted) logger.error('release.refused', { error: String(error) });
      }
      if (!signal.aborted) await after(AGAIN_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** Until the hub says that it does not know the participant or its key. */
  async #releaseWhileKnown(signal: AbortSignal): Promise<void> {
    const { config, hubSockets } = this.#settings;
    const { transport, logger } = this.#shell;
    const { id: participant, hub, network } = config;
    const client = await connect({
      hub,
      hubSocket: hubSockets,
      transport,
      participant,
      privateKey: this.#key,
      formerKeys: this.#former,
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
}
