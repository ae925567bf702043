/** The lessee's side of sealing: releases keys of tasks to lessors, opens what these send back. */
import { DEFAULT_TIMING } from '@sparegrid/core/agreement/timing';
import type { KeyChain, TrustAnchor } from '@sparegrid/core/identity/statements';
import type {
  AwaitedKey,
  KeyRelease,
  LogChunk,
  OrderView,
  Request,
} from '@sparegrid/core/messages';
import type { BuyOrder } from '@sparegrid/core/order/buy-order';
import type { SignedDocument } from '@sparegrid/core/units/document';
import {
  hubOf,
  isPseudonym,
  type OrderId,
  orderIdOf,
  type PartId,
  type ParticipantId,
} from '@sparegrid/core/units/ids';
import { documentReader } from '@sparegrid/link/documents';
import { openChain } from '@sparegrid/link/sealing/chain-seal';
import { OrderSecrets, publicTextOf } from '@sparegrid/link/sealing/lessee-secrets';
import { isReadable, OutputOpener } from '@sparegrid/link/sealing/output-seal';
import { sealRelease } from '@sparegrid/link/sealing/task-seal';
import { RefusedError, UnavailableError } from './errors.ts';
import type { CallOptions, ReplyTo } from './pending-requests.ts';
import { digestOf, rootOf, type Signer } from './signer.ts';
import { verifyChain } from './verify-chain.ts';

/** Of so many orders at most the secrets are at hand; those of others are derived again. */
const ORDERS_MAX = 1_000;

type KeysRequest = Extract<Request, { op: 'order.keys' | 'order.release' }>;

export interface TaskKeySettings {
  participant: ParticipantId;
  signer: Signer;
  /** Of the participant's former keys: what was sealed with them opens with nothing else. */
  formerSigners?: readonly Signer[] | undefined;
  /** Null: nothing can be released, as nobody's key can be trusted. */
  network: TrustAnchor | null;
  ask<R extends KeysRequest>(request: R, options?: CallOptions): Promise<ReplyTo<R>>;
}

/** An order as its lessee signed it, with what only the lessee knows of it. */
interface OwnOrder {
  order: BuyOrder;
  secrets: OrderSecrets;
  openers: Map<PartId, Promise<OutputOpener>>;
}

/** @patent [0077] SEC-2 */
export class TaskKeys {
  readonly #settings: TaskKeySettings;
  readonly #orders = new Map<OrderId, Promise<OwnOrder>>();
  /** The highest revision of each agent's key statement that was accepted: no older one ever is. */
  readonly #revisions = new Map<ParticipantId, number>();

  constructor(settings: TaskKeySettings) {
    this.#settings = settings;
  }

  /** Derives what a release will need, while hubs still look for a lessor. */
  prepare(id: OrderId, document: SignedDocument): void {
    void this.#own(id, document);
  }

  /**
   * Releases the task's key to every lessor that waits for it and can prove its own key.
   *
   * @returns how many parts were released now.
   * @throws RefusedError IDENTITY_*: a lessor's key that the network does not vouch for; the others
   *         got the task's key before. UnavailableError SDK_NO_ANCHOR; SDK_NOT_OPENED: the task was
   *         sealed with another key.
   */
  async release(id: OrderId, options?: CallOptions): Promise<number> {
    const { document, waiting } = await this.#settings.ask(
      { op: 'order.keys', order: id },
      options,
    );
    if (waiting.length === 0) return 0;
    const own = await this.#own(id, document);
    const releases: KeyRelease[] = [];
    let failure: Error | null = null;
    for (const awaited of waiting) {
      try {
        releases.push(await this.#releaseFor(own, awaited));
      } catch (error) {
        failure ??= error as Error;
      }
    }
    if (releases.length > 0) {
      await this.#settings.ask({ op: 'order.release', order: id, releases }, options);
    }
    if (failure) throw failure;
    return releases.length;
  }

