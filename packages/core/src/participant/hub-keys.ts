/** With which keys an agent's hub signs: the configured one, or those of the operator's newest list. */
import type { CoreEnv } from '../env.ts';
import type { HubList, TrustAnchor } from '../identity/statements.ts';
import { verifyHubList } from '../identity/verify.ts';
import type { Message } from '../messages.ts';
import { type Read, refuse } from '../refusals.ts';
import type { SignedDocument } from '../units/document.ts';
import type { ParticipantConfig } from './config.ts';

/** Durable; table `hub-list`, key `current`. */
export interface KnownHubs {
  document: SignedDocument;
  list: HubList;
}

/**
 * The list counts by the operator's signature alone: so a hub may show it in the very frame that it
 * signs with a key nobody here knows yet. Revisions only rise: no hub goes back to a former key.
 */
export class HubKeys {
  readonly #env: CoreEnv;
  readonly #config: Pick<ParticipantConfig, 'hub' | 'network'>;
  #known: KnownHubs | null = null;

  constructor(config: Pick<ParticipantConfig, 'hub' | 'network'>, env: CoreEnv) {
    this.#config = config;
    this.#env = env;
  }

  restore(record: KnownHubs): void {
    this.#known = record;
  }

  /** The hub's valid keys; of the list in `messages`, when that is newer. */
  keys(messages: readonly Message[]): readonly string[] {
    const shown = messages.find((message) => message.type === 'hub-list')?.document;
    const { network } = this.#config;
    const read = shown && network ? this.#verified(shown, network) : null;
    return this.#keysIn(read?.ok ? read.value : (this.#known?.list ?? null));
  }

  #keysIn(list: HubList | null): readonly string[] {
    const { id, publicKey } = this.#config.hub;
    return list?.hubs.find((hub) => hub.id === id)?.signKeys ?? [publicKey];
  }

  /**
   * @returns what to keep of it.
   * @refuses ADMISSION_CLOSED without a trust anchor, then as {@link verifyHubList}.
   */
  take(document: SignedDocument): Read<KnownHubs | null> {
    const { network } = this.#config;
    // Whoever was not told the operator's key believes the configured key of its hub.
    if (!network || document.payload === this.#known?.document.payload) {
      return { ok: true, value: null };
    }
    const read = this.#verified(document, network);
    if (!read.ok) return refuse(read.code, read.hint);
    this.#known = { document, list: read.value };
    return { ok: true, value: this.#known };
  }

  #verified(document: SignedDocument, network: TrustAnchor): Read<HubList> {
    return verifyHubList(this.#env, network, document, this.#known?.list.revision ?? 0);
  }
}
