/** Composition root of the hub: its store, and one life after the other in one process. */
import type { HubConfig } from '@sparegrid/core/hub/config';
import { HubCore } from '@sparegrid/core/hub/hub-core';
import { ConfigFault } from '@sparegrid/link/daemon/config-fault';
import { readKey } from '@sparegrid/link/daemon/read-key';
import type { Daemon } from '@sparegrid/link/daemon/run-daemon';
import { documentReader } from '@sparegrid/link/documents';
import { quickEd25519 } from '@sparegrid/link/ed25519';
import { publicKeyOf } from '@sparegrid/link/keys';
import { resumeNode } from '@sparegrid/link/loop/resume';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import type { HubSettings } from './config.ts';
import { type LinkCounters, noCounts } from './counters.ts';
import { HttpDoor } from './http/http-door.ts';
import { type Hub, HubLife, type HubShell } from './life.ts';
import { openHubStore } from './open-hub-store.ts';

export type { Hub } from './life.ts';

/**
 * Starts a hub; resolves once its epoch is durable and both doors are open. A standby listens
 * nowhere until then: whoever can be reached serves.
 *
 * @throws ConfigFault CONFIG_KEY, CONFIG_ADDRESS, StoreFault, LinkFault; AbortError when told to end while it waits
 */
export async function startHub(settings: HubSettings, shell: HubShell): Promise<Hub> {
  const hub = new LivingHub(settings, shell);
  await hub.begin();
  return hub;
}

/** One life after the other in one process: a hub that lost some of its past begins anew with it. */
class LivingHub implements Hub {
  readonly #shell: HubShell;
  #settings: HubSettings;
  #life: HubLife | null = null;
  /** The change of lives that is under way. */
  #changing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(settings: HubSettings, shell: HubShell) {
    this.#settings = settings;
    this.#shell = shell;
  }

  get counters(): Readonly<LinkCounters> {
    return this.#life?.counters ?? noCounts();
  }

  get ready(): Daemon['ready'] {
    return this.#life?.ready ?? {};
  }

  async begin(): Promise<void> {
    this.#life = await startLife(this.#settings, this.#shell, () => this.#beginAgain());
  }

  #beginAgain(): void {
    const { http } = this.#settings;
    const url = this.#life?.ready['http'];
    // Who found a free port keeps it.
    if (http && typeof url === 'string') {
      this.#settings = { ...this.#settings, http: { ...http, port: Number(new URL(url).port) } };
    }
    this.#changing = this.#change().catch((error) => this.#shell.fail(error));
  }

  async #change(): Promise<void> {
    await this.#life?.stop();
    if (!this.#stopped) await this.begin();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#changing;
    await this.#life?.stop();
  }
}

/** @param again  called when this life is over and the next one is to begin. */
async function startLife(
  settings: HubSettings,
  shell: HubShell,
  again: () => void,
): Promise<HubLife> {
  const key = readKey(settings.keyFile);
  const ed25519 = quickEd25519();
  const crypto = nodeCrypto(key, ed25519);
  const publicKey = publicKeyOf(key);
  const config = withSelf(settings.config, publicKey);
  // A standby has time now; once its turn comes, everybody waits for it.
  const http = settings.http && (await HttpDoor.make());
  const store = await openHubStore(settings, shell);
  const { clock, records } = await resumeNode(store);
  const core = new HubCore(config, { crypto, documents: documentReader }, clock.now(), records);
  const parts = { config, publicKey, crypto, store, clock, core, http };
  const hub = new HubLife(settings, shell, parts, again);
  await hub.open();
  const { epoch } = core;
  shell.logger.info('hub.started', { epoch, records: records.length, signs: ed25519.by });
  if (core.recovery) {
    shell.logger.warn('hub.recovering', { waitingFor: core.recovery.waitingFor.join(', ') });
  }
  return hub;
}

/** The hub itself is one of the hubs of the network; its entry must not contradict its key. */
function withSelf(config: HubConfig, publicKey: string): HubConfig {
  const { id, peers } = config;
  const own = peers.find((peer) => peer.id === id);
  if (own && own.publicKey !== publicKey) {
    throw new ConfigFault('CONFIG_KEY', `peers: the public key of ${id} is not that of keyFile`);
  }
  return own ? config : { ...config, peers: [...peers, { id, publicKey }] };
}
