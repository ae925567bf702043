/** A hub that the bench plays: it publishes any number of lots, and never votes for any of them. */
import type { KeyObject } from 'node:crypto';
import { fitting } from '@sparegrid/core/hub/paging';
import type { Message } from '@sparegrid/core/messages';
import type { PublishedSpec } from '@sparegrid/core/order/resource-spec';
import type { Lot, SellOrder } from '@sparegrid/core/order/sell-order';
import { Panorama } from '@sparegrid/core/panorama/panorama';
import type { SnapshotMessage } from '@sparegrid/core/panorama/row';
import type { Crypto } from '@sparegrid/core/units/document';
import { Framer } from '@sparegrid/link/framer';
import { generateKey, publicKeyOf } from '@sparegrid/link/keys';
import { localSockets } from '@sparegrid/link/local-socket';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import type { Client } from '@sparegrid/link/transport';
import { devicesOf, KINDS, lotOf, offerFrom, plainLot } from '../index/market.ts';

const HUB = 'g1';
const HOUR_MS = 3_600_000;
const GIB = 2 ** 30;
/** Added to every ask: nobody chooses these lots while there are others. */
const DEARER = 1_000_000n;
/** Nothing may be dropped of what the bench counts. */
const QUEUE_BYTES_MAX = 2 ** 31;
/** As of a hub that is configured by nobody. */
const PAGE_LENGTH = 262_144;
/** So many lots make a frame of some hundred kilobytes. */
const LOTS_PER_CHUNK = 500;
/** What one step of a busy hub gathers. */
const CHANGES_PER_STEP = 1_000;

export class GhostHub {
  readonly id = HUB;
  readonly publicKey: string;
  readonly #crypto: Crypto;
  readonly #framer: Framer;
  readonly #links = new Map<string, Client>();
  /** What it owns, and tells of like any hub. */
  readonly #panorama: Panorama;

  constructor(key: KeyObject = generateKey()) {
    this.publicKey = publicKeyOf(key);
    const crypto = nodeCrypto(key);
    this.#crypto = crypto;
    this.#framer = new Framer({ crypto, from: HUB, session: 'e1', epoch: 1, frameTtlMs: 30_000 });
    this.#panorama = new Panorama(HUB, 1, [], crypto);
  }

  get revision(): number {
    return this.#panorama.own.revision;
  }

  /** Resolves when the door is open. */
  connect(door: string): Promise<void> {
    return new Promise((resolve) => {
      const onConnect = () => resolve();
      const options = { path: door, onFrame: () => {}, onConnect, queueBytesMax: QUEUE_BYTES_MAX };
      this.#links.set(door, localSockets.connect(options));
    });
  }

  /** Everything it offers, of so many lessors with their machines. */
  snapshot(lessors: number, lotsPerLessor: number): Message[] {
    for (let at = 0; at < lessors; at += 1) {
      const offer = offerAt(at, lotsPerLessor);
      this.#panorama.publishResource(offer.participant, specFor(offer));
      this.#panorama.publishLease(offer.participant, offer);
    }
    this.#panorama.takeDeltas(fit);
    return this.#panorama.snapshot(fit);
  }