  async #releaseFor({ order, secrets }: OwnOrder, awaited: AwaitedKey): Promise<KeyRelease> {
    const { part } = awaited;
    const keys = { content: secrets.content, output: await secrets.output(part) };
    const to = await this.#sealKeyOf(secrets, awaited);
    return { part, release: await sealRelease(secrets.pair, to, part, order.task, keys) };
  }

  /** The hub delivers it, the operator and the lessor's organisation vouch for it. */
  async #sealKeyOf(secrets: OrderSecrets, awaited: AwaitedKey): Promise<string> {
    const { part, lessor, keys: sealed } = awaited;
    const { network } = this.#settings;
    if (!network) throw new UnavailableError('SDK_NO_ANCHOR', 'Set network: its name and key.');
    if (!sealed) throw new RefusedError('IDENTITY_SIGNATURE', `${lessor} has shown no keys`);
    const keys = await openChain(secrets.pair, part, sealed).catch((cause: unknown) => {
      throw new RefusedError('IDENTITY_MALFORMED', `${lessor}: its keys do not open: ${cause}`);
    });
    const subject = subjectOf(lessor, keys);
    const revisionMin = this.#revisions.get(subject) ?? 0;
    const wanted = { subject, kinds: ['agent'], revisionMin } as const;
    const time = { wallMs: Date.now(), toleranceMs: DEFAULT_TIMING.toleranceMs };
    const verified = await verifyChain(network, keys, wanted, time);
    if (!verified.ok) throw new RefusedError(verified.code, `${lessor}: ${verified.hint}`);
    this.#revisions.set(subject, verified.value.keys.revision);
    return verified.value.keys.sealKey;
  }

  /** Opens chunks of program output; what hubs may read stays as it is. @throws SDK_NOT_OPENED */
  async open<C extends LogChunk>(id: OrderId, chunk: C): Promise<C & { offset: number }> {
    const { container, stream } = chunk;
    if (isReadable(stream)) return { ...chunk, offset: 0 };
    const part = container.slice(0, container.lastIndexOf('.'));
    const { secrets, openers } = await this.#known(id);
    const opener = openers.get(part) ?? secrets.output(part).then((key) => new OutputOpener(key));
    openers.set(part, opener);
    try {
      return { ...chunk, ...(await (await opener).open(chunk)) };
    } catch (cause) {
      const hint = `chunk ${chunk.seq} of ${container}`;
      throw new UnavailableError('SDK_NOT_OPENED', hint, { cause });
    }
  }

  #known(id: OrderId): Promise<OwnOrder> {
    const known = this.#orders.get(id);
    if (known) return known;
    const asked = this.#settings.ask({ op: 'order.keys', order: id });
    return this.#remember(
      id,
      asked.then(({ document }) => this.#read(id, document)),
    );
  }

  #own(id: OrderId, document: SignedDocument): Promise<OwnOrder> {
    return this.#orders.get(id) ?? this.#remember(id, this.#read(id, document));
  }

  #remember(id: OrderId, own: Promise<OwnOrder>): Promise<OwnOrder> {
    this.#orders.set(id, own);
    for (const oldest of this.#orders.keys()) {
      if (this.#orders.size <= ORDERS_MAX) break;
      this.#orders.delete(oldest);
    }
    own.catch(() => this.#orders.delete(id));
    return own;
  }

  /** The order's id is the digest of its text: no hub can slip in another one. */
  async #read(id: OrderId, { payload }: SignedDocument): Promise<OwnOrder> {
    const { signer, formerSigners = [], participant } = this.#settings;
    const read = documentReader.buyOrder(payload);
    const isRight = orderIdOf(await digestOf(signer, payload)) === id;
    if (!read.ok || !isRight || read.value.lessee !== participant) {
      throw new UnavailableError('SDK_BAD_ANSWER', `not the text of ${id}`);
    }
    const { salt, task } = read.value;
    for (const one of [signer, ...formerSigners]) {
      const secrets = await OrderSecrets.of(await rootOf(one), salt);
      const isOwn = (await publicTextOf(secrets.pair)) === task.sealKey;
      if (isOwn) return { order: read.value, secrets, openers: new Map() };
    }
    throw new UnavailableError('SDK_NOT_OPENED', `${id} was sealed with another key`);
  }
}

/**
 * Whose key it must be. Behind a pseudonym it may be any agent of that hub that its organisation
 * vouches for: which of them it is, only the hub knows, which chooses among them anyway.
 */
function subjectOf(lessor: ParticipantId, { key }: KeyChain): ParticipantId {
  if (!isPseudonym(lessor)) return lessor;
  const claimed = documentReader.keys(key.payload);
  return claimed.ok && hubOf(claimed.value.subject) === hubOf(lessor)
    ? claimed.value.subject
    : lessor;
}

/** Its lessors have what they need. */
export function hasKeys(view: OrderView): boolean {
  const parts = view.agreements.flatMap(({ parts }) => parts);
  return parts.some(({ key }) => key === 'released') && !awaitsKey(view);
}

/** AWAITING_KEY: frozen for the lessee, and waiting for its key. */
export function awaitsKey({ agreements }: OrderView): boolean {
  return agreements.some(({ parts }) => parts.some(({ key }) => key === 'awaited'));
}