  /**
   * The same as {@link snapshot}, made and forgotten chunk by chunk: for markets that are too large to
   * be in the bench's memory together.
   */
  *chunks(lessors: number, lotsPerLessor: number): Generator<Message> {
    const perChunk = Math.max(1, Math.floor(LOTS_PER_CHUNK / lotsPerLessor));
    // Also with nothing to offer it tells so: until then it counts as away.
    const chunks = Math.max(1, Math.ceil(lessors / perChunk));
    for (let chunk = 0; chunk < chunks; chunk += 1) {
      const panorama = new Panorama(HUB, 1, [], this.#crypto);
      const end = Math.min(lessors, (chunk + 1) * perChunk);
      for (let at = chunk * perChunk; at < end; at += 1) {
        const offer = offerAt(at, lotsPerLessor);
        panorama.publishResource(offer.participant, specFor(offer));
        panorama.publishLease(offer.participant, offer);
      }
      const [whole] = panorama.snapshot((rows) => rows.length);
      // Each row has a revision of its own, none above that of the whole.
      yield { ...(whole as SnapshotMessage), revision: 2 * lessors, chunk, chunks };
    }
  }

  /** So many sales, or returns of what was sold, lessor after lessor. */
  sales(count: number, lessors: number): Message[] {
    return this.#changes(count, lessors, sold);
  }

  /** So many new prices, lessor after lessor. */
  prices(count: number, lessors: number): Message[] {
    return this.#changes(count, lessors, repriced);
  }

  #changes(
    count: number,
    lessors: number,
    change: (offer: SellOrder, at: number) => SellOrder,
  ): Message[] {
    const messages: Message[] = [];
    for (let at = 0; at < count; at += 1) {
      const participant = lessorAt((at * 7919) % lessors);
      const offer = this.#panorama.lease(participant)?.offer as SellOrder;
      this.#panorama.publishLease(participant, change(offer, at));
      const isLast = at === count - 1;
      if (isLast || (at + 1) % CHANGES_PER_STEP === 0) {
        messages.push(...this.#panorama.takeDeltas(fit));
      }
    }
    return messages;
  }

  /** Signed for each hub: that is work of the sender, whose time is not the receiver's. */
  framed(hub: string, messages: readonly Message[]) {
    return messages.flatMap((message) => this.#framer.frame(hub, [message], Date.now()));
  }

  send(door: string, frames: readonly { text: string; signature: string }[]): void {
    const link = this.#links.get(door);
    for (const { text, signature } of frames) link?.send(text, signature);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#links.values()].map((link) => link.close()));
  }
}

const fit = (rows: readonly unknown[]) => fitting(rows, PAGE_LENGTH);

function lessorAt(number: number): string {
  return `p${String(number).padStart(7, '0')}.${HUB}`;
}

function offerAt(lessor: number, lots: number): SellOrder {
  return {
    ...offerFrom(0),
    participant: lessorAt(lessor),
    validUntilMs: Date.now() + HOUR_MS,
    lots: Array.from({ length: lots }, (_, at) => lotFrom(lessor * lots + at, at)),
  };
}

function lotFrom(number: number, at: number): Lot {
  const lot = lotOf(number, plainLot(number));
  const { cpuMicroPerCoreHour, ...asks } = lot.asks;
  const dearer = { ...asks, cpuMicroPerCoreHour: cpuMicroPerCoreHour + DEARER };
  return { ...lot, id: `m${at}`, asks: dearer };
}

/** The machines of that offer, as large as any of the market. */
function specFor({ participant, provision, lots }: SellOrder): PublishedSpec {
  const machines = lots.map(({ id, devices, labels }) => ({
    id,
    processor: { model: 'c', architecture: 'amd64', cpuMillicores: 64_000, megahertz: 3_000 },
    memory: { model: 'm', memoryBytes: 256 * GIB },
    storage: { model: 's', storageBytes: 2 * 10 ** 12 },
    gpu: devicesOf(
      KINDS.indexOf(labels['kind'] as (typeof KINDS)[number]),
      devices.map(({ milli }) => milli),
    ).map(({ milli: _milli, ...device }) => device),
    flops: [],
    bandwidthBitsPerSecond: 25 * 10 ** 9,
  }));
  const loose = { serverCluster: null, distributed: null, organization: null };
  return { participant, revision: 1, provision, machines, ...loose };
}

/** Other cores and memory of a lot are free, and another share of its first device. */
function sold(offer: SellOrder, at: number): SellOrder {
  const lots = offer.lots.map((lot, number) => {
    if (number !== at % offer.lots.length) return lot;
    const [first, ...others] = lot.devices;
    const amounts = {
      ...lot.amounts,
      cpuMillicores: 500 * (at % 129),
      memoryBytes: GIB * (at % 257),
    };
    const devices = first ? [{ ...first, milli: 250 * (at % 5) }, ...others] : [];
    return { ...lot, amounts, devices };
  });
  return { ...offer, lots };
}

function repriced(offer: SellOrder, at: number): SellOrder {
  const cpuMicroPerCoreHour = DEARER + BigInt(8_000 + (at % 24_000));
  const lots = offer.lots.map((lot) => ({ ...lot, asks: { ...lot.asks, cpuMicroPerCoreHour } }));
  const { revision, termsRevision } = offer;
  return { ...offer, revision: revision + 1, termsRevision: termsRevision + 1, lots };
}
